-- By which proxy the phones of a tenant send SIP, and where they go while the server does
-- not answer.

-- +goose Up
ALTER TABLE phone_settings ADD COLUMN outbound_proxy TEXT NOT NULL DEFAULT '';
ALTER TABLE phone_settings ADD COLUMN second_server TEXT NOT NULL DEFAULT '';
