-- A phone that another MAC replaced is served by its own URL until the new one has used its own.

-- +goose Up
ALTER TABLE phones ADD COLUMN former_mac TEXT NOT NULL DEFAULT '';
ALTER TABLE phones ADD COLUMN former_model TEXT NOT NULL DEFAULT '';
