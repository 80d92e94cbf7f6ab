-- The URL of a phone before the present one serves until the phone has used the present one.

-- +goose Up
ALTER TABLE phones ADD COLUMN former_secret TEXT NOT NULL DEFAULT '';
