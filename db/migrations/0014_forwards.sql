-- Where calls to an extension go instead of it or after it, and when it wants none.

-- +goose Up
CREATE TABLE forwards (
    tenant            TEXT    NOT NULL,
    extension         TEXT    NOT NULL,
    mode              TEXT    NOT NULL CHECK (mode <> ''),
    destination       TEXT    NOT NULL,
    rules             TEXT    NOT NULL,
    timezone          TEXT    NOT NULL,
    exceptions        TEXT    NOT NULL,
    unreachable       TEXT    NOT NULL,
    busy              TEXT    NOT NULL,
    no_answer         TEXT    NOT NULL,
    no_answer_seconds INTEGER NOT NULL CHECK (no_answer_seconds >= 0),
    version           INTEGER NOT NULL CHECK (version > 0),
    revision          INTEGER NOT NULL CHECK (revision > 0),
    PRIMARY KEY (tenant, extension),
    FOREIGN KEY (tenant, extension) REFERENCES extensions (tenant, number) ON UPDATE CASCADE
) STRICT, WITHOUT ROWID;

ALTER TABLE extensions ADD COLUMN do_not_disturb INTEGER NOT NULL DEFAULT 0 CHECK (do_not_disturb IN (0, 1));
ALTER TABLE extensions ADD COLUMN call_waiting INTEGER NOT NULL DEFAULT 1 CHECK (call_waiting IN (0, 1));
