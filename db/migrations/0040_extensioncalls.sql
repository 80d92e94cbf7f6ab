-- How many calls an extension may have at once; 0 is without limit.

-- +goose Up
ALTER TABLE extensions ADD COLUMN max_calls INTEGER NOT NULL DEFAULT 0 CHECK (max_calls >= 0);
