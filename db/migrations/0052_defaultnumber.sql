-- Where calls go that a carrier brings to a number that no tenant has. That the number is the
-- tenant's is checked in code: SQLite adds no reference of two columns to a table that is there.

-- +goose Up
ALTER TABLE trunks ADD COLUMN default_number TEXT NOT NULL DEFAULT '';
