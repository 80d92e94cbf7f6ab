-- Queues of tenants: callers wait in line until a member is free.

-- +goose Up
CREATE TABLE queues (
    tenant              TEXT    NOT NULL REFERENCES tenants (name) ON UPDATE CASCADE,
    name                TEXT    NOT NULL CHECK (name <> ''),
    number              TEXT    NOT NULL CHECK (number <> ''),
    strategy            TEXT    NOT NULL CHECK (strategy <> ''),
    ring_seconds        INTEGER NOT NULL CHECK (ring_seconds > 0),
    retry               INTEGER NOT NULL CHECK (retry > 0),
    wrap_up             INTEGER NOT NULL CHECK (wrap_up >= 0),
    max_waiting         INTEGER NOT NULL CHECK (max_waiting >= 0),
    max_wait            INTEGER NOT NULL CHECK (max_wait >= 0),
    wait_when_empty     INTEGER NOT NULL CHECK (wait_when_empty IN (0, 1)),
    welcome             TEXT    NOT NULL,
    periodic            TEXT    NOT NULL,
    periodic_seconds    INTEGER NOT NULL CHECK (periodic_seconds > 0),
    announce_seconds    INTEGER NOT NULL CHECK (announce_seconds > 0),
    announce_position   INTEGER NOT NULL CHECK (announce_position IN (0, 1)),
    announce_hold_time  INTEGER NOT NULL CHECK (announce_hold_time IN (0, 1)),
    destination         TEXT    NOT NULL,
    full_destination    TEXT    NOT NULL,
    empty_destination   TEXT    NOT NULL,
    timeout_destination TEXT    NOT NULL,
    version             INTEGER NOT NULL CHECK (version > 0),
    revision            INTEGER NOT NULL CHECK (revision > 0),
    PRIMARY KEY (tenant, name),
    UNIQUE (tenant, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE queue_members (
    tenant    TEXT    NOT NULL,
    name      TEXT    NOT NULL,
    position  INTEGER NOT NULL CHECK (position >= 0),
    extension TEXT    NOT NULL,
    penalty   INTEGER NOT NULL CHECK (penalty >= 0),
    PRIMARY KEY (tenant, name, position),
    UNIQUE (tenant, name, extension),
    FOREIGN KEY (tenant, name) REFERENCES queues (tenant, name) ON UPDATE CASCADE ON DELETE CASCADE,
    FOREIGN KEY (tenant, extension) REFERENCES extensions (tenant, number) ON UPDATE CASCADE
) STRICT, WITHOUT ROWID;

CREATE INDEX queue_members_of ON queue_members (tenant, extension);
