-- Why a phone did not get a file. Requests from before have no reason.

-- +goose Up
ALTER TABLE phone_fetches RENAME TO phone_fetches_without_reason;
DROP INDEX phone_fetches_of_strangers;

CREATE TABLE phone_fetches (
    mac        TEXT    NOT NULL,
    file       TEXT    NOT NULL,
    status     INTEGER NOT NULL,
    hash       TEXT    NOT NULL,
    address    TEXT    NOT NULL,
    user_agent TEXT    NOT NULL,
    own        INTEGER NOT NULL CHECK (own IN (0, 1)),
    reason     TEXT    NOT NULL,
    known      INTEGER NOT NULL CHECK (known IN (0, 1)),
    at         INTEGER NOT NULL, -- the last of times
    times      TEXT    NOT NULL CHECK (length(times) > 0 AND length(times) % 13 = 0),
    PRIMARY KEY (mac, file, status, hash, address, user_agent, own, reason)
) STRICT, WITHOUT ROWID;

INSERT INTO phone_fetches (mac, file, status, hash, address, user_agent, own, reason, known, at, times)
SELECT mac, file, status, hash, address, user_agent, own, '', known, at, times FROM phone_fetches_without_reason;

DROP TABLE phone_fetches_without_reason;

CREATE INDEX phone_fetches_of_strangers ON phone_fetches (at) WHERE known = 0;
