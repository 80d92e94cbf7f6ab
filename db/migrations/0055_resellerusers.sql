-- Users belong to a tenant or to a reseller. Each of the two columns is '' where the other is not;
-- the columns behind them are what SQLite can hold a reference in. A user of a reseller is
-- reseller-admin there, and has nothing that rings.

-- +goose Up
CREATE TABLE users_new (
    tenant      TEXT    NOT NULL,
    reseller    TEXT    NOT NULL,
    username    TEXT    NOT NULL CHECK (username <> ''),
    full_name   TEXT    NOT NULL,
    email       TEXT    NOT NULL,
    personal_contact TEXT NOT NULL,
    language    TEXT    NOT NULL,
    timezone    TEXT    NOT NULL,
    extension   TEXT    CHECK (extension <> ''),
    role        TEXT    NOT NULL CHECK (role IN ('reseller-admin', 'tenant-admin', 'operator', 'user')),
    login       INTEGER NOT NULL CHECK (login IN (0, 1)),
    second_step TEXT    NOT NULL CHECK (second_step IN ('none', 'email')),
    desk_pin    TEXT    NOT NULL,
    password    TEXT    NOT NULL,
    must_change INTEGER NOT NULL CHECK (must_change IN (0, 1)),
    photo       TEXT    NOT NULL,
    version     INTEGER NOT NULL CHECK (version > 0),
    revision    INTEGER NOT NULL CHECK (revision > 0),
    of_tenant   TEXT GENERATED ALWAYS AS (nullif(tenant, '')) VIRTUAL REFERENCES tenants (name),
    of_reseller TEXT GENERATED ALWAYS AS (nullif(reseller, '')) VIRTUAL REFERENCES resellers (name),
    PRIMARY KEY (tenant, reseller, username),
    CHECK ((tenant = '') <> (reseller = '')),
    CHECK ((role = 'reseller-admin') = (reseller <> '')),
    FOREIGN KEY (tenant, extension) REFERENCES extensions (tenant, number) ON UPDATE CASCADE
) STRICT, WITHOUT ROWID;

INSERT INTO users_new (tenant, reseller, username, full_name, email, personal_contact, language, timezone, extension, role,
    login, second_step, desk_pin, password, must_change, photo, version, revision)
SELECT tenant, '', username, full_name, email, personal_contact, language, timezone, extension, role,
    login, second_step, desk_pin, password, must_change, photo, version, revision FROM users;

CREATE TABLE user_photos_new (
    tenant   TEXT NOT NULL,
    reseller TEXT NOT NULL DEFAULT '',
    username TEXT NOT NULL,
    type     TEXT NOT NULL CHECK (type <> ''),
    content  BLOB NOT NULL,
    PRIMARY KEY (tenant, reseller, username),
    FOREIGN KEY (tenant, reseller, username) REFERENCES users_new (tenant, reseller, username) ON UPDATE CASCADE ON DELETE CASCADE
) STRICT;

INSERT INTO user_photos_new (tenant, username, type, content) SELECT tenant, username, type, content FROM user_photos;

-- address is where the user signed in from, '' for a session from before that was kept.
CREATE TABLE sessions_new (
    hash       BLOB    NOT NULL PRIMARY KEY CHECK (length(hash) = 32),
    tenant     TEXT    NOT NULL,
    reseller   TEXT    NOT NULL,
    username   TEXT    NOT NULL,
    address    TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    FOREIGN KEY (tenant, reseller, username) REFERENCES users_new (tenant, reseller, username) ON UPDATE CASCADE ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

INSERT INTO sessions_new (hash, tenant, reseller, username, address, created_at, expires_at)
SELECT hash, tenant, '', username, '', created_at, expires_at FROM sessions;

CREATE TABLE sign_ins_new (
    tenant     TEXT    NOT NULL,
    reseller   TEXT    NOT NULL,
    username   TEXT    NOT NULL,
    hash       BLOB    NOT NULL UNIQUE CHECK (length(hash) = 32),
    code       TEXT    NOT NULL,
    tries      INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    state      TEXT    NOT NULL CHECK (state IN ('queued', 'sent', 'failed')),
    attempts   INTEGER NOT NULL,
    next_at    INTEGER NOT NULL,
    PRIMARY KEY (tenant, reseller, username),
    FOREIGN KEY (tenant, reseller, username) REFERENCES users_new (tenant, reseller, username) ON UPDATE CASCADE ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

INSERT INTO sign_ins_new (tenant, reseller, username, hash, code, tries, created_at, expires_at, state, attempts, next_at)
SELECT tenant, '', username, hash, code, tries, created_at, expires_at, state, attempts, next_at FROM sign_ins;

DROP TABLE user_photos;
DROP TABLE sessions;
DROP TABLE sign_ins;
DROP TABLE users;
ALTER TABLE users_new RENAME TO users;
ALTER TABLE user_photos_new RENAME TO user_photos;
ALTER TABLE sessions_new RENAME TO sessions;
ALTER TABLE sign_ins_new RENAME TO sign_ins;

CREATE UNIQUE INDEX users_of_extension ON users (tenant, extension);
CREATE INDEX users_of_reseller ON users (of_reseller);
CREATE INDEX sessions_of_user ON sessions (tenant, reseller, username);
CREATE INDEX sign_ins_queued ON sign_ins (next_at) WHERE state = 'queued';

-- The reseller whose user the token ends with; '' for a user of the token's tenant, and for no user.
ALTER TABLE tokens ADD COLUMN user_reseller TEXT NOT NULL DEFAULT '';
