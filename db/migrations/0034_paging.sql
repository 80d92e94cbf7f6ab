-- At which multicast addresses the phones of a tenant listen for pages.

-- +goose Up
ALTER TABLE phone_settings ADD COLUMN paging TEXT NOT NULL DEFAULT '';
