-- Notes about voicemail messages are mailed by Dialtone. A mailbox with an address had them from
-- Asterisk; messages from before are not mailed again.

-- +goose Up
ALTER TABLE mailboxes ADD COLUMN email_notification INTEGER NOT NULL DEFAULT 0 CHECK (email_notification IN (0, 1));
ALTER TABLE mailboxes ADD COLUMN notified_since INTEGER NOT NULL DEFAULT 0;
UPDATE mailboxes SET email_notification = 1, notified_since = unixepoch() * 1000 WHERE email <> '';

ALTER TABLE tenants ADD COLUMN voicemail_subject TEXT NOT NULL DEFAULT '';
ALTER TABLE tenants ADD COLUMN voicemail_text TEXT NOT NULL DEFAULT '';

CREATE TABLE voicemail_mails (
    tenant        TEXT    NOT NULL,
    mailbox       TEXT    NOT NULL,
    message       TEXT    NOT NULL CHECK (message <> ''),
    caller_number TEXT    NOT NULL,
    caller_name   TEXT    NOT NULL,
    left_at       INTEGER NOT NULL,
    seconds       REAL    NOT NULL,
    state         TEXT    NOT NULL CHECK (state IN ('queued', 'sent', 'failed')),
    attempts      INTEGER NOT NULL DEFAULT 0,
    error         TEXT    NOT NULL DEFAULT '',
    created_at    INTEGER NOT NULL,
    next_at       INTEGER NOT NULL,
    sent_at       INTEGER NOT NULL DEFAULT 0,
    removes       INTEGER NOT NULL DEFAULT 0 CHECK (removes IN (0, 1)),
    PRIMARY KEY (tenant, mailbox, message),
    FOREIGN KEY (tenant, mailbox) REFERENCES mailboxes (tenant, number) ON UPDATE CASCADE ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE INDEX voicemail_mails_queued ON voicemail_mails (next_at) WHERE state = 'queued';
CREATE INDEX voicemail_mails_removing ON voicemail_mails (next_at) WHERE removes = 1;
