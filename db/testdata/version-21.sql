CREATE TABLE answer_counts (
    tenant    TEXT    NOT NULL,
    extension TEXT    NOT NULL,
    last      INTEGER NOT NULL,
    count     INTEGER NOT NULL CHECK (count > 0),
    PRIMARY KEY (tenant, extension),
    FOREIGN KEY (tenant, extension) REFERENCES extensions (tenant, number) ON UPDATE CASCADE ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE TABLE apply_results (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    revision    INTEGER NOT NULL,
    state       TEXT    NOT NULL CHECK (state IN ('applied', 'failed')),
    at          INTEGER NOT NULL,
    error       TEXT    NOT NULL,
    duration_ms INTEGER NOT NULL,
    reloaded    TEXT    NOT NULL
) STRICT;
CREATE TABLE button_templates (
    tenant   TEXT    NOT NULL REFERENCES tenants (name) ON UPDATE CASCADE,
    model    TEXT    NOT NULL CHECK (model <> ''),
    version  INTEGER NOT NULL CHECK (version > 0),
    revision INTEGER NOT NULL CHECK (revision > 0),
    PRIMARY KEY (tenant, model)
) STRICT, WITHOUT ROWID;
CREATE TABLE cdr_lines (
    call     TEXT    NOT NULL,
    channel  TEXT    NOT NULL,
    sequence INTEGER NOT NULL,
    ended    INTEGER NOT NULL,
    line     TEXT    NOT NULL,
    PRIMARY KEY (call, channel, sequence)
) STRICT, WITHOUT ROWID;
CREATE TABLE cdrs (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant         TEXT    NOT NULL REFERENCES tenants (name) ON UPDATE CASCADE ON DELETE CASCADE,
    call           TEXT    NOT NULL,
    started        INTEGER NOT NULL,
    answered       INTEGER NOT NULL,
    ended          INTEGER NOT NULL,
    from_number    TEXT    NOT NULL,
    from_name      TEXT    NOT NULL,
    from_extension TEXT    NOT NULL,
    from_device    TEXT    NOT NULL,
    dialled        TEXT    NOT NULL,
    by_number      TEXT    NOT NULL,
    by_name        TEXT    NOT NULL,
    by_extension   TEXT    NOT NULL,
    by_device      TEXT    NOT NULL,
    called         TEXT    NOT NULL,
    outcome        TEXT    NOT NULL,
    via            TEXT    NOT NULL,
    rules          TEXT    NOT NULL,
    recording      TEXT    NOT NULL,
    incomplete     INTEGER NOT NULL CHECK (incomplete IN (0, 1)),
    extensions     TEXT    NOT NULL,
    numbers        TEXT    NOT NULL
, lines INTEGER NOT NULL DEFAULT 0 CHECK (lines IN (0, 1))) STRICT;
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
CREATE TABLE classes_of_service (
    tenant      TEXT    NOT NULL REFERENCES tenants (name) ON UPDATE CASCADE,
    name        TEXT    NOT NULL CHECK (name <> ''),
    description TEXT    NOT NULL,
    allow       TEXT    NOT NULL,
    deny        TEXT    NOT NULL,
    version     INTEGER NOT NULL CHECK (version > 0),
    revision    INTEGER NOT NULL CHECK (revision > 0),
    PRIMARY KEY (tenant, name)
) STRICT, WITHOUT ROWID;
CREATE TABLE devices (
    tenant          TEXT    NOT NULL REFERENCES tenants (name) ON UPDATE CASCADE,
    name            TEXT    NOT NULL CHECK (name <> ''),
    extension       TEXT    CHECK (extension <> ''),
    endpoint        TEXT    NOT NULL UNIQUE CHECK (endpoint <> ''),
    secret          TEXT    NOT NULL CHECK (secret <> ''),
    qualify_seconds INTEGER NOT NULL CHECK (qualify_seconds >= 0),
    version         INTEGER NOT NULL CHECK (version > 0),
    revision        INTEGER NOT NULL CHECK (revision > 0), kind TEXT NOT NULL DEFAULT 'sip', external_number TEXT CHECK (external_number <> ''), ring_seconds INTEGER NOT NULL DEFAULT 0 CHECK (ring_seconds >= 0), ring_order INTEGER NOT NULL DEFAULT 1 CHECK (ring_order >= 0), confirm INTEGER NOT NULL DEFAULT 0 CHECK (confirm IN (0, 1)), class TEXT NOT NULL DEFAULT 'hardware', shared INTEGER NOT NULL DEFAULT 0 CHECK (shared IN (0, 1)), dahdi_channel INTEGER NOT NULL DEFAULT 0 CHECK (dahdi_channel >= 0),
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
    revision     INTEGER NOT NULL CHECK (revision > 0), ring TEXT NOT NULL DEFAULT 'all', twin_number TEXT CHECK (twin_number <> ''), presence INTEGER NOT NULL DEFAULT 1 CHECK (presence IN (0, 1)), allowed_devices TEXT NOT NULL DEFAULT '', anonymous INTEGER NOT NULL DEFAULT 0 CHECK (anonymous IN (0, 1)), record INTEGER NOT NULL DEFAULT 0 CHECK (record IN (0, 1)), type TEXT NOT NULL DEFAULT 'sip', parent_device TEXT NOT NULL DEFAULT '', presentation_number TEXT NOT NULL DEFAULT '', class_of_service TEXT NOT NULL DEFAULT '', country TEXT NOT NULL DEFAULT '', do_not_disturb INTEGER NOT NULL DEFAULT 0 CHECK (do_not_disturb IN (0, 1)), call_waiting INTEGER NOT NULL DEFAULT 1 CHECK (call_waiting IN (0, 1)), record_on_demand INTEGER NOT NULL DEFAULT 0 CHECK (record_on_demand IN (0, 1)), monitors INTEGER NOT NULL DEFAULT 0 CHECK (monitors IN (0, 1)), monitored INTEGER NOT NULL DEFAULT 0 CHECK (monitored IN (0, 1)), timezone TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (tenant, number),
    FOREIGN KEY (tenant, mailbox) REFERENCES mailboxes (tenant, number) ON UPDATE CASCADE
) STRICT, WITHOUT ROWID;
CREATE TABLE external_numbers (
    tenant      TEXT    NOT NULL REFERENCES tenants (name) ON UPDATE CASCADE,
    number      TEXT    NOT NULL CHECK (number <> ''),
    description TEXT    NOT NULL,
    available   INTEGER NOT NULL CHECK (available IN (0, 1)),
    type        TEXT    NOT NULL CHECK (type <> ''),
    version     INTEGER NOT NULL CHECK (version > 0),
    revision    INTEGER NOT NULL CHECK (revision > 0),
    PRIMARY KEY (tenant, number)
) STRICT, WITHOUT ROWID;
CREATE TABLE feature_codes (
    tenant       TEXT    NOT NULL PRIMARY KEY REFERENCES tenants (name) ON UPDATE CASCADE ON DELETE CASCADE,
    -- JSON object, feature to code, of those that are not the default.
    codes        TEXT    NOT NULL,
    park_slots   TEXT    NOT NULL,
    park_seconds INTEGER NOT NULL CHECK (park_seconds > 0),
    version      INTEGER NOT NULL CHECK (version > 0),
    revision     INTEGER NOT NULL CHECK (revision > 0)
) STRICT, WITHOUT ROWID;
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
CREATE TABLE goose_db_version (
		id INTEGER PRIMARY KEY AUTOINCREMENT,
		version_id INTEGER NOT NULL,
		is_applied INTEGER NOT NULL,
		tstamp TIMESTAMP DEFAULT (datetime('now'))
	);
CREATE TABLE group_members (
    tenant    TEXT NOT NULL,
    extension TEXT NOT NULL,
    name      TEXT NOT NULL,
    PRIMARY KEY (tenant, extension, name),
    FOREIGN KEY (tenant, extension) REFERENCES extensions (tenant, number) ON UPDATE CASCADE ON DELETE CASCADE,
    FOREIGN KEY (tenant, name) REFERENCES phone_groups (tenant, name) ON UPDATE CASCADE
) STRICT, WITHOUT ROWID;
CREATE TABLE invitation_links (
    hash       BLOB NOT NULL PRIMARY KEY CHECK (length(hash) = 32),
    invitation TEXT NOT NULL REFERENCES invitations (id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE TABLE invitations (
    id         TEXT    NOT NULL PRIMARY KEY CHECK (id <> ''),
    tenant     TEXT    NOT NULL,
    device     TEXT    NOT NULL,
    email      TEXT    NOT NULL CHECK (email <> ''),
    actor      TEXT    NOT NULL,
    state      TEXT    NOT NULL CHECK (state IN ('queued', 'sent', 'failed')),
    attempts   INTEGER NOT NULL,
    error      TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    next_at    INTEGER NOT NULL,
    sent_at    INTEGER NOT NULL,
    opened_at  INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    FOREIGN KEY (tenant, device) REFERENCES devices (tenant, name) ON UPDATE CASCADE ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
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
CREATE TABLE numbers (
    tenant      TEXT    NOT NULL REFERENCES tenants (name) ON UPDATE CASCADE,
    number      TEXT    NOT NULL UNIQUE CHECK (number <> ''),
    description TEXT    NOT NULL,
    destination TEXT    NOT NULL,
    version     INTEGER NOT NULL CHECK (version > 0),
    revision    INTEGER NOT NULL CHECK (revision > 0),
    PRIMARY KEY (tenant, number)
) STRICT, WITHOUT ROWID;
CREATE TABLE phone_buttons (
    tenant  TEXT    NOT NULL,
    mac     TEXT    NOT NULL,
    module  INTEGER NOT NULL CHECK (module >= 0),
    key     INTEGER NOT NULL CHECK (key > 0),
    kind    TEXT    NOT NULL CHECK (kind <> ''),
    value   TEXT    NOT NULL,
    watches TEXT    CHECK (watches <> ''),
    label   TEXT    NOT NULL,
    line    INTEGER NOT NULL CHECK (line > 0),
    PRIMARY KEY (tenant, mac, module, key),
    FOREIGN KEY (tenant, mac) REFERENCES phones (tenant, mac) ON UPDATE CASCADE ON DELETE CASCADE,
    FOREIGN KEY (tenant, watches) REFERENCES extensions (tenant, number) ON UPDATE CASCADE
) STRICT, WITHOUT ROWID;
CREATE TABLE phone_fetch_batches (
    id      INTEGER PRIMARY KEY,
    content BLOB    NOT NULL
) STRICT;
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
CREATE TABLE phone_groups (
    tenant   TEXT    NOT NULL REFERENCES tenants (name) ON UPDATE CASCADE,
    name     TEXT    NOT NULL CHECK (name <> ''),
    version  INTEGER NOT NULL CHECK (version > 0),
    revision INTEGER NOT NULL CHECK (revision > 0),
    PRIMARY KEY (tenant, name)
) STRICT, WITHOUT ROWID;
CREATE TABLE phone_inbox (
    mac        TEXT    NOT NULL PRIMARY KEY CHECK (length(mac) = 12),
    vendor     TEXT    NOT NULL,
    model      TEXT    NOT NULL,
    firmware   TEXT    NOT NULL,
    user_agent TEXT    NOT NULL,
    address    TEXT    NOT NULL,
    first_seen INTEGER NOT NULL,
    last_seen  INTEGER NOT NULL,
    count      INTEGER NOT NULL CHECK (count > 0)
) STRICT, WITHOUT ROWID;
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
CREATE TABLE phone_resyncs (
    id        INTEGER PRIMARY KEY,
    batch     TEXT    NOT NULL,
    tenant    TEXT    NOT NULL,
    mac       TEXT    NOT NULL,
    action    TEXT    NOT NULL,
    reason    TEXT    NOT NULL,
    endpoint  TEXT    NOT NULL,
    state     TEXT    NOT NULL,
    error     TEXT    NOT NULL,
    queued_at INTEGER NOT NULL,
    due_at    INTEGER NOT NULL,
    sent_at   INTEGER NOT NULL,
    ended_at  INTEGER NOT NULL,
    file      TEXT    NOT NULL,
    hash      TEXT    NOT NULL
) STRICT;
CREATE TABLE phone_seen (
    mac            TEXT    NOT NULL PRIMARY KEY CHECK (length(mac) = 12),
    enrolled       TEXT    NOT NULL,
    enrolled_at    INTEGER NOT NULL,
    seen_at        INTEGER NOT NULL,
    fetched_at     INTEGER NOT NULL,
    address        TEXT    NOT NULL,
    former_address TEXT    NOT NULL,
    address_since  INTEGER NOT NULL,
    user_agent     TEXT    NOT NULL,
    files          TEXT    NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE phone_settings (
    tenant        TEXT    NOT NULL PRIMARY KEY REFERENCES tenants (name) ON UPDATE CASCADE ON DELETE CASCADE,
    language      TEXT    NOT NULL,
    tone_country  TEXT    NOT NULL,
    ntp_server    TEXT    NOT NULL,
    syslog_server TEXT    NOT NULL,
    vlan          INTEGER NOT NULL,
    vlan_priority INTEGER NOT NULL,
    codecs        TEXT    NOT NULL,
    srtp          TEXT    NOT NULL CHECK (srtp <> ''),
    clock24       INTEGER NOT NULL CHECK (clock24 IN (0, 1)),
    logo          TEXT    NOT NULL,
    version       INTEGER NOT NULL CHECK (version > 0),
    revision      INTEGER NOT NULL CHECK (revision > 0)
, uploads  TEXT NOT NULL DEFAULT 'contacts calls', firmware TEXT NOT NULL DEFAULT '') STRICT, WITHOUT ROWID;
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
CREATE TABLE ring_group_members (
    tenant       TEXT    NOT NULL,
    name         TEXT    NOT NULL,
    position     INTEGER NOT NULL CHECK (position >= 0),
    extension    TEXT,
    external     TEXT,
    delay        INTEGER NOT NULL CHECK (delay >= 0),
    ring_seconds INTEGER NOT NULL CHECK (ring_seconds >= 0),
    weight       INTEGER NOT NULL CHECK (weight >= 0),
    PRIMARY KEY (tenant, name, position),
    UNIQUE (tenant, name, extension),
    UNIQUE (tenant, name, external),
    CHECK ((extension IS NULL) <> (external IS NULL)),
    FOREIGN KEY (tenant, name) REFERENCES ring_groups (tenant, name) ON UPDATE CASCADE ON DELETE CASCADE,
    FOREIGN KEY (tenant, extension) REFERENCES extensions (tenant, number) ON UPDATE CASCADE,
    FOREIGN KEY (tenant, external) REFERENCES external_numbers (tenant, number)
) STRICT, WITHOUT ROWID;
CREATE TABLE ring_group_turns (
    tenant      TEXT    NOT NULL,
    name        TEXT    NOT NULL,
    member      TEXT    NOT NULL,
    last        TEXT    NOT NULL,
    answered_at INTEGER NOT NULL,
    answers     INTEGER NOT NULL CHECK (answers >= 0),
    PRIMARY KEY (tenant, name, member),
    FOREIGN KEY (tenant, name) REFERENCES ring_groups (tenant, name) ON UPDATE CASCADE ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE TABLE ring_groups (
    tenant           TEXT    NOT NULL REFERENCES tenants (name) ON UPDATE CASCADE,
    name             TEXT    NOT NULL CHECK (name <> ''),
    number           TEXT    NOT NULL CHECK (number <> ''),
    strategy         TEXT    NOT NULL CHECK (strategy <> ''),
    ring_seconds     INTEGER NOT NULL CHECK (ring_seconds > 0),
    timeout          INTEGER NOT NULL CHECK (timeout >= 0),
    destination      TEXT    NOT NULL,
    skip_busy        INTEGER NOT NULL CHECK (skip_busy IN (0, 1)),
    follow_forwards  INTEGER NOT NULL CHECK (follow_forwards IN (0, 1)),
    confirm          TEXT    NOT NULL CHECK (confirm <> ''),
    caller_id_prefix TEXT    NOT NULL,
    ring_tone        INTEGER NOT NULL CHECK (ring_tone >= 0),
    waiting          TEXT    NOT NULL CHECK (waiting <> ''),
    announcement     TEXT    NOT NULL,
    version          INTEGER NOT NULL CHECK (version > 0),
    revision         INTEGER NOT NULL CHECK (revision > 0),
    PRIMARY KEY (tenant, name),
    UNIQUE (tenant, number)
) STRICT, WITHOUT ROWID;
CREATE TABLE sessions (
    hash       BLOB    NOT NULL PRIMARY KEY CHECK (length(hash) = 32),
    tenant     TEXT    NOT NULL,
    username   TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    FOREIGN KEY (tenant, username) REFERENCES users (tenant, username) ON UPDATE CASCADE ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE TABLE sign_ins (
    tenant     TEXT    NOT NULL,
    username   TEXT    NOT NULL,
    hash       BLOB    NOT NULL UNIQUE CHECK (length(hash) = 32),
    code       TEXT    NOT NULL,
    tries      INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    state      TEXT    NOT NULL CHECK (state IN ('queued', 'sent', 'failed')),
    attempts   INTEGER NOT NULL,
    next_at    INTEGER NOT NULL,
    PRIMARY KEY (tenant, username),
    FOREIGN KEY (tenant, username) REFERENCES users (tenant, username) ON UPDATE CASCADE ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE TABLE template_buttons (
    tenant  TEXT    NOT NULL,
    model   TEXT    NOT NULL,
    module  INTEGER NOT NULL CHECK (module >= 0),
    key     INTEGER NOT NULL CHECK (key > 0),
    kind    TEXT    NOT NULL CHECK (kind <> ''),
    value   TEXT    NOT NULL,
    watches TEXT    CHECK (watches <> ''),
    label   TEXT    NOT NULL,
    line    INTEGER NOT NULL CHECK (line > 0),
    PRIMARY KEY (tenant, model, module, key),
    FOREIGN KEY (tenant, model) REFERENCES button_templates (tenant, model) ON UPDATE CASCADE ON DELETE CASCADE,
    FOREIGN KEY (tenant, watches) REFERENCES extensions (tenant, number) ON UPDATE CASCADE
) STRICT, WITHOUT ROWID;
CREATE TABLE tenants (
    name           TEXT    NOT NULL PRIMARY KEY CHECK (name <> ''),
    title          TEXT    NOT NULL,
    timezone       TEXT    NOT NULL CHECK (timezone <> ''),
    phone_password TEXT    NOT NULL CHECK (phone_password <> ''),
    version        INTEGER NOT NULL CHECK (version > 0),
    revision       INTEGER NOT NULL CHECK (revision > 0)
, max_extensions INTEGER NOT NULL DEFAULT 0 CHECK (max_extensions >= 0), phone_networks TEXT NOT NULL DEFAULT '', country TEXT NOT NULL DEFAULT '', class_of_service TEXT NOT NULL DEFAULT '', cdr_days INTEGER NOT NULL DEFAULT 0 CHECK (cdr_days >= 0), forward_caller TEXT NOT NULL DEFAULT 'extension' CHECK (forward_caller IN ('extension', 'caller'))) STRICT, WITHOUT ROWID;
CREATE TABLE tokens (
    id           TEXT    NOT NULL PRIMARY KEY CHECK (id <> ''),
    name         TEXT    NOT NULL,
    hash         BLOB    NOT NULL UNIQUE CHECK (length(hash) = 32),
    created_at   INTEGER NOT NULL,
    revoked_at   INTEGER NOT NULL,
    last_used_at INTEGER NOT NULL
, role TEXT NOT NULL DEFAULT 'platform-admin' CHECK (role IN ('platform-admin', 'tenant-admin', 'operator')), tenant TEXT REFERENCES tenants (name) ON UPDATE CASCADE ON DELETE CASCADE, expires_at INTEGER NOT NULL DEFAULT 0) STRICT, WITHOUT ROWID;
CREATE TABLE trunks (
    tenant        TEXT    NOT NULL REFERENCES tenants (name) ON UPDATE CASCADE,
    name          TEXT    NOT NULL CHECK (name <> ''),
    endpoint      TEXT    NOT NULL UNIQUE CHECK (endpoint <> ''),
    host          TEXT    NOT NULL CHECK (host <> ''),
    port          INTEGER NOT NULL CHECK (port > 0),
    transport     TEXT    NOT NULL CHECK (transport <> ''),
    username      TEXT    NOT NULL,
    secret        TEXT    NOT NULL,
    register      INTEGER NOT NULL CHECK (register IN (0, 1)),
    caller_number TEXT    NOT NULL,
    teams         INTEGER NOT NULL CHECK (teams IN (0, 1)),
    version       INTEGER NOT NULL CHECK (version > 0),
    revision      INTEGER NOT NULL CHECK (revision > 0),
    PRIMARY KEY (tenant, name),
    UNIQUE (tenant, teams)
) STRICT, WITHOUT ROWID;
CREATE TABLE user_photos (
    tenant   TEXT NOT NULL,
    username TEXT NOT NULL,
    type     TEXT NOT NULL CHECK (type <> ''),
    content  BLOB NOT NULL,
    PRIMARY KEY (tenant, username),
    FOREIGN KEY (tenant, username) REFERENCES users (tenant, username) ON UPDATE CASCADE ON DELETE CASCADE
) STRICT;
CREATE TABLE users (
    tenant      TEXT    NOT NULL REFERENCES tenants (name) ON UPDATE CASCADE,
    username    TEXT    NOT NULL CHECK (username <> ''),
    full_name   TEXT    NOT NULL,
    email       TEXT    NOT NULL,
    personal_contact TEXT NOT NULL,
    language    TEXT    NOT NULL,
    timezone    TEXT    NOT NULL,
    extension   TEXT    CHECK (extension <> ''),
    login       INTEGER NOT NULL CHECK (login IN (0, 1)),
    desk_pin    TEXT    NOT NULL,
    password    TEXT    NOT NULL,
    must_change INTEGER NOT NULL CHECK (must_change IN (0, 1)),
    photo       TEXT    NOT NULL,
    version     INTEGER NOT NULL CHECK (version > 0),
    revision    INTEGER NOT NULL CHECK (revision > 0), role TEXT NOT NULL DEFAULT 'user' CHECK (role IN ('tenant-admin', 'operator', 'user')), second_step TEXT NOT NULL DEFAULT 'none' CHECK (second_step IN ('none', 'email')),
    PRIMARY KEY (tenant, username),
    FOREIGN KEY (tenant, extension) REFERENCES extensions (tenant, number) ON UPDATE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX apply_results_of_state ON apply_results (state, id);
CREATE INDEX cdrs_of_call ON cdrs (call);
CREATE UNIQUE INDEX cdrs_of_lines ON cdrs (call) WHERE lines = 1;
CREATE INDEX cdrs_of_tenant ON cdrs (tenant, started, id);
CREATE INDEX changes_of_object ON changes (tenant, kind, key, id);
CREATE INDEX changes_of_revision ON changes (revision);
CREATE INDEX devices_of_extension ON devices (tenant, extension);
CREATE INDEX devices_of_external_number ON devices (tenant, external_number);
CREATE INDEX extensions_of_class ON extensions (tenant, class_of_service) WHERE class_of_service <> '';
CREATE INDEX extensions_of_mailbox ON extensions (tenant, mailbox);
CREATE INDEX extensions_of_parent ON extensions (tenant, parent_device) WHERE parent_device <> '';
CREATE INDEX extensions_of_presentation_number ON extensions (tenant, presentation_number) WHERE presentation_number <> '';
CREATE INDEX extensions_of_twin_number ON extensions (tenant, twin_number);
CREATE INDEX group_members_of_group ON group_members (tenant, name);
CREATE INDEX invitation_links_of_invitation ON invitation_links (invitation);
CREATE INDEX invitations_of_device ON invitations (tenant, device);
CREATE INDEX invitations_queued ON invitations (next_at) WHERE state = 'queued';
CREATE INDEX numbers_of_destination ON numbers (tenant, destination);
CREATE INDEX phone_buttons_of_extension ON phone_buttons (tenant, watches);
CREATE INDEX phone_fetches_of_strangers ON phone_fetches (at) WHERE known = 0;
CREATE INDEX phone_resyncs_of_batch ON phone_resyncs (batch, state);
CREATE INDEX phone_resyncs_of_phone ON phone_resyncs (mac, id);
CREATE INDEX ring_group_members_of_extension ON ring_group_members (tenant, extension);
CREATE INDEX ring_group_members_of_external ON ring_group_members (tenant, external);
CREATE INDEX sessions_of_user ON sessions (tenant, username);
CREATE INDEX sign_ins_queued ON sign_ins (next_at) WHERE state = 'queued';
CREATE INDEX template_buttons_of_extension ON template_buttons (tenant, watches);
CREATE INDEX tokens_of_tenant ON tokens (tenant);
CREATE UNIQUE INDEX users_of_extension ON users (tenant, extension);
INSERT INTO answer_counts (tenant, extension, last, count) VALUES ('default', '101', 5, 3);
INSERT INTO apply_results (id, revision, state, at, error, duration_ms, reloaded) VALUES (1, 2, 'applied', 1795957209762, '', 0, 'res_pjsip.so');
INSERT INTO button_templates (tenant, model, version, revision) VALUES ('default', 'T46U', 1, 4);
INSERT INTO cdr_lines (call, channel, sequence, ended, line) VALUES ('7.1', '7.1', 1, 1800000002000, '{"call":"7.1","channel":"7.1","sequence":1,"name":"PJSIP/a-00000001","peer":"PJSIP/b-00000002","context":"from-default","exten":"102","from":{"number":"101","name":"Ada"},"dialled":"102","app":"Dial","app_data":"PJSIP/b,20","disposition":"ANSWERED","start":"2027-01-15T08:00:00Z","answer":"2027-01-15T08:00:01Z","end":"2027-01-15T08:00:02Z"}');
INSERT INTO cdrs (id, tenant, call, started, answered, ended, from_number, from_name, from_extension, from_device, dialled, by_number, by_name, by_extension, by_device, called, outcome, via, rules, recording, incomplete, extensions, numbers, lines) VALUES (1, 'default', '1800000000.1', 1800000000000, 1800000002000, 1800000009000, '101', 'Ada', '101', 'desk-101', '102', '102', 'Bob ''; DROP', '102', 'bob', '[{"id":"1800000000.2","number":"102","name":"Bob ''; DROP","extension":"102","device":"bob","state":"ended","since":"2027-01-15T08:00:00Z","started":"2027-01-15T08:00:00Z","answered":"2027-01-15T08:00:00Z","ended":"2027-01-15T08:00:00Z","outcome":"ANSWER"}]', 'answered', 'pickup transfer', '["because","and so"]', 'r', 1, ' 101 102 ', ' 101 102 ', 0);
INSERT INTO changes (id, revision, action, kind, tenant, key, fields, before, after) VALUES (1, 1, 'create', 'tenant', 'default', 'default', '', NULL, '{"cdr_days":0,"class_of_service":"","country":"","forward_caller":"extension","max_extensions":0,"name":"default","phone_networks":[],"phone_password":"****","timezone":"UTC","title":""}');
INSERT INTO changes (id, revision, action, kind, tenant, key, fields, before, after) VALUES (2, 2, 'create', 'tenant', 'acme', 'acme', '', NULL, '{"cdr_days":90,"class_of_service":"","country":"DE","forward_caller":"caller","max_extensions":500,"name":"acme","phone_networks":["192.0.2.0/24","2001:db8::/64"],"phone_password":"****","timezone":"Europe/Berlin","title":"Acme GmbH"}');
INSERT INTO changes (id, revision, action, kind, tenant, key, fields, before, after) VALUES (3, 2, 'create', 'mailbox', 'default', '101', '', NULL, '{"attach_recording":true,"delete_after_mail":true,"email":"ada@example.org","name":"Ada","number":"101","pin":"****"}');
INSERT INTO changes (id, revision, action, kind, tenant, key, fields, before, after) VALUES (4, 2, 'create', 'group', 'default', 'sales', '', NULL, '{"name":"sales"}');
INSERT INTO changes (id, revision, action, kind, tenant, key, fields, before, after) VALUES (5, 2, 'create', 'extension', 'default', '101', '', NULL, '{"allowed_devices":["hardware","mobile"],"anonymous":true,"call_waiting":false,"class_of_service":"","country":"","do_not_disturb":true,"groups":["sales"],"mailbox":"101","monitored":true,"monitors":true,"name":"Ada Lovelace","number":"101","parent_device":"","presence":true,"presentation_number":"","record":true,"record_on_demand":true,"ring":"all","ring_seconds":25,"timezone":"Asia/Tokyo","twin_number":"","type":"sip"}');
INSERT INTO changes (id, revision, action, kind, tenant, key, fields, before, after) VALUES (6, 2, 'create', 'device', 'default', 'desk-101', '', NULL, '{"class":"mobile","confirm":false,"dahdi_channel":7,"endpoint":"dabcdefgh","extension":"101","external_number":"","kind":"sip","name":"desk-101","qualify_seconds":30,"ring_order":1,"ring_seconds":0,"secret":"****","shared":true}');
INSERT INTO changes (id, revision, action, kind, tenant, key, fields, before, after) VALUES (7, 2, 'create', 'phone', 'default', '001565aabbcc', '', NULL, '{"buttons":{"m1-2":{"kind":"blf","value":"101","label":"Ada","line":3}},"enrol_until":"2031-02-03T04:05:06.007Z","lines":[{"registration":1,"device":"desk-101"}],"mac":"00:15:65:aa:bb:cc","model":"T46U","provisioning_url":"****","vendor":"yealink"}');
INSERT INTO changes (id, revision, action, kind, tenant, key, fields, before, after) VALUES (8, 3, 'create', 'user', 'default', 'ada', '', NULL, '{"desk_pin":"****","email":"ada@example.org","extension":"101","full_name":"Ada Lovelace","has_photo":true,"language":"en_GB","login":true,"must_change_password":true,"password":"****","personal_contact":"ada@home.example","role":"operator","second_step":"email","timezone":"Europe/London","username":"ada"}');
INSERT INTO changes (id, revision, action, kind, tenant, key, fields, before, after) VALUES (9, 3, 'create', 'forward', 'default', '101', '', NULL, '{"busy":"hangup","destination":"","exceptions":["+4915112345678","102"],"extension":"101","mode":"schedule","no_answer":"voicemail:101","no_answer_seconds":15,"rules":[{"days":["sat","sun"],"from":"18:00","to":"08:00","first_date":"2026-01-01","last_date":"2026-12-31","destination":"voicemail:101"}],"timezone":"Europe/Vienna","unreachable":"external:+4930123456"}');
INSERT INTO changes (id, revision, action, kind, tenant, key, fields, before, after) VALUES (10, 4, 'create', 'button-template', 'default', 'T46U', '', NULL, '{"buttons":{"m1-2":{"kind":"blf","value":"101","label":"Ada","line":3}},"model":"T46U"}');
INSERT INTO changes (id, revision, action, kind, tenant, key, fields, before, after) VALUES (11, 4, 'update', 'phone-settings', 'acme', 'acme', 'codecs firmware language logo ntp_server srtp syslog_server tone_country uploads vlan vlan_priority', '{"clock24":true,"codecs":["g722","pcma","pcmu"],"firmware":{},"language":"","logo":"","ntp_server":"","srtp":"off","syslog_server":"","tone_country":"","uploads":["contacts","calls"],"vlan":null,"vlan_priority":0}', '{"clock24":true,"codecs":["pcma","g722"],"firmware":{"T46U":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/t46u.rom","VVX450":"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb/vvx.ld"},"language":"de","logo":"http://www.example.com/logo.png","ntp_server":"ntp.example.com","srtp":"optional","syslog_server":"log.example.com","tone_country":"DE","uploads":["logs"],"vlan":7,"vlan_priority":5}');
INSERT INTO changes (id, revision, action, kind, tenant, key, fields, before, after) VALUES (12, 4, 'update', 'feature-codes', 'default', 'default', 'intercom park_seconds park_slots voicemail', '{"call_waiting":"*70","call_waiting_off":"*71","directed_pickup":"**","do_not_disturb":"*78","do_not_disturb_off":"*79","echo_test":"*43","forward_all":"*72","forward_all_off":"*73","forward_busy":"*90","forward_busy_off":"*91","forward_no_answer":"*92","forward_no_answer_off":"*93","forward_unreachable":"*94","forward_unreachable_off":"*95","intercom":"*50","monitor":"*55","park_seconds":60,"park_slots":"701-720","pickup":"*8","record":"*1","sign_in":"*11","sign_out":"*12","voicemail":"*97"}', '{"call_waiting":"*70","call_waiting_off":"*71","directed_pickup":"**","do_not_disturb":"*78","do_not_disturb_off":"*79","echo_test":"*43","forward_all":"*72","forward_all_off":"*73","forward_busy":"*90","forward_busy_off":"*91","forward_no_answer":"*92","forward_no_answer_off":"*93","forward_unreachable":"*94","forward_unreachable_off":"*95","intercom":"","monitor":"*55","park_seconds":30,"park_slots":"71-79","pickup":"*8","record":"*1","sign_in":"*11","sign_out":"*12","voicemail":"*86"}');
INSERT INTO classes_of_service (tenant, name, description, allow, deny, version, revision) VALUES ('default', 'home', '', 'national', '', 1, 2);
INSERT INTO devices (tenant, name, extension, endpoint, secret, qualify_seconds, version, revision, kind, external_number, ring_seconds, ring_order, confirm, class, shared, dahdi_channel) VALUES ('default', 'desk-101', '101', 'dabcdefgh', 'devicesecret1234567', 30, 1, 2, 'sip', NULL, 0, 1, 0, 'mobile', 1, 7);
INSERT INTO endpoint_status (endpoint, reach, address, round_trip_us, user_agent, expires, call_state, reach_since, call_since, seen_at) VALUES ('dabcdefgh', 'OK', '[2001:db8::1]:5060', 12345, 'Yealink SIP-T46U 108.86.0.20', 1700003600123, 'in-call', 1699996400123, 1699999940123, 1700000000123);
INSERT INTO extensions (tenant, number, name, ring_seconds, mailbox, version, revision, ring, twin_number, presence, allowed_devices, anonymous, record, type, parent_device, presentation_number, class_of_service, country, do_not_disturb, call_waiting, record_on_demand, monitors, monitored, timezone) VALUES ('default', '101', 'Ada Lovelace', 25, '101', 1, 2, 'all', NULL, 1, 'hardware mobile', 1, 1, 'sip', '', '', '', '', 1, 0, 1, 1, 1, 'Asia/Tokyo');
INSERT INTO external_numbers (tenant, number, description, available, type, version, revision) VALUES ('default', '+4915112345678', '', 1, 'sip', 1, 2);
INSERT INTO feature_codes (tenant, codes, park_slots, park_seconds, version, revision) VALUES ('default', '{"intercom":"","voicemail":"*86"}', '71-79', 30, 1, 4);
INSERT INTO forwards (tenant, extension, mode, destination, rules, timezone, exceptions, unreachable, busy, no_answer, no_answer_seconds, version, revision) VALUES ('default', '101', 'schedule', '', '[{"days":["sat","sun"],"from":"18:00","to":"08:00","first_date":"2026-01-01","last_date":"2026-12-31","destination":"voicemail:101"}]', 'Europe/Vienna', '+4915112345678 102', 'external:+4930123456', 'hangup', 'voicemail:101', 15, 1, 3);
INSERT INTO goose_db_version (id, version_id, is_applied, tstamp) VALUES (1, 0, 1, '2026-11-29 13:00:09');
INSERT INTO goose_db_version (id, version_id, is_applied, tstamp) VALUES (2, 1, 1, '2026-11-29 13:00:09');
INSERT INTO goose_db_version (id, version_id, is_applied, tstamp) VALUES (3, 2, 1, '2026-11-29 13:00:09');
INSERT INTO goose_db_version (id, version_id, is_applied, tstamp) VALUES (4, 3, 1, '2026-11-29 13:00:09');
INSERT INTO goose_db_version (id, version_id, is_applied, tstamp) VALUES (5, 4, 1, '2026-11-29 13:00:09');
INSERT INTO goose_db_version (id, version_id, is_applied, tstamp) VALUES (6, 5, 1, '2026-11-29 13:00:09');
INSERT INTO goose_db_version (id, version_id, is_applied, tstamp) VALUES (7, 6, 1, '2026-11-29 13:00:09');
INSERT INTO goose_db_version (id, version_id, is_applied, tstamp) VALUES (8, 7, 1, '2026-11-29 13:00:09');
INSERT INTO goose_db_version (id, version_id, is_applied, tstamp) VALUES (9, 8, 1, '2026-11-29 13:00:09');
INSERT INTO goose_db_version (id, version_id, is_applied, tstamp) VALUES (10, 9, 1, '2026-11-29 13:00:09');
INSERT INTO goose_db_version (id, version_id, is_applied, tstamp) VALUES (11, 10, 1, '2026-11-29 13:00:09');
INSERT INTO goose_db_version (id, version_id, is_applied, tstamp) VALUES (12, 11, 1, '2026-11-29 13:00:09');
INSERT INTO goose_db_version (id, version_id, is_applied, tstamp) VALUES (13, 12, 1, '2026-11-29 13:00:09');
INSERT INTO goose_db_version (id, version_id, is_applied, tstamp) VALUES (14, 13, 1, '2026-11-29 13:00:09');
INSERT INTO goose_db_version (id, version_id, is_applied, tstamp) VALUES (15, 14, 1, '2026-11-29 13:00:09');
INSERT INTO goose_db_version (id, version_id, is_applied, tstamp) VALUES (16, 15, 1, '2026-11-29 13:00:09');
INSERT INTO goose_db_version (id, version_id, is_applied, tstamp) VALUES (17, 16, 1, '2026-11-29 13:00:09');
INSERT INTO goose_db_version (id, version_id, is_applied, tstamp) VALUES (18, 17, 1, '2026-11-29 13:00:09');
INSERT INTO goose_db_version (id, version_id, is_applied, tstamp) VALUES (19, 18, 1, '2026-11-29 13:00:09');
INSERT INTO goose_db_version (id, version_id, is_applied, tstamp) VALUES (20, 19, 1, '2026-11-29 13:00:09');
INSERT INTO goose_db_version (id, version_id, is_applied, tstamp) VALUES (21, 20, 1, '2026-11-29 13:00:09');
INSERT INTO goose_db_version (id, version_id, is_applied, tstamp) VALUES (22, 21, 1, '2026-11-29 13:00:09');
INSERT INTO group_members (tenant, extension, name) VALUES ('default', '101', 'sales');
INSERT INTO invitation_links (hash, invitation) VALUES (X'0000000000000000000000000000000000000000000000000000000000000000', 'i1');
INSERT INTO invitations (id, tenant, device, email, actor, state, attempts, error, created_at, next_at, sent_at, opened_at, expires_at) VALUES ('i1', 'default', 'desk-101', 'ada@example.org', '', 'queued', 0, '', 1, 1, 0, 0, 1795960809751);
INSERT INTO mailboxes (tenant, number, name, pin, email, attach_recording, delete_after_mail, version, revision) VALUES ('default', '101', 'Ada', '98761234', 'ada@example.org', 1, 1, 1, 2);
INSERT INTO numbers (tenant, number, description, destination, version, revision) VALUES ('default', '+493012345678', '', 'extension:101', 1, 2);
INSERT INTO phone_buttons (tenant, mac, module, key, kind, value, watches, label, line) VALUES ('default', '001565aabbcc', 1, 2, 'blf', '', '101', 'Ada', 3);
INSERT INTO phone_fetch_batches (id, content) VALUES (1, X'A80680C0E285E36800000C30323030303030303030303011793030303030303030303030302E6366670000');
INSERT INTO phone_fetches (mac, file, status, hash, address, user_agent, own, known, at, times) VALUES ('001565aabbcc', '001565aabbcc.cfg', 200, 'abababababababababababababababababababababababababababababababab', '192.0.2.9', 'Yealink SIP-T46U 108.86.0.20 00:15:65:aa:bb:cc', 1, 1, 1700000000123, '1700000000123');
INSERT INTO phone_groups (tenant, name, version, revision) VALUES ('default', 'sales', 1, 2);
INSERT INTO phone_inbox (mac, vendor, model, firmware, user_agent, address, first_seen, last_seen, count) VALUES ('64167f000001', 'polycom', 'VVX450', '6.4.6.2453', 'FileTransport PolycomVVX-VVX_450-UA/6.4.6.2453', '2001:db8::7', 1700000000123, 1700000001123, 3);
INSERT INTO phone_lines (tenant, mac, registration, device) VALUES ('default', '001565aabbcc', 1, 'desk-101');
INSERT INTO phone_resyncs (id, batch, tenant, mac, action, reason, endpoint, state, error, queued_at, due_at, sent_at, ended_at, file, hash) VALUES (7, 'b1', 'default', '001565aabbcc', 'resync', 'request', 'dabc', 'fetched', 'none', 1700000000123, 1700000001123, 1700000002123, 1700000003123, '001565aabbcc.cfg', 'abcd');
INSERT INTO phone_seen (mac, enrolled, enrolled_at, seen_at, fetched_at, address, former_address, address_since, user_agent, files) VALUES ('001565aabbcc', '0123abcd', 1700000000123, 1700000001123, 1700000002123, '192.0.2.9', '2001:db8::7', 1700000003123, 'Yealink SIP-T46U 108.86.0.20', '{"001565aabbcc.cfg":"abcd","x.cfg":"ef"}');
INSERT INTO phone_settings (tenant, language, tone_country, ntp_server, syslog_server, vlan, vlan_priority, codecs, srtp, clock24, logo, version, revision, uploads, firmware) VALUES ('acme', 'de', 'DE', 'ntp.example.com', 'log.example.com', 7, 5, 'pcma g722', 'optional', 1, 'http://www.example.com/logo.png', 1, 4, 'logs', 'T46U=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/t46u.rom VVX450=bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb/vvx.ld');
INSERT INTO phones (tenant, mac, vendor, model, url_secret, enrol_until, version, revision) VALUES ('default', '001565aabbcc', 'yealink', 'T46U', 'urlsecret1234567', 1927857906007, 1, 2);
INSERT INTO revisions (number, at, actor, address) VALUES (1, 1795957209745, 'dialtone', '');
INSERT INTO revisions (number, at, actor, address) VALUES (2, 1795957209746, 'tester', '192.0.2.7');
INSERT INTO revisions (number, at, actor, address) VALUES (3, 1795957209750, 'tester', '192.0.2.7');
INSERT INTO revisions (number, at, actor, address) VALUES (4, 1795957209754, 'tester', '192.0.2.7');
INSERT INTO ring_group_members (tenant, name, position, extension, external, delay, ring_seconds, weight) VALUES ('default', 'sales', 0, '101', NULL, 0, 0, 0);
INSERT INTO ring_group_turns (tenant, name, member, last, answered_at, answers) VALUES ('default', 'sales', '101', '101', 7, 2);
INSERT INTO ring_groups (tenant, name, number, strategy, ring_seconds, timeout, destination, skip_busy, follow_forwards, confirm, caller_id_prefix, ring_tone, waiting, announcement, version, revision) VALUES ('default', 'sales', '600', 'all', 20, 0, '', 0, 0, 'none', '', 0, 'ringing', '', 1, 2);
INSERT INTO sessions (hash, tenant, username, created_at, expires_at) VALUES (X'0000000000000000000000000000000000000000000000000000000000000000', 'default', 'ada', 1795960809000, 1795964409000);
INSERT INTO sign_ins (tenant, username, hash, code, tries, created_at, expires_at, state, attempts, next_at) VALUES ('default', 'ada', X'0000000000000000000000000000000000000000000000000000000000000000', '', 0, 1795960809000, 1795961409000, 'queued', 0, 1795960809000);
INSERT INTO template_buttons (tenant, model, module, key, kind, value, watches, label, line) VALUES ('default', 'T46U', 1, 2, 'blf', '', '101', 'Ada', 3);
INSERT INTO tenants (name, title, timezone, phone_password, version, revision, max_extensions, phone_networks, country, class_of_service, cdr_days, forward_caller) VALUES ('acme', 'Acme GmbH', 'Europe/Berlin', 'tenantsecret1', 1, 2, 500, '192.0.2.0/24 2001:db8::/64', 'DE', '', 90, 'caller');
INSERT INTO tenants (name, title, timezone, phone_password, version, revision, max_extensions, phone_networks, country, class_of_service, cdr_days, forward_caller) VALUES ('default', '', 'UTC', 'ad7fkmhb5in6w3t3', 1, 1, 0, '', '', '', 0, 'extension');
INSERT INTO tokens (id, name, hash, created_at, revoked_at, last_used_at, role, tenant, expires_at) VALUES ('t1', 'console', X'0000000000000000000000000000000000000000000000000000000000000000', 1795957209752, 0, 0, 'platform-admin', NULL, 0);
INSERT INTO trunks (tenant, name, endpoint, host, port, transport, username, secret, register, caller_number, teams, version, revision) VALUES ('default', 'carrier', 'tfilled', 'sip.example.org', 5060, 'udp', '', '', 0, '', 0, 1, 2);
INSERT INTO user_photos (tenant, username, type, content) VALUES ('default', 'ada', 'image/png', X'01');
INSERT INTO users (tenant, username, full_name, email, personal_contact, language, timezone, extension, login, desk_pin, password, must_change, photo, version, revision, role, second_step) VALUES ('default', 'ada', 'Ada Lovelace', 'ada@example.org', 'ada@home.example', 'en_GB', 'Europe/London', '101', 1, '$pin', '$password', 1, 'abcd', 1, 3, 'operator', 'email');
