-- Records of calls that nobody saw end, made of Asterisk's own.

-- +goose Up

-- lines is 1 for a record that was made of Asterisk's lines; a call has one at most.
ALTER TABLE cdrs ADD COLUMN lines INTEGER NOT NULL DEFAULT 0 CHECK (lines IN (0, 1));

CREATE INDEX cdrs_of_call ON cdrs (call);

CREATE UNIQUE INDEX cdrs_of_lines ON cdrs (call) WHERE lines = 1;

-- Lines of calls that have no record yet; line is JSON.
CREATE TABLE cdr_lines (
    call     TEXT    NOT NULL,
    channel  TEXT    NOT NULL,
    sequence INTEGER NOT NULL,
    ended    INTEGER NOT NULL,
    line     TEXT    NOT NULL,
    PRIMARY KEY (call, channel, sequence)
) STRICT, WITHOUT ROWID;
