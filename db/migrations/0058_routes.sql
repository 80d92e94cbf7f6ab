-- Routes of calls outside: which trunks they leave by. trunks is a list in JSON, whose names are
-- those of trunks of the tenant; code keeps them there.

-- +goose Up
CREATE TABLE routes (
    tenant      TEXT    NOT NULL REFERENCES tenants (name) ON UPDATE CASCADE,
    name        TEXT    NOT NULL CHECK (name <> ''),
    description TEXT    NOT NULL,
    matches     TEXT    NOT NULL CHECK (matches <> ''),
    priority    INTEGER NOT NULL CHECK (priority BETWEEN 0 AND 100),
    trunks      TEXT    NOT NULL CHECK (json_valid(trunks)),
    block       TEXT    NOT NULL,
    caller_id   TEXT    NOT NULL,
    version     INTEGER NOT NULL CHECK (version > 0),
    revision    INTEGER NOT NULL CHECK (revision > 0),
    PRIMARY KEY (tenant, name)
) STRICT, WITHOUT ROWID;
