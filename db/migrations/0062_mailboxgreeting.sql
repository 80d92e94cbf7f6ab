-- The announcement that callers hear before they leave a message; nothing is what Asterisk says.

-- +goose Up
ALTER TABLE mailboxes ADD COLUMN greeting TEXT NOT NULL DEFAULT '';
