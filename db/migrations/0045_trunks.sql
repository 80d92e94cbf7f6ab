-- A tenant may have several trunks for numbers of a type. The table is made anew without the
-- rule that it has one; no other table names trunks.

-- +goose Up

CREATE TABLE trunks_anew (
    tenant           TEXT    NOT NULL REFERENCES tenants (name) ON UPDATE CASCADE,
    name             TEXT    NOT NULL CHECK (name <> ''),
    endpoint         TEXT    NOT NULL UNIQUE CHECK (endpoint <> ''),
    host             TEXT    NOT NULL CHECK (host <> ''),
    port             INTEGER NOT NULL CHECK (port > 0),
    transport        TEXT    NOT NULL CHECK (transport <> ''),
    username         TEXT    NOT NULL,
    secret           TEXT    NOT NULL,
    register         INTEGER NOT NULL CHECK (register IN (0, 1)),
    caller_number    TEXT    NOT NULL,
    addresses        TEXT    NOT NULL DEFAULT '',
    trust_id_inbound INTEGER NOT NULL DEFAULT 1 CHECK (trust_id_inbound IN (0, 1)),
    teams            INTEGER NOT NULL CHECK (teams IN (0, 1)),
    max_calls        INTEGER NOT NULL DEFAULT 60 CHECK (max_calls >= 0),
    qualify_seconds  INTEGER NOT NULL DEFAULT 0 CHECK (qualify_seconds BETWEEN 0 AND 3600),
    priority         INTEGER NOT NULL DEFAULT 50 CHECK (priority BETWEEN 0 AND 100),
    disabled         INTEGER NOT NULL DEFAULT 0 CHECK (disabled IN (0, 1)),
    version          INTEGER NOT NULL CHECK (version > 0),
    revision         INTEGER NOT NULL CHECK (revision > 0),
    PRIMARY KEY (tenant, name)
) STRICT, WITHOUT ROWID;

INSERT INTO trunks_anew (tenant, name, endpoint, host, port, transport, username, secret, register, caller_number,
	addresses, trust_id_inbound, teams, max_calls, qualify_seconds, priority, disabled, version, revision)
SELECT tenant, name, endpoint, host, port, transport, username, secret, register, caller_number,
	addresses, trust_id_inbound, teams, max_calls, qualify_seconds, 50, 0, version, revision
FROM trunks;

DROP TABLE trunks;
ALTER TABLE trunks_anew RENAME TO trunks;
