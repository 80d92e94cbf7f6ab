-- Which registrations of a base its handsets use, as JSON; one that is not named uses that of
-- its own number.

-- +goose Up
ALTER TABLE phones ADD COLUMN handsets TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(handsets));
