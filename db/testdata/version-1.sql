CREATE TABLE apply_results (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    revision    INTEGER NOT NULL,
    state       TEXT    NOT NULL CHECK (state IN ('applied', 'failed')),
    at          INTEGER NOT NULL,
    error       TEXT    NOT NULL,
    duration_ms INTEGER NOT NULL,
    reloaded    TEXT    NOT NULL
) STRICT;
CREATE TABLE changes (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    revision INTEGER NOT NULL REFERENCES revisions (number),
    action   TEXT    NOT NULL CHECK (action IN ('create', 'update', 'delete')),
    kind     TEXT    NOT NULL CHECK (kind <> ''),
    tenant   TEXT    NOT NULL,
    key      TEXT    NOT NULL CHECK (key <> ''),
    fields   TEXT    NOT NULL,
    before   TEXT,
    after    TEXT
) STRICT;
CREATE TABLE devices (
    tenant          TEXT    NOT NULL REFERENCES tenants (name) ON UPDATE CASCADE,
    name            TEXT    NOT NULL CHECK (name <> ''),
    extension       TEXT    CHECK (extension <> ''),
    endpoint        TEXT    NOT NULL UNIQUE CHECK (endpoint <> ''),
    secret          TEXT    NOT NULL CHECK (secret <> ''),
    qualify_seconds INTEGER NOT NULL CHECK (qualify_seconds >= 0),
    version         INTEGER NOT NULL CHECK (version > 0),
    revision        INTEGER NOT NULL CHECK (revision > 0),
    PRIMARY KEY (tenant, name),
    FOREIGN KEY (tenant, extension) REFERENCES extensions (tenant, number) ON UPDATE CASCADE
) STRICT, WITHOUT ROWID;
CREATE TABLE endpoint_status (
    endpoint      TEXT    NOT NULL PRIMARY KEY CHECK (endpoint <> ''),
    reach         TEXT    NOT NULL CHECK (reach IN ('', 'OK', 'UNREACHABLE', 'UNKNOWN', 'UNMONITORED')),
    address       TEXT    NOT NULL,
    round_trip_us INTEGER NOT NULL,
    user_agent    TEXT    NOT NULL,
    expires       INTEGER NOT NULL,
    call_state    TEXT    NOT NULL,
    reach_since   INTEGER NOT NULL,
    call_since    INTEGER NOT NULL,
    seen_at       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE extensions (
    tenant       TEXT    NOT NULL REFERENCES tenants (name) ON UPDATE CASCADE,
    number       TEXT    NOT NULL CHECK (number <> ''),
    name         TEXT    NOT NULL,
    ring_seconds INTEGER NOT NULL CHECK (ring_seconds > 0),
    mailbox      TEXT    CHECK (mailbox <> ''),
    version      INTEGER NOT NULL CHECK (version > 0),
    revision     INTEGER NOT NULL CHECK (revision > 0),
    PRIMARY KEY (tenant, number),
    FOREIGN KEY (tenant, mailbox) REFERENCES mailboxes (tenant, number) ON UPDATE CASCADE
) STRICT, WITHOUT ROWID;
CREATE TABLE goose_db_version (
		id INTEGER PRIMARY KEY AUTOINCREMENT,
		version_id INTEGER NOT NULL,
		is_applied INTEGER NOT NULL,
		tstamp TIMESTAMP DEFAULT (datetime('now'))
	);
CREATE TABLE mailboxes (
    tenant            TEXT    NOT NULL REFERENCES tenants (name) ON UPDATE CASCADE,
    number            TEXT    NOT NULL CHECK (number <> ''),
    name              TEXT    NOT NULL,
    pin               TEXT    NOT NULL,
    email             TEXT    NOT NULL,
    attach_recording  INTEGER NOT NULL CHECK (attach_recording IN (0, 1)),
    delete_after_mail INTEGER NOT NULL CHECK (delete_after_mail IN (0, 1)),
    version           INTEGER NOT NULL CHECK (version > 0),
    revision          INTEGER NOT NULL CHECK (revision > 0),
    PRIMARY KEY (tenant, number)
) STRICT, WITHOUT ROWID;
CREATE TABLE phone_fetches (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    mac        TEXT    NOT NULL,
    known      INTEGER NOT NULL CHECK (known IN (0, 1)),
    file       TEXT    NOT NULL,
    status     INTEGER NOT NULL,
    hash       TEXT    NOT NULL,
    address    TEXT    NOT NULL,
    user_agent TEXT    NOT NULL,
    at         INTEGER NOT NULL
) STRICT;
CREATE TABLE phone_lines (
    tenant       TEXT    NOT NULL,
    mac          TEXT    NOT NULL,
    registration INTEGER NOT NULL CHECK (registration > 0),
    device       TEXT    NOT NULL,
    PRIMARY KEY (tenant, mac, registration),
    UNIQUE (tenant, device),
    FOREIGN KEY (tenant, mac) REFERENCES phones (tenant, mac) ON UPDATE CASCADE ON DELETE CASCADE,
    FOREIGN KEY (tenant, device) REFERENCES devices (tenant, name) ON UPDATE CASCADE
) STRICT, WITHOUT ROWID;
CREATE TABLE phones (
    tenant      TEXT    NOT NULL REFERENCES tenants (name) ON UPDATE CASCADE,
    mac         TEXT    NOT NULL UNIQUE CHECK (length(mac) = 12),
    vendor      TEXT    NOT NULL CHECK (vendor <> ''),
    model       TEXT    NOT NULL CHECK (model <> ''),
    url_secret  TEXT    NOT NULL CHECK (url_secret <> ''),
    enrol_until INTEGER NOT NULL,
    version     INTEGER NOT NULL CHECK (version > 0),
    revision    INTEGER NOT NULL CHECK (revision > 0),
    PRIMARY KEY (tenant, mac)
) STRICT, WITHOUT ROWID;
CREATE TABLE revisions (
    number  INTEGER PRIMARY KEY AUTOINCREMENT,
    at      INTEGER NOT NULL,
    actor   TEXT    NOT NULL,
    address TEXT    NOT NULL
) STRICT;
CREATE TABLE settings (
    key   TEXT NOT NULL PRIMARY KEY CHECK (key <> ''),
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE tenants (
    name           TEXT    NOT NULL PRIMARY KEY CHECK (name <> ''),
    title          TEXT    NOT NULL,
    timezone       TEXT    NOT NULL CHECK (timezone <> ''),
    phone_password TEXT    NOT NULL CHECK (phone_password <> ''),
    version        INTEGER NOT NULL CHECK (version > 0),
    revision       INTEGER NOT NULL CHECK (revision > 0)
) STRICT, WITHOUT ROWID;
CREATE TABLE tokens (
    id           TEXT    NOT NULL PRIMARY KEY CHECK (id <> ''),
    name         TEXT    NOT NULL,
    hash         BLOB    NOT NULL UNIQUE CHECK (length(hash) = 32),
    created_at   INTEGER NOT NULL,
    revoked_at   INTEGER NOT NULL,
    last_used_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX apply_results_of_state ON apply_results (state, id);
CREATE INDEX changes_of_object ON changes (tenant, kind, key, id);
CREATE INDEX changes_of_revision ON changes (revision);
CREATE INDEX devices_of_extension ON devices (tenant, extension);
CREATE INDEX extensions_of_mailbox ON extensions (tenant, mailbox);
CREATE INDEX phone_fetches_of_phone ON phone_fetches (mac, id);
CREATE INDEX phone_fetches_of_strangers ON phone_fetches (id) WHERE known = 0;
INSERT INTO apply_results (id, revision, state, at, error, duration_ms, reloaded) VALUES (1, 2, 'applied', 1795335195160, '', 0, 'res_pjsip.so');
INSERT INTO changes (id, revision, action, kind, tenant, key, fields, before, after) VALUES (1, 1, 'create', 'tenant', 'default', 'default', '', NULL, '{"name":"default","phone_password":"****","timezone":"UTC","title":""}');
INSERT INTO changes (id, revision, action, kind, tenant, key, fields, before, after) VALUES (2, 2, 'create', 'tenant', 'acme', 'acme', '', NULL, '{"name":"acme","phone_password":"****","timezone":"Europe/Berlin","title":"Acme GmbH"}');
INSERT INTO changes (id, revision, action, kind, tenant, key, fields, before, after) VALUES (3, 2, 'create', 'mailbox', 'default', '101', '', NULL, '{"attach_recording":true,"delete_after_mail":true,"email":"ada@example.org","name":"Ada","number":"101","pin":"****","tenant":"default"}');
INSERT INTO changes (id, revision, action, kind, tenant, key, fields, before, after) VALUES (4, 2, 'create', 'extension', 'default', '101', '', NULL, '{"mailbox":"101","name":"Ada Lovelace","number":"101","ring_seconds":25,"tenant":"default"}');
INSERT INTO changes (id, revision, action, kind, tenant, key, fields, before, after) VALUES (5, 2, 'create', 'device', 'default', 'desk-101', '', NULL, '{"endpoint":"dabcdefgh","extension":"101","name":"desk-101","qualify_seconds":30,"secret":"****","tenant":"default"}');
INSERT INTO changes (id, revision, action, kind, tenant, key, fields, before, after) VALUES (6, 2, 'create', 'phone', 'default', '001565aabbcc', '', NULL, '{"enrol_until":"2031-02-03T04:05:06.007Z","lines":[{"device":"desk-101","registration":1}],"mac":"001565aabbcc","model":"T46U","tenant":"default","url_secret":"****","vendor":"yealink"}');
INSERT INTO devices (tenant, name, extension, endpoint, secret, qualify_seconds, version, revision) VALUES ('default', 'desk-101', '101', 'dabcdefgh', 'devicesecret1234567', 30, 1, 2);
INSERT INTO endpoint_status (endpoint, reach, address, round_trip_us, user_agent, expires, call_state, reach_since, call_since, seen_at) VALUES ('dabcdefgh', 'OK', '[2001:db8::1]:5060', 12345, 'Yealink SIP-T46U 108.86.0.20', 1700003600123, 'in-call', 1699996400123, 1699999940123, 1700000000123);
INSERT INTO extensions (tenant, number, name, ring_seconds, mailbox, version, revision) VALUES ('default', '101', 'Ada Lovelace', 25, '101', 1, 2);
INSERT INTO goose_db_version (id, version_id, is_applied, tstamp) VALUES (1, 0, 1, '2026-11-22 08:13:15');
INSERT INTO goose_db_version (id, version_id, is_applied, tstamp) VALUES (2, 1, 1, '2026-11-22 08:13:15');
INSERT INTO mailboxes (tenant, number, name, pin, email, attach_recording, delete_after_mail, version, revision) VALUES ('default', '101', 'Ada', '98761234', 'ada@example.org', 1, 1, 1, 2);
INSERT INTO phone_fetches (id, mac, known, file, status, hash, address, user_agent, at) VALUES (1, '001565aabbcc', 1, '001565aabbcc.cfg', 200, 'abababababababababababababababababababababababababababababababab', '192.0.2.9', 'Yealink SIP-T46U 108.86.0.20 00:15:65:aa:bb:cc', 1700000000123);
INSERT INTO phone_lines (tenant, mac, registration, device) VALUES ('default', '001565aabbcc', 1, 'desk-101');
INSERT INTO phones (tenant, mac, vendor, model, url_secret, enrol_until, version, revision) VALUES ('default', '001565aabbcc', 'yealink', 'T46U', 'urlsecret1234567', 1927857906007, 1, 2);
INSERT INTO revisions (number, at, actor, address) VALUES (1, 1795335195157, 'dialtone', '');
INSERT INTO revisions (number, at, actor, address) VALUES (2, 1795335195158, 'tester', '192.0.2.7');
INSERT INTO settings (key, value) VALUES ('installation', 'x1');
INSERT INTO tenants (name, title, timezone, phone_password, version, revision) VALUES ('acme', 'Acme GmbH', 'Europe/Berlin', 'tenantsecret1', 1, 2);
INSERT INTO tenants (name, title, timezone, phone_password, version, revision) VALUES ('default', '', 'UTC', 'wsn6rfe7tqncj4xu', 1, 1);
INSERT INTO tokens (id, name, hash, created_at, revoked_at, last_used_at) VALUES ('t1', 'console', X'0000000000000000000000000000000000000000000000000000000000000000', 1795335195159, 0, 0);
