-- Callers outside that tenants refuse: by number, and without one.

-- +goose Up
CREATE TABLE blocked_callers (
    tenant      TEXT    NOT NULL REFERENCES tenants (name) ON UPDATE CASCADE,
    number      TEXT    NOT NULL CHECK (number <> ''),
    begins      INTEGER NOT NULL CHECK (begins IN (0, 1)),
    description TEXT    NOT NULL,
    version     INTEGER NOT NULL CHECK (version > 0),
    revision    INTEGER NOT NULL CHECK (revision > 0),
    PRIMARY KEY (tenant, number)
) STRICT, WITHOUT ROWID;

-- allow, refuse or a destination; '' is what the tenant says.
ALTER TABLE numbers ADD COLUMN anonymous TEXT NOT NULL DEFAULT '';
ALTER TABLE tenants ADD COLUMN anonymous TEXT NOT NULL DEFAULT 'allow' CHECK (anonymous IN ('allow', 'refuse'));

CREATE INDEX numbers_of_anonymous ON numbers (tenant, anonymous) WHERE anonymous <> '';
