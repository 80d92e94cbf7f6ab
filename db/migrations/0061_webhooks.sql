-- Webhooks of tenants, and the events on their way to them.

-- +goose Up
-- events are words; '' is all.
CREATE TABLE webhooks (
    tenant      TEXT    NOT NULL REFERENCES tenants (name) ON UPDATE CASCADE,
    name        TEXT    NOT NULL CHECK (name <> ''),
    url         TEXT    NOT NULL CHECK (url <> ''),
    events      TEXT    NOT NULL,
    description TEXT    NOT NULL,
    email       TEXT    NOT NULL,
    secret      TEXT    NOT NULL CHECK (secret <> ''),
    disabled    INTEGER NOT NULL CHECK (disabled IN (0, 1)),
    version     INTEGER NOT NULL CHECK (version > 0),
    revision    INTEGER NOT NULL CHECK (revision > 0),
    PRIMARY KEY (tenant, name)
) STRICT, WITHOUT ROWID;

-- What was observed of a webhook. former_secret signs too until its time. mail_* is the mail that
-- tells that it was stopped; a state of '' is no mail.
CREATE TABLE webhook_states (
    tenant        TEXT    NOT NULL,
    name          TEXT    NOT NULL,
    failing_since INTEGER NOT NULL DEFAULT 0,
    error         TEXT    NOT NULL DEFAULT '',
    stopped_at    INTEGER NOT NULL DEFAULT 0,
    lost          INTEGER NOT NULL DEFAULT 0,
    former_secret TEXT    NOT NULL DEFAULT '',
    former_until  INTEGER NOT NULL DEFAULT 0,
    mail_state    TEXT    NOT NULL DEFAULT '' CHECK (mail_state IN ('', 'queued', 'sent', 'failed')),
    mail_attempts INTEGER NOT NULL DEFAULT 0,
    mail_error    TEXT    NOT NULL DEFAULT '',
    mail_next_at  INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (tenant, name),
    FOREIGN KEY (tenant, name) REFERENCES webhooks (tenant, name) ON UPDATE CASCADE ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE INDEX webhook_states_mail ON webhook_states (mail_next_at) WHERE mail_state = 'queued';

CREATE TABLE webhook_deliveries (
    id       INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    tenant   TEXT    NOT NULL,
    webhook  TEXT    NOT NULL,
    message  TEXT    NOT NULL CHECK (message <> ''),
    event    TEXT    NOT NULL,
    at       INTEGER NOT NULL,
    data     TEXT    NOT NULL,
    state    TEXT    NOT NULL CHECK (state IN ('queued', 'delivered', 'failed')),
    attempts INTEGER NOT NULL DEFAULT 0,
    next_at  INTEGER NOT NULL,
    expires  INTEGER NOT NULL,
    last_at  INTEGER NOT NULL DEFAULT 0,
    took_ms  INTEGER NOT NULL DEFAULT 0,
    status   INTEGER NOT NULL DEFAULT 0,
    answer   TEXT    NOT NULL DEFAULT '',
    error    TEXT    NOT NULL DEFAULT '',
    FOREIGN KEY (tenant, webhook) REFERENCES webhooks (tenant, name) ON UPDATE CASCADE ON DELETE CASCADE
) STRICT;

CREATE INDEX webhook_deliveries_queued ON webhook_deliveries (tenant, webhook, next_at, id) WHERE state = 'queued';
CREATE INDEX webhook_deliveries_of ON webhook_deliveries (tenant, webhook, id);
