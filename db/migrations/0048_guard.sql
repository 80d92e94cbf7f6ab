-- What calls outside may cost, for an extension, for a tenant, and for a tenant by the account
-- above; and what was observed of them. guard is a Guard of pbx in JSON; one that is empty
-- bounds nothing.

-- +goose Up
ALTER TABLE extensions ADD COLUMN guard TEXT NOT NULL DEFAULT '{}';
ALTER TABLE tenants ADD COLUMN guard TEXT NOT NULL DEFAULT '{}';
ALTER TABLE tenants ADD COLUMN guard_ceiling TEXT NOT NULL DEFAULT '{}';

-- Observed: one day of an extension, or of a whole tenant where extension is NULL. Money is in
-- thousandths of a unit. lifted_… is what there was when a block was lifted.
CREATE TABLE guard_usage (
    tenant         TEXT    NOT NULL REFERENCES tenants (name) ON DELETE CASCADE,
    extension      TEXT,
    day            TEXT    NOT NULL,
    seconds        INTEGER NOT NULL,
    spent          INTEGER NOT NULL,
    lifted_seconds INTEGER NOT NULL,
    lifted_spent   INTEGER NOT NULL,
    FOREIGN KEY (tenant, extension) REFERENCES extensions (tenant, number) ON UPDATE CASCADE ON DELETE CASCADE
) STRICT;

CREATE UNIQUE INDEX guard_usage_of ON guard_usage (tenant, coalesce(extension, ''));

-- Observed: calls outside under way, with what is reserved for them.
CREATE TABLE guard_calls (
    channel   TEXT    NOT NULL,
    number    TEXT    NOT NULL,
    tenant    TEXT    NOT NULL REFERENCES tenants (name) ON DELETE CASCADE,
    extension TEXT    NOT NULL,
    began     INTEGER NOT NULL,
    seconds   INTEGER NOT NULL,
    price     INTEGER NOT NULL,
    PRIMARY KEY (channel, number)
) STRICT, WITHOUT ROWID;
