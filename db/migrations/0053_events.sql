-- Events are kept, so that a client that was away reads what it missed.

-- +goose Up
-- tenant is NULL for an event about the platform. data is JSON as the stream of events has it.
CREATE TABLE events (
    id     INTEGER NOT NULL PRIMARY KEY,
    tenant TEXT    REFERENCES tenants (name) ON UPDATE CASCADE ON DELETE CASCADE,
    type   TEXT    NOT NULL CHECK (type <> ''),
    at     INTEGER NOT NULL,
    data   TEXT    NOT NULL
) STRICT;

CREATE INDEX events_of_tenant ON events (tenant, id);
CREATE INDEX events_at ON events (at);

-- Up to which id events of a tenant may be missing, because they were too many or too old. The
-- platform's are those of tenant ''.
CREATE TABLE events_lost (
    tenant TEXT    NOT NULL PRIMARY KEY,
    upto   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- One row. run counts the starts of the controller; ended says that the last one stored all its
-- events, and killed is the last one that may not have.
CREATE TABLE event_run (
    one    INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
    run    INTEGER NOT NULL,
    ended  INTEGER NOT NULL CHECK (ended IN (0, 1)),
    killed INTEGER NOT NULL
) STRICT;

INSERT INTO event_run (one, run, ended, killed) VALUES (1, 0, 1, 0);
