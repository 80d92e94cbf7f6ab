-- Mails that tell of alarms and of calls for help, where devices are, and which of them have
-- called for help lately.

-- +goose Up
ALTER TABLE tenants ADD COLUMN emergency_mail TEXT NOT NULL DEFAULT '';
ALTER TABLE tenants ADD COLUMN emergency_test_number TEXT NOT NULL DEFAULT '';
ALTER TABLE devices ADD COLUMN location TEXT NOT NULL DEFAULT '';

-- Alarms of the day that were told of.
ALTER TABLE guard_usage ADD COLUMN told TEXT NOT NULL DEFAULT '';

-- Observed: calls for help, each told of once, by the Uniqueid of the caller's channel. shown
-- are the numbers that carriers were shown, test is 1 where nobody was called.
CREATE TABLE emergency_calls (
    channel TEXT    NOT NULL PRIMARY KEY CHECK (channel <> ''),
    tenant  TEXT    NOT NULL REFERENCES tenants (name) ON DELETE CASCADE,
    device  TEXT    NOT NULL,
    shown   TEXT    NOT NULL,
    test    INTEGER NOT NULL CHECK (test IN (0, 1)),
    at      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Observed: the first call of a tenant to a country.
CREATE TABLE guard_countries (
    tenant  TEXT    NOT NULL REFERENCES tenants (name) ON DELETE CASCADE,
    country TEXT    NOT NULL CHECK (country <> ''),
    first   INTEGER NOT NULL,
    PRIMARY KEY (tenant, country)
) STRICT, WITHOUT ROWID;

-- A queue: mails about alarms, until they are sent or given up.
CREATE TABLE notices (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant   TEXT    NOT NULL REFERENCES tenants (name) ON DELETE CASCADE,
    email    TEXT    NOT NULL,
    subject  TEXT    NOT NULL,
    body     TEXT    NOT NULL,
    next     INTEGER NOT NULL,
    expires  INTEGER NOT NULL,
    attempts INTEGER NOT NULL
) STRICT;
