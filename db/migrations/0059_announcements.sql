-- Sounds of tenants. sound is the hash under which the file is kept, length how long it plays in ns.

-- +goose Up
CREATE TABLE announcements (
    tenant   TEXT    NOT NULL REFERENCES tenants (name) ON UPDATE CASCADE,
    name     TEXT    NOT NULL CHECK (name <> ''),
    title    TEXT    NOT NULL,
    sound    TEXT    NOT NULL,
    length   INTEGER NOT NULL CHECK (length >= 0),
    version  INTEGER NOT NULL CHECK (version > 0),
    revision INTEGER NOT NULL CHECK (revision > 0),
    PRIMARY KEY (tenant, name)
) STRICT, WITHOUT ROWID;
