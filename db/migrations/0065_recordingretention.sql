-- For how many days recordings of calls are kept, and how many megabytes of them; 0 is without limit.

-- +goose Up
ALTER TABLE tenants ADD COLUMN recording_days INTEGER NOT NULL DEFAULT 0;
ALTER TABLE tenants ADD COLUMN recording_megabytes INTEGER NOT NULL DEFAULT 0;
