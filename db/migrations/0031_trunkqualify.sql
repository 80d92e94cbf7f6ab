-- How often the carrier of a trunk is asked whether it answers. Trunks from before are not
-- asked: a carrier that does not answer OPTIONS would be taken for dead by the upgrade.

-- +goose Up
ALTER TABLE trunks ADD COLUMN qualify_seconds INTEGER NOT NULL DEFAULT 0 CHECK (qualify_seconds BETWEEN 0 AND 3600);
