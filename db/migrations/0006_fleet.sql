-- What is known of phones beside their configuration: who asks and is nobody's,
-- what each one fetched, and who was told to fetch. Only the networks of a tenant
-- are configuration.

-- +goose Up

-- Networks in CIDR form, separated by spaces; none means anywhere.
ALTER TABLE tenants ADD COLUMN phone_networks TEXT NOT NULL DEFAULT '';

-- 1 when the phone proved to be itself, by its own URL or its certificate.
ALTER TABLE phone_fetches ADD COLUMN own INTEGER NOT NULL DEFAULT 0 CHECK (own IN (0, 1));

CREATE TABLE phone_inbox (
    mac        TEXT    NOT NULL PRIMARY KEY CHECK (length(mac) = 12),
    vendor     TEXT    NOT NULL,
    model      TEXT    NOT NULL,
    firmware   TEXT    NOT NULL,
    user_agent TEXT    NOT NULL,
    address    TEXT    NOT NULL,
    first_seen INTEGER NOT NULL,
    last_seen  INTEGER NOT NULL,
    count      INTEGER NOT NULL CHECK (count > 0)
) STRICT, WITHOUT ROWID;

-- What phones proved by their own requests. files is a JSON object, name to hash.
CREATE TABLE phone_seen (
    mac            TEXT    NOT NULL PRIMARY KEY CHECK (length(mac) = 12),
    enrolled       TEXT    NOT NULL,
    enrolled_at    INTEGER NOT NULL,
    seen_at        INTEGER NOT NULL,
    fetched_at     INTEGER NOT NULL,
    address        TEXT    NOT NULL,
    former_address TEXT    NOT NULL,
    address_since  INTEGER NOT NULL,
    user_agent     TEXT    NOT NULL,
    files          TEXT    NOT NULL
) STRICT, WITHOUT ROWID;

-- Phones that were told to fetch their files, or to restart.
CREATE TABLE phone_resyncs (
    id        INTEGER PRIMARY KEY,
    batch     TEXT    NOT NULL,
    tenant    TEXT    NOT NULL,
    mac       TEXT    NOT NULL,
    action    TEXT    NOT NULL,
    reason    TEXT    NOT NULL,
    endpoint  TEXT    NOT NULL,
    state     TEXT    NOT NULL,
    error     TEXT    NOT NULL,
    queued_at INTEGER NOT NULL,
    due_at    INTEGER NOT NULL,
    sent_at   INTEGER NOT NULL,
    ended_at  INTEGER NOT NULL,
    file      TEXT    NOT NULL,
    hash      TEXT    NOT NULL
) STRICT;

CREATE INDEX phone_resyncs_of_phone ON phone_resyncs (mac, id);
CREATE INDEX phone_resyncs_of_batch ON phone_resyncs (batch, state);
