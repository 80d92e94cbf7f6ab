-- Whose number a carrier is shown for a call that is forwarded outside.

-- +goose Up
ALTER TABLE tenants ADD COLUMN forward_caller TEXT NOT NULL DEFAULT 'extension' CHECK (forward_caller IN ('extension', 'caller'));
