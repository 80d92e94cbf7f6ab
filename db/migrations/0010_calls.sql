-- Calls that have ended, and what ring groups need to know of those answered.

-- +goose Up

-- How many days records of calls are kept; 0 is for ever.
ALTER TABLE tenants ADD COLUMN cdr_days INTEGER NOT NULL DEFAULT 0 CHECK (cdr_days >= 0);

-- extensions and numbers hold who had to do with a call, each with a space before
-- and behind; called is a JSON array of legs, rules one of sentences.
CREATE TABLE cdrs (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant         TEXT    NOT NULL REFERENCES tenants (name) ON UPDATE CASCADE ON DELETE CASCADE,
    call           TEXT    NOT NULL,
    started        INTEGER NOT NULL,
    answered       INTEGER NOT NULL,
    ended          INTEGER NOT NULL,
    from_number    TEXT    NOT NULL,
    from_name      TEXT    NOT NULL,
    from_extension TEXT    NOT NULL,
    from_device    TEXT    NOT NULL,
    dialled        TEXT    NOT NULL,
    by_number      TEXT    NOT NULL,
    by_name        TEXT    NOT NULL,
    by_extension   TEXT    NOT NULL,
    by_device      TEXT    NOT NULL,
    called         TEXT    NOT NULL,
    outcome        TEXT    NOT NULL,
    via            TEXT    NOT NULL,
    rules          TEXT    NOT NULL,
    recording      TEXT    NOT NULL,
    incomplete     INTEGER NOT NULL CHECK (incomplete IN (0, 1)),
    extensions     TEXT    NOT NULL,
    numbers        TEXT    NOT NULL
) STRICT;

CREATE INDEX cdrs_of_tenant ON cdrs (tenant, started, id);

CREATE TABLE answer_counts (
    tenant    TEXT    NOT NULL,
    extension TEXT    NOT NULL,
    last      INTEGER NOT NULL,
    count     INTEGER NOT NULL CHECK (count > 0),
    PRIMARY KEY (tenant, extension),
    FOREIGN KEY (tenant, extension) REFERENCES extensions (tenant, number) ON UPDATE CASCADE ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
