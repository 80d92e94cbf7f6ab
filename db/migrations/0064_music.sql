-- Announcements that are music on hold, by name with spaces between; nothing is the tenant's, and of a
-- tenant Asterisk's own.

-- +goose Up
ALTER TABLE tenants ADD COLUMN music TEXT NOT NULL DEFAULT '';
ALTER TABLE extensions ADD COLUMN music TEXT NOT NULL DEFAULT '';
ALTER TABLE ring_groups ADD COLUMN music TEXT NOT NULL DEFAULT '';
