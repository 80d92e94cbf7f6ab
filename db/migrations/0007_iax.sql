-- Devices that are no SIP accounts: IAX2 needs no column of its own.

-- +goose Up

ALTER TABLE devices ADD COLUMN dahdi_channel INTEGER NOT NULL DEFAULT 0 CHECK (dahdi_channel >= 0);
