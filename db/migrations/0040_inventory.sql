-- The inventory has one row for each number that an account brought. A row of numbers says that
-- a tenant has the number, and what it uses it for; no tenant has a number that is not here.

-- +goose Up

-- reseller is the owner, '' the platform. At most one carrier of an owner and service is the
-- default one.
CREATE TABLE carriers (
    reseller    TEXT    NOT NULL,
    name        TEXT    NOT NULL CHECK (name <> ''),
    service     TEXT    NOT NULL CHECK (service IN ('voice', 'sms')),
    standard    INTEGER NOT NULL CHECK (standard IN (0, 1)),
    description TEXT    NOT NULL,
    version     INTEGER NOT NULL CHECK (version > 0),
    revision    INTEGER NOT NULL CHECK (revision > 0),
    PRIMARY KEY (reseller, name)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX carriers_standard ON carriers (reseller, service) WHERE standard = 1;

-- reseller has the number in its branch; NULL is the platform. uploaded_by is an account: ''
-- for the platform, 'reseller NAME' or 'tenant NAME'. A carrier was named, or is the default of
-- the day on which the number came.
CREATE TABLE inventory (
    number            TEXT    NOT NULL PRIMARY KEY CHECK (number <> ''),
    reseller          TEXT    REFERENCES resellers (name),
    kind              TEXT    NOT NULL CHECK (kind IN ('', 'local', 'global', 'toll-free', 'vanity', 'mobile')),
    kind_guessed      INTEGER NOT NULL CHECK (kind_guessed IN (0, 1)),
    voice             INTEGER NOT NULL CHECK (voice IN (0, 1)),
    sms               INTEGER NOT NULL CHECK (sms IN (0, 1)),
    fax               INTEGER NOT NULL CHECK (fax IN (0, 1)),
    voice_carrier     TEXT    NOT NULL,
    voice_defaulted   INTEGER NOT NULL CHECK (voice_defaulted IN (0, 1)),
    sms_profile       TEXT    NOT NULL,
    sms_defaulted     INTEGER NOT NULL CHECK (sms_defaulted IN (0, 1)),
    state             TEXT    NOT NULL CHECK (state IN ('available', 'reserved', 'assigned', 'porting-in', 'aging',
                                                        'porting-out', 'released')),
    uploaded_by       TEXT    NOT NULL,
    version           INTEGER NOT NULL CHECK (version > 0),
    revision          INTEGER NOT NULL CHECK (revision > 0)
) STRICT, WITHOUT ROWID;

CREATE INDEX inventory_of_reseller ON inventory (reseller, number);
CREATE INDEX inventory_without_kind ON inventory (number) WHERE kind = '';

-- Tenants' numbers of before were given by the platform. What kind they are is guessed when the
-- file is opened.
INSERT INTO inventory SELECT n.number, t.reseller, '', 1, 1, 0, 0, '', 0, '', 0, 'assigned', '', 1, n.revision
FROM numbers n JOIN tenants t ON t.name = n.tenant;

CREATE TABLE numbers_new (
    tenant      TEXT    NOT NULL REFERENCES tenants (name) ON UPDATE CASCADE,
    number      TEXT    NOT NULL UNIQUE REFERENCES inventory (number),
    description TEXT    NOT NULL,
    destination TEXT    NOT NULL,
    version     INTEGER NOT NULL CHECK (version > 0),
    revision    INTEGER NOT NULL CHECK (revision > 0),
    PRIMARY KEY (tenant, number)
) STRICT, WITHOUT ROWID;

INSERT INTO numbers_new (tenant, number, description, destination, version, revision)
SELECT tenant, number, description, destination, version, revision FROM numbers;

DROP TABLE numbers;

ALTER TABLE numbers_new RENAME TO numbers;

CREATE INDEX numbers_of_destination ON numbers (tenant, destination);

ALTER TABLE tenants ADD COLUMN allow_external_numbers INTEGER NOT NULL DEFAULT 0 CHECK (allow_external_numbers IN (0, 1));

-- What happened to a number, for good: rows are added only. reseller is the owner after it.
CREATE TABLE number_history (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    number      TEXT    NOT NULL,
    at          INTEGER NOT NULL,
    actor       TEXT    NOT NULL,
    action      TEXT    NOT NULL,
    state       TEXT    NOT NULL,
    reseller    TEXT    NOT NULL,
    tenant      TEXT    NOT NULL,
    destination TEXT    NOT NULL
) STRICT;

CREATE INDEX number_history_of ON number_history (number, id);

-- +goose StatementBegin
CREATE TRIGGER number_history_stays BEFORE UPDATE ON number_history BEGIN
    SELECT RAISE(ABORT, 'the history of numbers is added to only');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER number_history_is_kept BEFORE DELETE ON number_history BEGIN
    SELECT RAISE(ABORT, 'the history of numbers is added to only');
END;
-- +goose StatementEnd
