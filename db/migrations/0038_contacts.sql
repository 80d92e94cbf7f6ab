-- Who is in the phonebooks of a tenant's phones beside its extensions, and which of those are not.

-- +goose Up

CREATE TABLE contacts (
    tenant   TEXT    NOT NULL REFERENCES tenants (name) ON UPDATE CASCADE,
    name     TEXT    NOT NULL CHECK (name <> ''),
    title    TEXT    NOT NULL CHECK (title <> ''),
    numbers  TEXT    NOT NULL CHECK (numbers <> ''),
    version  INTEGER NOT NULL CHECK (version > 0),
    revision INTEGER NOT NULL CHECK (revision > 0),
    PRIMARY KEY (tenant, name)
) STRICT, WITHOUT ROWID;

ALTER TABLE extensions ADD COLUMN hidden INTEGER NOT NULL DEFAULT 0 CHECK (hidden IN (0, 1));
