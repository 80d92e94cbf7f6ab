-- What desk phones of a tenant have in common, and what their keys do. A key that
-- watches an extension refers to it, so that the extension cannot go away from
-- under a lamp, and so that the key follows it when its number changes.

-- +goose Up

CREATE TABLE phone_settings (
    tenant        TEXT    NOT NULL PRIMARY KEY REFERENCES tenants (name) ON UPDATE CASCADE ON DELETE CASCADE,
    language      TEXT    NOT NULL,
    tone_country  TEXT    NOT NULL,
    ntp_server    TEXT    NOT NULL,
    syslog_server TEXT    NOT NULL,
    vlan          INTEGER NOT NULL,
    vlan_priority INTEGER NOT NULL,
    codecs        TEXT    NOT NULL,
    srtp          TEXT    NOT NULL CHECK (srtp <> ''),
    clock24       INTEGER NOT NULL CHECK (clock24 IN (0, 1)),
    logo          TEXT    NOT NULL,
    version       INTEGER NOT NULL CHECK (version > 0),
    revision      INTEGER NOT NULL CHECK (revision > 0)
) STRICT, WITHOUT ROWID;

CREATE TABLE button_templates (
    tenant   TEXT    NOT NULL REFERENCES tenants (name) ON UPDATE CASCADE,
    model    TEXT    NOT NULL CHECK (model <> ''),
    version  INTEGER NOT NULL CHECK (version > 0),
    revision INTEGER NOT NULL CHECK (revision > 0),
    PRIMARY KEY (tenant, model)
) STRICT, WITHOUT ROWID;

CREATE TABLE template_buttons (
    tenant  TEXT    NOT NULL,
    model   TEXT    NOT NULL,
    module  INTEGER NOT NULL CHECK (module >= 0),
    key     INTEGER NOT NULL CHECK (key > 0),
    kind    TEXT    NOT NULL CHECK (kind <> ''),
    value   TEXT    NOT NULL,
    watches TEXT    CHECK (watches <> ''),
    label   TEXT    NOT NULL,
    line    INTEGER NOT NULL CHECK (line > 0),
    PRIMARY KEY (tenant, model, module, key),
    FOREIGN KEY (tenant, model) REFERENCES button_templates (tenant, model) ON UPDATE CASCADE ON DELETE CASCADE,
    FOREIGN KEY (tenant, watches) REFERENCES extensions (tenant, number) ON UPDATE CASCADE
) STRICT, WITHOUT ROWID;

CREATE INDEX template_buttons_of_extension ON template_buttons (tenant, watches);

CREATE TABLE phone_buttons (
    tenant  TEXT    NOT NULL,
    mac     TEXT    NOT NULL,
    module  INTEGER NOT NULL CHECK (module >= 0),
    key     INTEGER NOT NULL CHECK (key > 0),
    kind    TEXT    NOT NULL CHECK (kind <> ''),
    value   TEXT    NOT NULL,
    watches TEXT    CHECK (watches <> ''),
    label   TEXT    NOT NULL,
    line    INTEGER NOT NULL CHECK (line > 0),
    PRIMARY KEY (tenant, mac, module, key),
    FOREIGN KEY (tenant, mac) REFERENCES phones (tenant, mac) ON UPDATE CASCADE ON DELETE CASCADE,
    FOREIGN KEY (tenant, watches) REFERENCES extensions (tenant, number) ON UPDATE CASCADE
) STRICT, WITHOUT ROWID;

CREATE INDEX phone_buttons_of_extension ON phone_buttons (tenant, watches);
