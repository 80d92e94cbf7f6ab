-- Rates: what a minute to numbers with a prefix costs, of the platform ('') or a reseller, in
-- thousandths of a unit.

-- +goose Up
CREATE TABLE rates (
    reseller TEXT    NOT NULL,
    prefix   TEXT    NOT NULL CHECK (prefix <> ''),
    price    INTEGER NOT NULL CHECK (price >= 0),
    version  INTEGER NOT NULL CHECK (version > 0),
    revision INTEGER NOT NULL CHECK (revision > 0),
    PRIMARY KEY (reseller, prefix)
) STRICT, WITHOUT ROWID;
