-- What a device is, what an extension may do, and the groups it belongs to.

-- +goose Up

ALTER TABLE extensions ADD COLUMN presence INTEGER NOT NULL DEFAULT 1 CHECK (presence IN (0, 1));

-- Classes separated by spaces; none of them allows all.
ALTER TABLE extensions ADD COLUMN allowed_devices TEXT NOT NULL DEFAULT '';
ALTER TABLE extensions ADD COLUMN anonymous INTEGER NOT NULL DEFAULT 0 CHECK (anonymous IN (0, 1));

-- A parent device is checked in code: a reference of two columns cannot be added.
ALTER TABLE extensions ADD COLUMN record INTEGER NOT NULL DEFAULT 0 CHECK (record IN (0, 1));
ALTER TABLE extensions ADD COLUMN type TEXT NOT NULL DEFAULT 'sip';
ALTER TABLE extensions ADD COLUMN parent_device TEXT NOT NULL DEFAULT '';

CREATE INDEX extensions_of_parent ON extensions (tenant, parent_device) WHERE parent_device <> '';

ALTER TABLE devices ADD COLUMN class TEXT NOT NULL DEFAULT 'hardware';

CREATE TABLE phone_groups (
    tenant   TEXT    NOT NULL REFERENCES tenants (name) ON UPDATE CASCADE,
    name     TEXT    NOT NULL CHECK (name <> ''),
    version  INTEGER NOT NULL CHECK (version > 0),
    revision INTEGER NOT NULL CHECK (revision > 0),
    PRIMARY KEY (tenant, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE group_members (
    tenant    TEXT NOT NULL,
    extension TEXT NOT NULL,
    name      TEXT NOT NULL,
    PRIMARY KEY (tenant, extension, name),
    FOREIGN KEY (tenant, extension) REFERENCES extensions (tenant, number) ON UPDATE CASCADE ON DELETE CASCADE,
    FOREIGN KEY (tenant, name) REFERENCES phone_groups (tenant, name) ON UPDATE CASCADE
) STRICT, WITHOUT ROWID;

CREATE INDEX group_members_of_group ON group_members (tenant, name);
