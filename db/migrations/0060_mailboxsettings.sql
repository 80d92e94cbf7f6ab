-- What a mailbox has of its own; nothing is what its user and Asterisk's voicemail.conf say, as before.

-- +goose Up
ALTER TABLE mailboxes ADD COLUMN timezone TEXT NOT NULL DEFAULT '';
ALTER TABLE mailboxes ADD COLUMN language TEXT NOT NULL DEFAULT '';
ALTER TABLE mailboxes ADD COLUMN max_messages INTEGER NOT NULL DEFAULT 0 CHECK (max_messages >= 0);
ALTER TABLE mailboxes ADD COLUMN max_seconds INTEGER NOT NULL DEFAULT 0 CHECK (max_seconds >= 0);
ALTER TABLE mailboxes ADD COLUMN min_seconds INTEGER NOT NULL DEFAULT 0 CHECK (min_seconds >= 0);
