-- Where the search for a free extension begins; '' is the tenant's lowest.

-- +goose Up
ALTER TABLE tenants ADD COLUMN first_extension TEXT NOT NULL DEFAULT '';
