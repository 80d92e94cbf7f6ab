-- What an extension took part in stays its own under another number, and ends with it: who gets
-- the number next does not inherit it. A row says from when until when (milliseconds since 1970,
-- 0: still) an extension had a number. Of extensions that are there already nobody knows since when.

-- +goose Up
CREATE TABLE extension_numbers (
    tenant    TEXT    NOT NULL,
    extension TEXT    NOT NULL,
    number    TEXT    NOT NULL,
    since     INTEGER NOT NULL,
    until     INTEGER NOT NULL,
    FOREIGN KEY (tenant, extension) REFERENCES extensions (tenant, number) ON UPDATE CASCADE ON DELETE CASCADE
) STRICT;

CREATE INDEX extension_numbers_of ON extension_numbers (tenant, extension);

INSERT INTO extension_numbers SELECT tenant, number, number, 0, 0 FROM extensions;

-- +goose StatementBegin
CREATE TRIGGER extension_created AFTER INSERT ON extensions BEGIN
    INSERT INTO extension_numbers
    VALUES (new.tenant, new.number, new.number, CAST(unixepoch('subsec') * 1000 AS INTEGER), 0);
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER extension_renumbered AFTER UPDATE OF number ON extensions WHEN old.number <> new.number BEGIN
    UPDATE extension_numbers SET until = CAST(unixepoch('subsec') * 1000 AS INTEGER)
    WHERE tenant = new.tenant AND number = old.number AND until = 0;
    INSERT INTO extension_numbers
    VALUES (new.tenant, new.number, new.number, CAST(unixepoch('subsec') * 1000 AS INTEGER), 0);
END;
-- +goose StatementEnd

-- What a phone fetched before it was added is not its tenant's to see: another tenant may have had
-- it. since is when the row of the phone was made, in milliseconds since 1970; 0: nobody knows.
CREATE TABLE phone_since (
    mac   TEXT    PRIMARY KEY REFERENCES phones (mac) ON UPDATE CASCADE ON DELETE CASCADE,
    since INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO phone_since SELECT mac, 0 FROM phones;

-- +goose StatementBegin
CREATE TRIGGER phone_created AFTER INSERT ON phones BEGIN
    INSERT INTO phone_since VALUES (new.mac, CAST(unixepoch('subsec') * 1000 AS INTEGER));
END;
-- +goose StatementEnd
