-- Why something happened to a number, where the action does not tell; '' if it does.

-- +goose Up
ALTER TABLE number_history ADD COLUMN detail TEXT NOT NULL DEFAULT '';
