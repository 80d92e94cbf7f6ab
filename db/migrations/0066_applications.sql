-- Programs of tenants that decide what happens to calls. fallback is a destination.

-- +goose Up
CREATE TABLE applications (
    tenant      TEXT    NOT NULL REFERENCES tenants (name) ON UPDATE CASCADE,
    name        TEXT    NOT NULL CHECK (name <> ''),
    url         TEXT    NOT NULL CHECK (url <> ''),
    secret      TEXT    NOT NULL CHECK (secret <> ''),
    description TEXT    NOT NULL,
    fallback    TEXT    NOT NULL CHECK (fallback <> ''),
    version     INTEGER NOT NULL CHECK (version > 0),
    revision    INTEGER NOT NULL CHECK (revision > 0),
    PRIMARY KEY (tenant, name)
) STRICT, WITHOUT ROWID;
