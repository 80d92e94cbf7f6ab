-- Ring groups: numbers at which several people ring.
--
-- A member that is an extension follows it to another number; one that is an
-- external number never changes. A destination is kept as text: it may lead to
-- rows of several tables, which PutRingGroup and their deletion look after.

-- +goose Up

CREATE TABLE ring_groups (
    tenant           TEXT    NOT NULL REFERENCES tenants (name) ON UPDATE CASCADE,
    name             TEXT    NOT NULL CHECK (name <> ''),
    number           TEXT    NOT NULL CHECK (number <> ''),
    strategy         TEXT    NOT NULL CHECK (strategy <> ''),
    ring_seconds     INTEGER NOT NULL CHECK (ring_seconds > 0),
    timeout          INTEGER NOT NULL CHECK (timeout >= 0),
    destination      TEXT    NOT NULL,
    skip_busy        INTEGER NOT NULL CHECK (skip_busy IN (0, 1)),
    follow_forwards  INTEGER NOT NULL CHECK (follow_forwards IN (0, 1)),
    confirm          TEXT    NOT NULL CHECK (confirm <> ''),
    caller_id_prefix TEXT    NOT NULL,
    ring_tone        INTEGER NOT NULL CHECK (ring_tone >= 0),
    waiting          TEXT    NOT NULL CHECK (waiting <> ''),
    announcement     TEXT    NOT NULL,
    version          INTEGER NOT NULL CHECK (version > 0),
    revision         INTEGER NOT NULL CHECK (revision > 0),
    PRIMARY KEY (tenant, name),
    UNIQUE (tenant, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE ring_group_members (
    tenant       TEXT    NOT NULL,
    name         TEXT    NOT NULL,
    position     INTEGER NOT NULL CHECK (position >= 0),
    extension    TEXT,
    external     TEXT,
    delay        INTEGER NOT NULL CHECK (delay >= 0),
    ring_seconds INTEGER NOT NULL CHECK (ring_seconds >= 0),
    weight       INTEGER NOT NULL CHECK (weight >= 0),
    PRIMARY KEY (tenant, name, position),
    UNIQUE (tenant, name, extension),
    UNIQUE (tenant, name, external),
    CHECK ((extension IS NULL) <> (external IS NULL)),
    FOREIGN KEY (tenant, name) REFERENCES ring_groups (tenant, name) ON UPDATE CASCADE ON DELETE CASCADE,
    FOREIGN KEY (tenant, extension) REFERENCES extensions (tenant, number) ON UPDATE CASCADE,
    FOREIGN KEY (tenant, external) REFERENCES external_numbers (tenant, number)
) STRICT, WITHOUT ROWID;

CREATE INDEX ring_group_members_of_extension ON ring_group_members (tenant, extension);
CREATE INDEX ring_group_members_of_external ON ring_group_members (tenant, external);

-- What was observed of groups. It is no configuration and makes no revision. A
-- member is named by its number, and '' is the group itself: whom the last call
-- began with.
CREATE TABLE ring_group_turns (
    tenant      TEXT    NOT NULL,
    name        TEXT    NOT NULL,
    member      TEXT    NOT NULL,
    last        TEXT    NOT NULL,
    answered_at INTEGER NOT NULL,
    answers     INTEGER NOT NULL CHECK (answers >= 0),
    PRIMARY KEY (tenant, name, member),
    FOREIGN KEY (tenant, name) REFERENCES ring_groups (tenant, name) ON UPDATE CASCADE ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
