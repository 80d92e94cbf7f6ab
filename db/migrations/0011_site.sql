-- +goose Up

-- What phones send here, and which firmware each model of a tenant runs: words
-- MODEL=SHA256/NAME between blanks.
ALTER TABLE phone_settings ADD COLUMN uploads  TEXT NOT NULL DEFAULT 'contacts calls';
ALTER TABLE phone_settings ADD COLUMN firmware TEXT NOT NULL DEFAULT '';
