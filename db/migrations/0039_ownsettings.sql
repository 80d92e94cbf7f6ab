-- What single phones have otherwise than the phones of their tenant, as JSON.

-- +goose Up
ALTER TABLE phones ADD COLUMN settings TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(settings));
