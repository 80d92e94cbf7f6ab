-- How many calls a trunk, and the trunks of a tenant, carry at once.

-- +goose Up
ALTER TABLE trunks ADD COLUMN max_calls INTEGER NOT NULL DEFAULT 60 CHECK (max_calls >= 0);
ALTER TABLE tenants ADD COLUMN max_calls INTEGER NOT NULL DEFAULT 120 CHECK (max_calls >= 0);
