-- +goose Up

-- 0: as many extensions as anybody likes.
ALTER TABLE tenants ADD COLUMN max_extensions INTEGER NOT NULL DEFAULT 0 CHECK (max_extensions >= 0);

-- A shared device belongs to whoever signed in on it: its extension is theirs.
ALTER TABLE devices ADD COLUMN shared INTEGER NOT NULL DEFAULT 0 CHECK (shared IN (0, 1));

-- desk_pin and password are argon2id hashes, '' for none; photo is the SHA-256 of
-- the picture in user_photos, '' for none.
CREATE TABLE users (
    tenant      TEXT    NOT NULL REFERENCES tenants (name) ON UPDATE CASCADE,
    username    TEXT    NOT NULL CHECK (username <> ''),
    full_name   TEXT    NOT NULL,
    email       TEXT    NOT NULL,
    personal_contact TEXT NOT NULL,
    language    TEXT    NOT NULL,
    timezone    TEXT    NOT NULL,
    extension   TEXT    CHECK (extension <> ''),
    login       INTEGER NOT NULL CHECK (login IN (0, 1)),
    desk_pin    TEXT    NOT NULL,
    password    TEXT    NOT NULL,
    must_change INTEGER NOT NULL CHECK (must_change IN (0, 1)),
    photo       TEXT    NOT NULL,
    version     INTEGER NOT NULL CHECK (version > 0),
    revision    INTEGER NOT NULL CHECK (revision > 0),
    PRIMARY KEY (tenant, username),
    FOREIGN KEY (tenant, extension) REFERENCES extensions (tenant, number) ON UPDATE CASCADE
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX users_of_extension ON users (tenant, extension);

CREATE TABLE user_photos (
    tenant   TEXT NOT NULL,
    username TEXT NOT NULL,
    type     TEXT NOT NULL CHECK (type <> ''),
    content  BLOB NOT NULL,
    PRIMARY KEY (tenant, username),
    FOREIGN KEY (tenant, username) REFERENCES users (tenant, username) ON UPDATE CASCADE ON DELETE CASCADE
) STRICT;

-- The queue of invitations. Not configuration: writing one makes no revision.
CREATE TABLE invitations (
    id         TEXT    NOT NULL PRIMARY KEY CHECK (id <> ''),
    tenant     TEXT    NOT NULL,
    device     TEXT    NOT NULL,
    email      TEXT    NOT NULL CHECK (email <> ''),
    actor      TEXT    NOT NULL,
    state      TEXT    NOT NULL CHECK (state IN ('queued', 'sent', 'failed')),
    attempts   INTEGER NOT NULL,
    error      TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    next_at    INTEGER NOT NULL,
    sent_at    INTEGER NOT NULL,
    opened_at  INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    FOREIGN KEY (tenant, device) REFERENCES devices (tenant, name) ON UPDATE CASCADE ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE INDEX invitations_of_device ON invitations (tenant, device);
CREATE INDEX invitations_queued ON invitations (next_at) WHERE state = 'queued';

-- The SHA-256 of each link that was mailed: each attempt mails another one, because
-- nobody knows whether an attempt without an answer arrived.
CREATE TABLE invitation_links (
    hash       BLOB NOT NULL PRIMARY KEY CHECK (length(hash) = 32),
    invitation TEXT NOT NULL REFERENCES invitations (id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE INDEX invitation_links_of_invitation ON invitation_links (invitation);
