-- Numbers of the public network, classes of service, and what extensions show and
-- may call. What a destination names, and a column that names a number or a class, is checked in code: SQLite adds
-- no reference of two columns to a table that is there.

-- +goose Up

CREATE TABLE numbers (
    tenant      TEXT    NOT NULL REFERENCES tenants (name) ON UPDATE CASCADE,
    number      TEXT    NOT NULL UNIQUE CHECK (number <> ''),
    description TEXT    NOT NULL,
    destination TEXT    NOT NULL,
    version     INTEGER NOT NULL CHECK (version > 0),
    revision    INTEGER NOT NULL CHECK (revision > 0),
    PRIMARY KEY (tenant, number)
) STRICT, WITHOUT ROWID;

CREATE INDEX numbers_of_destination ON numbers (tenant, destination);

-- Entries of a class are separated by spaces.
CREATE TABLE classes_of_service (
    tenant      TEXT    NOT NULL REFERENCES tenants (name) ON UPDATE CASCADE,
    name        TEXT    NOT NULL CHECK (name <> ''),
    description TEXT    NOT NULL,
    allow       TEXT    NOT NULL,
    deny        TEXT    NOT NULL,
    version     INTEGER NOT NULL CHECK (version > 0),
    revision    INTEGER NOT NULL CHECK (revision > 0),
    PRIMARY KEY (tenant, name)
) STRICT, WITHOUT ROWID;

ALTER TABLE extensions ADD COLUMN presentation_number TEXT NOT NULL DEFAULT '';
ALTER TABLE extensions ADD COLUMN class_of_service TEXT NOT NULL DEFAULT '';
ALTER TABLE extensions ADD COLUMN country TEXT NOT NULL DEFAULT '';

CREATE INDEX extensions_of_presentation_number ON extensions (tenant, presentation_number) WHERE presentation_number <> '';
CREATE INDEX extensions_of_class ON extensions (tenant, class_of_service) WHERE class_of_service <> '';

ALTER TABLE tenants ADD COLUMN country TEXT NOT NULL DEFAULT '';
ALTER TABLE tenants ADD COLUMN class_of_service TEXT NOT NULL DEFAULT '';
