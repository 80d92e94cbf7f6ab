-- Numbers lead elsewhere at some times and for some callers, and phones show which number was
-- called. rules are JSON. What they name is checked in code.

-- +goose Up
ALTER TABLE numbers ADD COLUMN rules TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(rules));
ALTER TABLE numbers ADD COLUMN timezone TEXT NOT NULL DEFAULT '';
ALTER TABLE numbers ADD COLUMN caller_id_prefix TEXT NOT NULL DEFAULT '';

CREATE INDEX numbers_with_rules ON numbers (tenant) WHERE rules <> '[]';
