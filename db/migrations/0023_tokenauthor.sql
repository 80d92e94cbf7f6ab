-- A token shows the actor that made it. One that a user made, or that a token of the user's
-- made, ends with the user.

-- +goose Up
ALTER TABLE tokens ADD COLUMN created_by TEXT NOT NULL DEFAULT '';
ALTER TABLE tokens ADD COLUMN username TEXT NOT NULL DEFAULT '';
