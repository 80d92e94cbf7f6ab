-- A carrier calls from several addresses and networks; who calls is what it asserts.

-- +goose Up
ALTER TABLE trunks ADD COLUMN addresses TEXT NOT NULL DEFAULT '';
ALTER TABLE trunks ADD COLUMN trust_id_inbound INTEGER NOT NULL DEFAULT 1 CHECK (trust_id_inbound IN (0, 1));
