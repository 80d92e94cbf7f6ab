-- +goose Up

-- Who was a user before there were roles may do the least.
ALTER TABLE users ADD COLUMN role TEXT NOT NULL DEFAULT 'user' CHECK (role IN ('tenant-admin', 'operator', 'user'));
ALTER TABLE users ADD COLUMN second_step TEXT NOT NULL DEFAULT 'none' CHECK (second_step IN ('none', 'email'));

-- Tokens were all of platform admins. tenant is NULL for those, expires_at 0 for never.
ALTER TABLE tokens ADD COLUMN role TEXT NOT NULL DEFAULT 'platform-admin' CHECK (role IN ('platform-admin', 'tenant-admin', 'operator'));
ALTER TABLE tokens ADD COLUMN tenant TEXT REFERENCES tenants (name) ON UPDATE CASCADE ON DELETE CASCADE;
ALTER TABLE tokens ADD COLUMN expires_at INTEGER NOT NULL DEFAULT 0;

CREATE INDEX tokens_of_tenant ON tokens (tenant);

-- Who is signed in, by the SHA-256 of the session's text. Not configuration:
-- writing one makes no revision.
CREATE TABLE sessions (
    hash       BLOB    NOT NULL PRIMARY KEY CHECK (length(hash) = 32),
    tenant     TEXT    NOT NULL,
    username   TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    FOREIGN KEY (tenant, username) REFERENCES users (tenant, username) ON UPDATE CASCADE ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE INDEX sessions_of_user ON sessions (tenant, username);

-- Who has shown the password and must show a code as well, one row a user. hash is
-- the SHA-256 of the text that the client holds; code is an argon2id hash, '' until
-- the first mail is on its way. state and what follows are the mail's.
CREATE TABLE sign_ins (
    tenant     TEXT    NOT NULL,
    username   TEXT    NOT NULL,
    hash       BLOB    NOT NULL UNIQUE CHECK (length(hash) = 32),
    code       TEXT    NOT NULL,
    tries      INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    state      TEXT    NOT NULL CHECK (state IN ('queued', 'sent', 'failed')),
    attempts   INTEGER NOT NULL,
    next_at    INTEGER NOT NULL,
    PRIMARY KEY (tenant, username),
    FOREIGN KEY (tenant, username) REFERENCES users (tenant, username) ON UPDATE CASCADE ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE INDEX sign_ins_queued ON sign_ins (next_at) WHERE state = 'queued';
