-- Numbers that tenants find in the pool of their reseller and claim, and what becomes of those
-- that they give back.

-- +goose Up
ALTER TABLE tenants ADD COLUMN claim_numbers INTEGER NOT NULL DEFAULT 0 CHECK (claim_numbers IN (0, 1));

-- default_number gives each new tenant a number, of the kind and beginning with the prefix if
-- there are such. aging_days is how long a number rests that carried calls.
ALTER TABLE resellers ADD COLUMN default_number INTEGER NOT NULL DEFAULT 0 CHECK (default_number IN (0, 1));
ALTER TABLE resellers ADD COLUMN default_number_kind TEXT NOT NULL DEFAULT '';
ALTER TABLE resellers ADD COLUMN default_number_prefix TEXT NOT NULL DEFAULT '';
ALTER TABLE resellers ADD COLUMN aging_days INTEGER NOT NULL DEFAULT 0 CHECK (aging_days >= 0);

-- aging_until is when a number that rests becomes available by itself, in milliseconds; 0: never.
ALTER TABLE inventory ADD COLUMN aging_until INTEGER NOT NULL DEFAULT 0;

CREATE INDEX inventory_of_revision ON inventory (revision);
CREATE INDEX inventory_aging ON inventory (aging_until) WHERE aging_until > 0;

-- When the first call from a trunk came to a number since a tenant has it. Observed, not
-- configuration.
CREATE TABLE number_calls (
    number   TEXT    NOT NULL PRIMARY KEY,
    first_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
