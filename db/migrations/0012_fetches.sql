-- Requests of a phone that differ in nothing but their time are one row: a phone
-- that polls updates its row instead of adding one and deleting another. The rows
-- of a phone stand beside one another. times are the last 20 of them, oldest first,
-- 13 digits of milliseconds each.

-- +goose Up

ALTER TABLE phone_fetches RENAME TO phone_fetches_one_by_one;
DROP INDEX phone_fetches_of_phone;
DROP INDEX phone_fetches_of_strangers;

CREATE TABLE phone_fetches (
    mac        TEXT    NOT NULL,
    file       TEXT    NOT NULL,
    status     INTEGER NOT NULL,
    hash       TEXT    NOT NULL,
    address    TEXT    NOT NULL,
    user_agent TEXT    NOT NULL,
    own        INTEGER NOT NULL CHECK (own IN (0, 1)),
    known      INTEGER NOT NULL CHECK (known IN (0, 1)),
    at         INTEGER NOT NULL, -- the last of times
    times      TEXT    NOT NULL CHECK (length(times) > 0 AND length(times) % 13 = 0),
    PRIMARY KEY (mac, file, status, hash, address, user_agent, own)
) STRICT, WITHOUT ROWID;

CREATE INDEX phone_fetches_of_strangers ON phone_fetches (at) WHERE known = 0;

INSERT INTO phone_fetches (mac, file, status, hash, address, user_agent, own, known, at, times)
SELECT mac, file, status, hash, address, user_agent, own, max(known), max(at), substr(group_concat(printf('%013d', at), '' ORDER BY id), -260)
FROM phone_fetches_one_by_one GROUP BY mac, file, status, hash, address, user_agent, own;

DROP TABLE phone_fetches_one_by_one;

-- Requests as they come, many in one row; from time to time they are sorted into
-- phone_fetches. See db/fetch_batch.go for what content is.
CREATE TABLE phone_fetch_batches (
    id      INTEGER PRIMARY KEY,
    content BLOB    NOT NULL
) STRICT;
