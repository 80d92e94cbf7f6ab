-- Why a phone of the inbox got nothing. One from before waits to be adopted, until it asks again.

-- +goose Up
ALTER TABLE phone_inbox ADD COLUMN reason TEXT NOT NULL DEFAULT 'not-adopted';
