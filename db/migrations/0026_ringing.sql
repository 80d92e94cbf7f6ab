-- Whether an extension without call waiting takes a second call while it only rings.

-- +goose Up
ALTER TABLE extensions ADD COLUMN busy_only_in_call INTEGER NOT NULL DEFAULT 0 CHECK (busy_only_in_call IN (0, 1));
