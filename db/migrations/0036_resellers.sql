-- Resellers own tenants and other resellers, to any depth; what belongs to nobody belongs to the
-- platform. Limits of 0 are without limit. A token reaches everything, one branch or one tenant.

-- +goose Up
CREATE TABLE resellers (
    name           TEXT    NOT NULL PRIMARY KEY CHECK (name <> ''),
    parent         TEXT    REFERENCES resellers (name),
    title          TEXT    NOT NULL,
    max_extensions INTEGER NOT NULL CHECK (max_extensions >= 0),
    max_calls      INTEGER NOT NULL CHECK (max_calls >= 0),
    max_numbers    INTEGER NOT NULL CHECK (max_numbers >= 0),
    version        INTEGER NOT NULL CHECK (version > 0),
    revision       INTEGER NOT NULL CHECK (revision > 0)
) STRICT, WITHOUT ROWID;

CREATE INDEX resellers_of_parent ON resellers (parent);

ALTER TABLE tenants ADD COLUMN reseller TEXT REFERENCES resellers (name);
ALTER TABLE tenants ADD COLUMN max_numbers INTEGER NOT NULL DEFAULT 0;

CREATE INDEX tenants_of_reseller ON tenants (reseller);

-- A role more cannot be added to the check of a column, so the table is made anew.
CREATE TABLE tokens_new (
    id           TEXT    NOT NULL PRIMARY KEY CHECK (id <> ''),
    name         TEXT    NOT NULL,
    hash         BLOB    NOT NULL UNIQUE CHECK (length(hash) = 32),
    created_at   INTEGER NOT NULL,
    revoked_at   INTEGER NOT NULL,
    last_used_at INTEGER NOT NULL,
    role         TEXT    NOT NULL CHECK (role IN ('platform-admin', 'reseller-admin', 'tenant-admin', 'operator')),
    tenant       TEXT    REFERENCES tenants (name) ON UPDATE CASCADE ON DELETE CASCADE,
    reseller     TEXT    REFERENCES resellers (name) ON DELETE CASCADE,
    expires_at   INTEGER NOT NULL,
    created_by   TEXT    NOT NULL,
    username     TEXT    NOT NULL,
    CHECK ((role = 'reseller-admin') = (reseller IS NOT NULL)),
    CHECK (tenant IS NULL OR reseller IS NULL)
) STRICT, WITHOUT ROWID;

INSERT INTO tokens_new (id, name, hash, created_at, revoked_at, last_used_at, role, tenant, expires_at, created_by, username)
SELECT id, name, hash, created_at, revoked_at, last_used_at, role, tenant, expires_at, created_by, username FROM tokens;

DROP TABLE tokens;

ALTER TABLE tokens_new RENAME TO tokens;

CREATE INDEX tokens_of_tenant ON tokens (tenant);
CREATE INDEX tokens_of_reseller ON tokens (reseller);
