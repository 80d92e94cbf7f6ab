-- Text messages between numbers of tenants and peers outside, by carrier profiles.

-- +goose Up
-- Profiles from before are names: no message comes or goes by them.
ALTER TABLE carriers ADD COLUMN adapter TEXT NOT NULL DEFAULT '';
ALTER TABLE carriers ADD COLUMN url TEXT NOT NULL DEFAULT '';
ALTER TABLE carriers ADD COLUMN public_url TEXT NOT NULL DEFAULT '';
ALTER TABLE carriers ADD COLUMN account TEXT NOT NULL DEFAULT '';
ALTER TABLE carriers ADD COLUMN secret TEXT NOT NULL DEFAULT '';
ALTER TABLE carriers ADD COLUMN callback_key TEXT NOT NULL DEFAULT '';

ALTER TABLE inventory ADD COLUMN brand TEXT NOT NULL DEFAULT '';
ALTER TABLE inventory ADD COLUMN campaign TEXT NOT NULL DEFAULT '';
ALTER TABLE inventory ADD COLUMN registered INTEGER NOT NULL DEFAULT 0 CHECK (registered IN (0, 1));

ALTER TABLE tenants ADD COLUMN max_texts INTEGER NOT NULL DEFAULT 1000 CHECK (max_texts >= 0);

-- An extension that is deleted takes its messages with it: the next one of that number is somebody
-- else's. extension is NULL where the number led to none. reseller, profile and carrier_id are the
-- carrier's, as they were.
CREATE TABLE text_messages (
    id         INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    tenant     TEXT    NOT NULL REFERENCES tenants (name) ON UPDATE CASCADE ON DELETE CASCADE,
    extension  TEXT,
    incoming   INTEGER NOT NULL CHECK (incoming IN (0, 1)),
    number     TEXT    NOT NULL CHECK (number <> ''),
    peer       TEXT    NOT NULL CHECK (peer <> ''),
    text       TEXT    NOT NULL,
    encoding   TEXT    NOT NULL,
    segments   INTEGER NOT NULL CHECK (segments > 0),
    media      INTEGER NOT NULL DEFAULT 0,
    state      TEXT    NOT NULL CHECK (state IN ('received', 'queued', 'sent', 'delivered', 'failed')),
    reason     TEXT    NOT NULL DEFAULT '',
    is_read    INTEGER NOT NULL DEFAULT 0 CHECK (is_read IN (0, 1)),
    sent_by    TEXT    NOT NULL DEFAULT '',
    at         INTEGER NOT NULL,
    sent_at    INTEGER NOT NULL DEFAULT 0,
    ended_at   INTEGER NOT NULL DEFAULT 0,
    reseller   TEXT    NOT NULL,
    profile    TEXT    NOT NULL,
    carrier_id TEXT    NOT NULL DEFAULT '',
    attempts   INTEGER NOT NULL DEFAULT 0,
    next_at    INTEGER NOT NULL DEFAULT 0,
    expires    INTEGER NOT NULL DEFAULT 0,
    unsure     INTEGER NOT NULL DEFAULT 0 CHECK (unsure IN (0, 1)),
    FOREIGN KEY (tenant, extension) REFERENCES extensions (tenant, number) ON UPDATE CASCADE ON DELETE CASCADE
) STRICT;

CREATE INDEX text_messages_of ON text_messages (tenant, extension, id);
CREATE INDEX text_messages_queued ON text_messages (tenant, number, next_at, id) WHERE state = 'queued';
CREATE INDEX text_messages_at_carrier ON text_messages (reseller, profile, carrier_id) WHERE carrier_id <> '';

-- Ids of messages that came in, so that each comes once, also after it was deleted.
CREATE TABLE text_seen (
    reseller   TEXT    NOT NULL,
    profile    TEXT    NOT NULL,
    carrier_id TEXT    NOT NULL,
    number     TEXT    NOT NULL,
    at         INTEGER NOT NULL,
    PRIMARY KEY (reseller, profile, carrier_id, number)
) STRICT, WITHOUT ROWID;

CREATE INDEX text_seen_at ON text_seen (at);

-- Peers that have sent STOP to a number.
CREATE TABLE text_stops (
    number TEXT    NOT NULL,
    peer   TEXT    NOT NULL,
    at     INTEGER NOT NULL,
    PRIMARY KEY (number, peer)
) STRICT, WITHOUT ROWID;

-- Segments that a tenant has sent on a day of its time zone.
CREATE TABLE text_counts (
    tenant   TEXT    NOT NULL REFERENCES tenants (name) ON UPDATE CASCADE ON DELETE CASCADE,
    day      TEXT    NOT NULL,
    segments INTEGER NOT NULL,
    PRIMARY KEY (tenant, day)
) STRICT, WITHOUT ROWID;
