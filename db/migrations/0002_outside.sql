-- Trunks, external numbers, and how an extension's devices ring.
--
-- devices.external_number and extensions.twin_number name rows of external_numbers
-- of the same tenant. SQLite adds no reference of two columns to a table that is
-- there; PutDevice, PutExtension and DeleteExternalNumber hold it instead, and a
-- number never changes.

-- +goose Up

CREATE TABLE external_numbers (
    tenant      TEXT    NOT NULL REFERENCES tenants (name) ON UPDATE CASCADE,
    number      TEXT    NOT NULL CHECK (number <> ''),
    description TEXT    NOT NULL,
    available   INTEGER NOT NULL CHECK (available IN (0, 1)),
    type        TEXT    NOT NULL CHECK (type <> ''),
    version     INTEGER NOT NULL CHECK (version > 0),
    revision    INTEGER NOT NULL CHECK (revision > 0),
    PRIMARY KEY (tenant, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE trunks (
    tenant        TEXT    NOT NULL REFERENCES tenants (name) ON UPDATE CASCADE,
    name          TEXT    NOT NULL CHECK (name <> ''),
    endpoint      TEXT    NOT NULL UNIQUE CHECK (endpoint <> ''),
    host          TEXT    NOT NULL CHECK (host <> ''),
    port          INTEGER NOT NULL CHECK (port > 0),
    transport     TEXT    NOT NULL CHECK (transport <> ''),
    username      TEXT    NOT NULL,
    secret        TEXT    NOT NULL,
    register      INTEGER NOT NULL CHECK (register IN (0, 1)),
    caller_number TEXT    NOT NULL,
    teams         INTEGER NOT NULL CHECK (teams IN (0, 1)),
    version       INTEGER NOT NULL CHECK (version > 0),
    revision      INTEGER NOT NULL CHECK (revision > 0),
    PRIMARY KEY (tenant, name),
    UNIQUE (tenant, teams)
) STRICT, WITHOUT ROWID;

ALTER TABLE extensions ADD COLUMN ring TEXT NOT NULL DEFAULT 'all';
ALTER TABLE extensions ADD COLUMN twin_number TEXT CHECK (twin_number <> '');

ALTER TABLE devices ADD COLUMN kind TEXT NOT NULL DEFAULT 'sip';
ALTER TABLE devices ADD COLUMN external_number TEXT CHECK (external_number <> '');
ALTER TABLE devices ADD COLUMN ring_seconds INTEGER NOT NULL DEFAULT 0 CHECK (ring_seconds >= 0);
ALTER TABLE devices ADD COLUMN ring_order INTEGER NOT NULL DEFAULT 1 CHECK (ring_order >= 0);
ALTER TABLE devices ADD COLUMN confirm INTEGER NOT NULL DEFAULT 0 CHECK (confirm IN (0, 1));

CREATE INDEX devices_of_external_number ON devices (tenant, external_number);
CREATE INDEX extensions_of_twin_number ON extensions (tenant, twin_number);
