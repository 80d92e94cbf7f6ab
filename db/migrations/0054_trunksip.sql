-- How a trunk speaks SIP. Trunks from before speak as they did.

-- +goose Up
ALTER TABLE trunks ADD COLUMN codecs TEXT NOT NULL DEFAULT '';
ALTER TABLE trunks ADD COLUMN dtmf TEXT NOT NULL DEFAULT 'auto';
ALTER TABLE trunks ADD COLUMN from_user TEXT NOT NULL DEFAULT '';
ALTER TABLE trunks ADD COLUMN from_domain TEXT NOT NULL DEFAULT '';
ALTER TABLE trunks ADD COLUMN outbound_proxy TEXT NOT NULL DEFAULT '';
ALTER TABLE trunks ADD COLUMN srtp TEXT NOT NULL DEFAULT 'off';
ALTER TABLE trunks ADD COLUMN caller_id_privacy TEXT NOT NULL DEFAULT 'asserted';
ALTER TABLE trunks ADD COLUMN identity_header TEXT NOT NULL DEFAULT 'pai';
