-- An extension may be in another time zone than its tenant.

-- +goose Up
ALTER TABLE extensions ADD COLUMN timezone TEXT NOT NULL DEFAULT '';
