CREATE TRIGGER extension_created AFTER INSERT ON extensions BEGIN
    INSERT INTO extension_numbers
    VALUES (new.tenant, new.number, new.number, CAST(unixepoch('subsec') * 1000 AS INTEGER), 0);
END;

CREATE TRIGGER extension_renumbered AFTER UPDATE OF number ON extensions WHEN old.number <> new.number BEGIN
    UPDATE extension_numbers SET until = CAST(unixepoch('subsec') * 1000 AS INTEGER)
    WHERE tenant = new.tenant AND number = old.number AND until = 0;
    INSERT INTO extension_numbers
    VALUES (new.tenant, new.number, new.number, CAST(unixepoch('subsec') * 1000 AS INTEGER), 0);
END;

CREATE TRIGGER number_history_is_kept BEFORE DELETE ON number_history BEGIN
    SELECT RAISE(ABORT, 'the history of numbers is added to only');
END;

CREATE TRIGGER number_history_stays BEFORE UPDATE ON number_history BEGIN
    SELECT RAISE(ABORT, 'the history of numbers is added to only');
END;

CREATE TRIGGER phone_created AFTER INSERT ON phones BEGIN
    INSERT INTO phone_since VALUES (new.mac, CAST(unixepoch('subsec') * 1000 AS INTEGER));
END;

CREATE TABLE announcements (
    tenant   TEXT    NOT NULL REFERENCES tenants (name) ON UPDATE CASCADE,
    name     TEXT    NOT NULL CHECK (name <> ''),
    title    TEXT    NOT NULL,
    sound    TEXT    NOT NULL,
    length   INTEGER NOT NULL CHECK (length >= 0),
    version  INTEGER NOT NULL CHECK (version > 0),
    revision INTEGER NOT NULL CHECK (revision > 0),
    PRIMARY KEY (tenant, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE answer_counts (
    tenant    TEXT    NOT NULL,
    extension TEXT    NOT NULL,
    last      INTEGER NOT NULL,
    count     INTEGER NOT NULL CHECK (count > 0),
    PRIMARY KEY (tenant, extension),
    FOREIGN KEY (tenant, extension) REFERENCES extensions (tenant, number) ON UPDATE CASCADE ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE TABLE applications (
    tenant      TEXT    NOT NULL REFERENCES tenants (name) ON UPDATE CASCADE,
    name        TEXT    NOT NULL CHECK (name <> ''),
    url         TEXT    NOT NULL CHECK (url <> ''),
    secret      TEXT    NOT NULL CHECK (secret <> ''),
    description TEXT    NOT NULL,
    fallback    TEXT    NOT NULL CHECK (fallback <> ''),
    version     INTEGER NOT NULL CHECK (version > 0),
    revision    INTEGER NOT NULL CHECK (revision > 0),
    PRIMARY KEY (tenant, name)
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

CREATE TABLE blocked_callers (
    tenant      TEXT    NOT NULL REFERENCES tenants (name) ON UPDATE CASCADE,
    number      TEXT    NOT NULL CHECK (number <> ''),
    begins      INTEGER NOT NULL CHECK (begins IN (0, 1)),
    description TEXT    NOT NULL,
    version     INTEGER NOT NULL CHECK (version > 0),
    revision    INTEGER NOT NULL CHECK (revision > 0),
    PRIMARY KEY (tenant, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE button_templates (
    tenant   TEXT    NOT NULL REFERENCES tenants (name) ON UPDATE CASCADE,
    model    TEXT    NOT NULL CHECK (model <> ''),
    version  INTEGER NOT NULL CHECK (version > 0),
    revision INTEGER NOT NULL CHECK (revision > 0),
    PRIMARY KEY (tenant, model)
) STRICT, WITHOUT ROWID;

CREATE TABLE carriers (
    reseller    TEXT    NOT NULL,
    name        TEXT    NOT NULL CHECK (name <> ''),
    service     TEXT    NOT NULL CHECK (service IN ('voice', 'sms')),
    standard    INTEGER NOT NULL CHECK (standard IN (0, 1)),
    description TEXT    NOT NULL,
    version     INTEGER NOT NULL CHECK (version > 0),
    revision    INTEGER NOT NULL CHECK (revision > 0), adapter TEXT NOT NULL DEFAULT '', url TEXT NOT NULL DEFAULT '', public_url TEXT NOT NULL DEFAULT '', account TEXT NOT NULL DEFAULT '', secret TEXT NOT NULL DEFAULT '', callback_key TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (reseller, name)
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

CREATE TABLE contacts (
    tenant   TEXT    NOT NULL REFERENCES tenants (name) ON UPDATE CASCADE,
    name     TEXT    NOT NULL CHECK (name <> ''),
    title    TEXT    NOT NULL CHECK (title <> ''),
    numbers  TEXT    NOT NULL CHECK (numbers <> ''),
    version  INTEGER NOT NULL CHECK (version > 0),
    revision INTEGER NOT NULL CHECK (revision > 0),
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
    revision        INTEGER NOT NULL CHECK (revision > 0), kind TEXT NOT NULL DEFAULT 'sip', external_number TEXT CHECK (external_number <> ''), ring_seconds INTEGER NOT NULL DEFAULT 0 CHECK (ring_seconds >= 0), ring_order INTEGER NOT NULL DEFAULT 1 CHECK (ring_order >= 0), confirm INTEGER NOT NULL DEFAULT 0 CHECK (confirm IN (0, 1)), class TEXT NOT NULL DEFAULT 'hardware', shared INTEGER NOT NULL DEFAULT 0 CHECK (shared IN (0, 1)), dahdi_channel INTEGER NOT NULL DEFAULT 0 CHECK (dahdi_channel >= 0), location TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (tenant, name),
    FOREIGN KEY (tenant, extension) REFERENCES extensions (tenant, number) ON UPDATE CASCADE
) STRICT, WITHOUT ROWID;

CREATE TABLE emergency_calls (
    channel TEXT    NOT NULL PRIMARY KEY CHECK (channel <> ''),
    tenant  TEXT    NOT NULL REFERENCES tenants (name) ON DELETE CASCADE,
    device  TEXT    NOT NULL,
    shown   TEXT    NOT NULL,
    test    INTEGER NOT NULL CHECK (test IN (0, 1)),
    at      INTEGER NOT NULL
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

CREATE TABLE event_run (
    one    INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
    run    INTEGER NOT NULL,
    ended  INTEGER NOT NULL CHECK (ended IN (0, 1)),
    killed INTEGER NOT NULL
) STRICT;

CREATE TABLE events (
    id     INTEGER NOT NULL PRIMARY KEY,
    tenant TEXT    REFERENCES tenants (name) ON UPDATE CASCADE ON DELETE CASCADE,
    type   TEXT    NOT NULL CHECK (type <> ''),
    at     INTEGER NOT NULL,
    data   TEXT    NOT NULL
) STRICT;

CREATE TABLE events_lost (
    tenant TEXT    NOT NULL PRIMARY KEY,
    upto   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE extension_numbers (
    tenant    TEXT    NOT NULL,
    extension TEXT    NOT NULL,
    number    TEXT    NOT NULL,
    since     INTEGER NOT NULL,
    until     INTEGER NOT NULL,
    FOREIGN KEY (tenant, extension) REFERENCES extensions (tenant, number) ON UPDATE CASCADE ON DELETE CASCADE
) STRICT;

CREATE TABLE extensions (
    tenant       TEXT    NOT NULL REFERENCES tenants (name) ON UPDATE CASCADE,
    number       TEXT    NOT NULL CHECK (number <> ''),
    name         TEXT    NOT NULL,
    ring_seconds INTEGER NOT NULL CHECK (ring_seconds > 0),
    mailbox      TEXT    CHECK (mailbox <> ''),
    version      INTEGER NOT NULL CHECK (version > 0),
    revision     INTEGER NOT NULL CHECK (revision > 0), ring TEXT NOT NULL DEFAULT 'all', twin_number TEXT CHECK (twin_number <> ''), presence INTEGER NOT NULL DEFAULT 1 CHECK (presence IN (0, 1)), allowed_devices TEXT NOT NULL DEFAULT '', anonymous INTEGER NOT NULL DEFAULT 0 CHECK (anonymous IN (0, 1)), record INTEGER NOT NULL DEFAULT 0 CHECK (record IN (0, 1)), type TEXT NOT NULL DEFAULT 'sip', parent_device TEXT NOT NULL DEFAULT '', presentation_number TEXT NOT NULL DEFAULT '', class_of_service TEXT NOT NULL DEFAULT '', country TEXT NOT NULL DEFAULT '', do_not_disturb INTEGER NOT NULL DEFAULT 0 CHECK (do_not_disturb IN (0, 1)), call_waiting INTEGER NOT NULL DEFAULT 1 CHECK (call_waiting IN (0, 1)), record_on_demand INTEGER NOT NULL DEFAULT 0 CHECK (record_on_demand IN (0, 1)), monitors INTEGER NOT NULL DEFAULT 0 CHECK (monitors IN (0, 1)), monitored INTEGER NOT NULL DEFAULT 0 CHECK (monitored IN (0, 1)), timezone TEXT NOT NULL DEFAULT '', busy_only_in_call INTEGER NOT NULL DEFAULT 0 CHECK (busy_only_in_call IN (0, 1)), hidden INTEGER NOT NULL DEFAULT 0 CHECK (hidden IN (0, 1)), max_calls INTEGER NOT NULL DEFAULT 0 CHECK (max_calls >= 0), guard TEXT NOT NULL DEFAULT '{}', music TEXT NOT NULL DEFAULT '',
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

CREATE TABLE group_members (
    tenant    TEXT NOT NULL,
    extension TEXT NOT NULL,
    name      TEXT NOT NULL,
    PRIMARY KEY (tenant, extension, name),
    FOREIGN KEY (tenant, extension) REFERENCES extensions (tenant, number) ON UPDATE CASCADE ON DELETE CASCADE,
    FOREIGN KEY (tenant, name) REFERENCES phone_groups (tenant, name) ON UPDATE CASCADE
) STRICT, WITHOUT ROWID;

CREATE TABLE guard_calls (
    channel   TEXT    NOT NULL,
    number    TEXT    NOT NULL,
    tenant    TEXT    NOT NULL REFERENCES tenants (name) ON DELETE CASCADE,
    extension TEXT    NOT NULL,
    began     INTEGER NOT NULL,
    seconds   INTEGER NOT NULL,
    price     INTEGER NOT NULL,
    PRIMARY KEY (channel, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE guard_countries (
    tenant  TEXT    NOT NULL REFERENCES tenants (name) ON DELETE CASCADE,
    country TEXT    NOT NULL CHECK (country <> ''),
    first   INTEGER NOT NULL,
    PRIMARY KEY (tenant, country)
) STRICT, WITHOUT ROWID;

CREATE TABLE guard_usage (
    tenant         TEXT    NOT NULL REFERENCES tenants (name) ON DELETE CASCADE,
    extension      TEXT,
    day            TEXT    NOT NULL,
    seconds        INTEGER NOT NULL,
    spent          INTEGER NOT NULL,
    lifted_seconds INTEGER NOT NULL,
    lifted_spent   INTEGER NOT NULL, told TEXT NOT NULL DEFAULT '',
    FOREIGN KEY (tenant, extension) REFERENCES extensions (tenant, number) ON UPDATE CASCADE ON DELETE CASCADE
) STRICT;

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
, aging_until INTEGER NOT NULL DEFAULT 0, brand TEXT NOT NULL DEFAULT '', campaign TEXT NOT NULL DEFAULT '', registered INTEGER NOT NULL DEFAULT 0 CHECK (registered IN (0, 1))) STRICT, WITHOUT ROWID;

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
    revision          INTEGER NOT NULL CHECK (revision > 0), email_notification INTEGER NOT NULL DEFAULT 0 CHECK (email_notification IN (0, 1)), notified_since INTEGER NOT NULL DEFAULT 0, timezone TEXT NOT NULL DEFAULT '', language TEXT NOT NULL DEFAULT '', max_messages INTEGER NOT NULL DEFAULT 0 CHECK (max_messages >= 0), max_seconds INTEGER NOT NULL DEFAULT 0 CHECK (max_seconds >= 0), min_seconds INTEGER NOT NULL DEFAULT 0 CHECK (min_seconds >= 0), greeting TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (tenant, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE notices (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant   TEXT    NOT NULL REFERENCES tenants (name) ON DELETE CASCADE,
    email    TEXT    NOT NULL,
    subject  TEXT    NOT NULL,
    body     TEXT    NOT NULL,
    next     INTEGER NOT NULL,
    expires  INTEGER NOT NULL,
    attempts INTEGER NOT NULL
) STRICT;

CREATE TABLE number_calls (
    number   TEXT    NOT NULL PRIMARY KEY,
    first_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

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
, detail TEXT NOT NULL DEFAULT '') STRICT;

CREATE TABLE "numbers" (
    tenant      TEXT    NOT NULL REFERENCES tenants (name) ON UPDATE CASCADE,
    number      TEXT    NOT NULL UNIQUE REFERENCES inventory (number),
    description TEXT    NOT NULL,
    destination TEXT    NOT NULL,
    version     INTEGER NOT NULL CHECK (version > 0),
    revision    INTEGER NOT NULL CHECK (revision > 0), rules TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(rules)), timezone TEXT NOT NULL DEFAULT '', caller_id_prefix TEXT NOT NULL DEFAULT '', anonymous TEXT NOT NULL DEFAULT '',
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
    reason     TEXT    NOT NULL,
    known      INTEGER NOT NULL CHECK (known IN (0, 1)),
    at         INTEGER NOT NULL, -- the last of times
    times      TEXT    NOT NULL CHECK (length(times) > 0 AND length(times) % 13 = 0),
    PRIMARY KEY (mac, file, status, hash, address, user_agent, own, reason)
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
, reason TEXT NOT NULL DEFAULT 'not-adopted') STRICT, WITHOUT ROWID;

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
, moved TEXT NOT NULL DEFAULT '', given TEXT NOT NULL DEFAULT '', given_to TEXT NOT NULL DEFAULT '', given_also TEXT NOT NULL DEFAULT '', given_also_at INTEGER NOT NULL DEFAULT 0) STRICT, WITHOUT ROWID;

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
, uploads  TEXT NOT NULL DEFAULT 'contacts calls', firmware TEXT NOT NULL DEFAULT '', paging TEXT NOT NULL DEFAULT '', outbound_proxy TEXT NOT NULL DEFAULT '', second_server TEXT NOT NULL DEFAULT '') STRICT, WITHOUT ROWID;

CREATE TABLE phone_since (
    mac   TEXT    PRIMARY KEY REFERENCES phones (mac) ON UPDATE CASCADE ON DELETE CASCADE,
    since INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE phones (
    tenant      TEXT    NOT NULL REFERENCES tenants (name) ON UPDATE CASCADE,
    mac         TEXT    NOT NULL UNIQUE CHECK (length(mac) = 12),
    vendor      TEXT    NOT NULL CHECK (vendor <> ''),
    model       TEXT    NOT NULL CHECK (model <> ''),
    url_secret  TEXT    NOT NULL CHECK (url_secret <> ''),
    enrol_until INTEGER NOT NULL,
    version     INTEGER NOT NULL CHECK (version > 0),
    revision    INTEGER NOT NULL CHECK (revision > 0), former_secret TEXT NOT NULL DEFAULT '', former_mac TEXT NOT NULL DEFAULT '', former_model TEXT NOT NULL DEFAULT '', settings TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(settings)), handsets TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(handsets)),
    PRIMARY KEY (tenant, mac)
) STRICT, WITHOUT ROWID;

CREATE TABLE port_documents (
    tenant  TEXT    NOT NULL,
    request TEXT    NOT NULL,
    name    TEXT    NOT NULL CHECK (name <> ''),
    type    TEXT    NOT NULL,
    at      INTEGER NOT NULL,
    actor   TEXT    NOT NULL,
    content BLOB    NOT NULL,
    PRIMARY KEY (tenant, request, name),
    FOREIGN KEY (tenant, request) REFERENCES port_requests (tenant, name) ON UPDATE CASCADE ON DELETE CASCADE
) STRICT;

CREATE TABLE port_history (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant  TEXT    NOT NULL,
    request TEXT    NOT NULL,
    at      INTEGER NOT NULL,
    actor   TEXT    NOT NULL,
    number  TEXT    NOT NULL,
    state   TEXT    NOT NULL,
    detail  TEXT    NOT NULL,
    FOREIGN KEY (tenant, request) REFERENCES port_requests (tenant, name) ON UPDATE CASCADE ON DELETE CASCADE
) STRICT;

CREATE TABLE port_requests (
    tenant   TEXT    NOT NULL REFERENCES tenants (name) ON UPDATE CASCADE,
    name     TEXT    NOT NULL CHECK (name <> ''),
    carrier  TEXT    NOT NULL,
    account  TEXT    NOT NULL,
    wish     TEXT    NOT NULL,
    note     TEXT    NOT NULL,
    numbers  TEXT    NOT NULL CHECK (json_valid(numbers)),
    version  INTEGER NOT NULL CHECK (version > 0),
    revision INTEGER NOT NULL CHECK (revision > 0),
    PRIMARY KEY (tenant, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE queue_members (
    tenant    TEXT    NOT NULL,
    name      TEXT    NOT NULL,
    position  INTEGER NOT NULL CHECK (position >= 0),
    extension TEXT    NOT NULL,
    penalty   INTEGER NOT NULL CHECK (penalty >= 0),
    PRIMARY KEY (tenant, name, position),
    UNIQUE (tenant, name, extension),
    FOREIGN KEY (tenant, name) REFERENCES queues (tenant, name) ON UPDATE CASCADE ON DELETE CASCADE,
    FOREIGN KEY (tenant, extension) REFERENCES extensions (tenant, number) ON UPDATE CASCADE
) STRICT, WITHOUT ROWID;

CREATE TABLE queues (
    tenant              TEXT    NOT NULL REFERENCES tenants (name) ON UPDATE CASCADE,
    name                TEXT    NOT NULL CHECK (name <> ''),
    number              TEXT    NOT NULL CHECK (number <> ''),
    strategy            TEXT    NOT NULL CHECK (strategy <> ''),
    ring_seconds        INTEGER NOT NULL CHECK (ring_seconds > 0),
    retry               INTEGER NOT NULL CHECK (retry > 0),
    wrap_up             INTEGER NOT NULL CHECK (wrap_up >= 0),
    max_waiting         INTEGER NOT NULL CHECK (max_waiting >= 0),
    max_wait            INTEGER NOT NULL CHECK (max_wait >= 0),
    wait_when_empty     INTEGER NOT NULL CHECK (wait_when_empty IN (0, 1)),
    welcome             TEXT    NOT NULL,
    periodic            TEXT    NOT NULL,
    periodic_seconds    INTEGER NOT NULL CHECK (periodic_seconds > 0),
    announce_seconds    INTEGER NOT NULL CHECK (announce_seconds > 0),
    announce_position   INTEGER NOT NULL CHECK (announce_position IN (0, 1)),
    announce_hold_time  INTEGER NOT NULL CHECK (announce_hold_time IN (0, 1)),
    destination         TEXT    NOT NULL,
    full_destination    TEXT    NOT NULL,
    empty_destination   TEXT    NOT NULL,
    timeout_destination TEXT    NOT NULL,
    version             INTEGER NOT NULL CHECK (version > 0),
    revision            INTEGER NOT NULL CHECK (revision > 0),
    PRIMARY KEY (tenant, name),
    UNIQUE (tenant, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE rates (
    reseller TEXT    NOT NULL,
    prefix   TEXT    NOT NULL CHECK (prefix <> ''),
    price    INTEGER NOT NULL CHECK (price >= 0),
    version  INTEGER NOT NULL CHECK (version > 0),
    revision INTEGER NOT NULL CHECK (revision > 0),
    PRIMARY KEY (reseller, prefix)
) STRICT, WITHOUT ROWID;

CREATE TABLE resellers (
    name           TEXT    NOT NULL PRIMARY KEY CHECK (name <> ''),
    parent         TEXT    REFERENCES resellers (name),
    title          TEXT    NOT NULL,
    max_extensions INTEGER NOT NULL CHECK (max_extensions >= 0),
    max_calls      INTEGER NOT NULL CHECK (max_calls >= 0),
    max_numbers    INTEGER NOT NULL CHECK (max_numbers >= 0),
    version        INTEGER NOT NULL CHECK (version > 0),
    revision       INTEGER NOT NULL CHECK (revision > 0)
, default_number INTEGER NOT NULL DEFAULT 0 CHECK (default_number IN (0, 1)), default_number_kind TEXT NOT NULL DEFAULT '', default_number_prefix TEXT NOT NULL DEFAULT '', aging_days INTEGER NOT NULL DEFAULT 0 CHECK (aging_days >= 0)) STRICT, WITHOUT ROWID;

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
    revision         INTEGER NOT NULL CHECK (revision > 0), music TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (tenant, name),
    UNIQUE (tenant, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE routes (
    tenant      TEXT    NOT NULL REFERENCES tenants (name) ON UPDATE CASCADE,
    name        TEXT    NOT NULL CHECK (name <> ''),
    description TEXT    NOT NULL,
    matches     TEXT    NOT NULL CHECK (matches <> ''),
    priority    INTEGER NOT NULL CHECK (priority BETWEEN 0 AND 100),
    trunks      TEXT    NOT NULL CHECK (json_valid(trunks)),
    block       TEXT    NOT NULL,
    caller_id   TEXT    NOT NULL,
    version     INTEGER NOT NULL CHECK (version > 0),
    revision    INTEGER NOT NULL CHECK (revision > 0),
    PRIMARY KEY (tenant, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE "sessions" (
    hash       BLOB    NOT NULL PRIMARY KEY CHECK (length(hash) = 32),
    tenant     TEXT    NOT NULL,
    reseller   TEXT    NOT NULL,
    username   TEXT    NOT NULL,
    address    TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    FOREIGN KEY (tenant, reseller, username) REFERENCES "users" (tenant, reseller, username) ON UPDATE CASCADE ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE TABLE "sign_ins" (
    tenant     TEXT    NOT NULL,
    reseller   TEXT    NOT NULL,
    username   TEXT    NOT NULL,
    hash       BLOB    NOT NULL UNIQUE CHECK (length(hash) = 32),
    code       TEXT    NOT NULL,
    tries      INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    state      TEXT    NOT NULL CHECK (state IN ('queued', 'sent', 'failed')),
    attempts   INTEGER NOT NULL,
    next_at    INTEGER NOT NULL,
    PRIMARY KEY (tenant, reseller, username),
    FOREIGN KEY (tenant, reseller, username) REFERENCES "users" (tenant, reseller, username) ON UPDATE CASCADE ON DELETE CASCADE
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
, max_extensions INTEGER NOT NULL DEFAULT 0 CHECK (max_extensions >= 0), phone_networks TEXT NOT NULL DEFAULT '', country TEXT NOT NULL DEFAULT '', class_of_service TEXT NOT NULL DEFAULT '', cdr_days INTEGER NOT NULL DEFAULT 0 CHECK (cdr_days >= 0), forward_caller TEXT NOT NULL DEFAULT 'extension' CHECK (forward_caller IN ('extension', 'caller')), max_calls INTEGER NOT NULL DEFAULT 120 CHECK (max_calls >= 0), first_extension TEXT NOT NULL DEFAULT '', reseller TEXT REFERENCES resellers (name), max_numbers INTEGER NOT NULL DEFAULT 0, allow_external_numbers INTEGER NOT NULL DEFAULT 0 CHECK (allow_external_numbers IN (0, 1)), claim_numbers INTEGER NOT NULL DEFAULT 0 CHECK (claim_numbers IN (0, 1)), anonymous TEXT NOT NULL DEFAULT 'allow' CHECK (anonymous IN ('allow', 'refuse')), guard TEXT NOT NULL DEFAULT '{}', guard_ceiling TEXT NOT NULL DEFAULT '{}', voicemail_subject TEXT NOT NULL DEFAULT '', voicemail_text TEXT NOT NULL DEFAULT '', emergency_mail TEXT NOT NULL DEFAULT '', emergency_test_number TEXT NOT NULL DEFAULT '', music TEXT NOT NULL DEFAULT '', recording_days INTEGER NOT NULL DEFAULT 0, recording_megabytes INTEGER NOT NULL DEFAULT 0, max_texts INTEGER NOT NULL DEFAULT 1000 CHECK (max_texts >= 0)) STRICT, WITHOUT ROWID;

CREATE TABLE text_counts (
    tenant   TEXT    NOT NULL REFERENCES tenants (name) ON UPDATE CASCADE ON DELETE CASCADE,
    day      TEXT    NOT NULL,
    segments INTEGER NOT NULL,
    PRIMARY KEY (tenant, day)
) STRICT, WITHOUT ROWID;

CREATE TABLE text_messages (
    id         INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    tenant     TEXT    NOT NULL REFERENCES tenants (name) ON UPDATE CASCADE ON DELETE CASCADE,
    extension  TEXT,
    incoming   INTEGER NOT NULL CHECK (incoming IN (0, 1)),
    number     TEXT    NOT NULL CHECK (number <> ''),
    peer       TEXT    NOT NULL CHECK (peer <> ''),
    text       TEXT    NOT NULL,
    encoding   TEXT    NOT NULL,
    segments   INTEGER NOT NULL CHECK (segments > 0),
    media      INTEGER NOT NULL DEFAULT 0,
    state      TEXT    NOT NULL CHECK (state IN ('received', 'queued', 'sent', 'delivered', 'failed')),
    reason     TEXT    NOT NULL DEFAULT '',
    is_read    INTEGER NOT NULL DEFAULT 0 CHECK (is_read IN (0, 1)),
    sent_by    TEXT    NOT NULL DEFAULT '',
    at         INTEGER NOT NULL,
    sent_at    INTEGER NOT NULL DEFAULT 0,
    ended_at   INTEGER NOT NULL DEFAULT 0,
    reseller   TEXT    NOT NULL,
    profile    TEXT    NOT NULL,
    carrier_id TEXT    NOT NULL DEFAULT '',
    attempts   INTEGER NOT NULL DEFAULT 0,
    next_at    INTEGER NOT NULL DEFAULT 0,
    expires    INTEGER NOT NULL DEFAULT 0,
    unsure     INTEGER NOT NULL DEFAULT 0 CHECK (unsure IN (0, 1)),
    FOREIGN KEY (tenant, extension) REFERENCES extensions (tenant, number) ON UPDATE CASCADE ON DELETE CASCADE
) STRICT;

CREATE TABLE text_seen (
    reseller   TEXT    NOT NULL,
    profile    TEXT    NOT NULL,
    carrier_id TEXT    NOT NULL,
    number     TEXT    NOT NULL,
    at         INTEGER NOT NULL,
    PRIMARY KEY (reseller, profile, carrier_id, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE text_stops (
    number TEXT    NOT NULL,
    peer   TEXT    NOT NULL,
    at     INTEGER NOT NULL,
    PRIMARY KEY (number, peer)
) STRICT, WITHOUT ROWID;

CREATE TABLE "tokens" (
    id           TEXT    NOT NULL PRIMARY KEY CHECK (id <> ''),
    name         TEXT    NOT NULL,
    hash         BLOB    NOT NULL UNIQUE CHECK (length(hash) = 32),
    created_at   INTEGER NOT NULL,
    revoked_at   INTEGER NOT NULL,
    last_used_at INTEGER NOT NULL,
    role         TEXT    NOT NULL CHECK (role IN ('platform-admin', 'reseller-admin', 'tenant-admin', 'operator')),
    tenant       TEXT    REFERENCES tenants (name) ON UPDATE CASCADE ON DELETE CASCADE,
    reseller     TEXT    REFERENCES resellers (name) ON DELETE CASCADE,
    expires_at   INTEGER NOT NULL,
    created_by   TEXT    NOT NULL,
    username     TEXT    NOT NULL, user_reseller TEXT NOT NULL DEFAULT '',
    CHECK ((role = 'reseller-admin') = (reseller IS NOT NULL)),
    CHECK (tenant IS NULL OR reseller IS NULL)
) STRICT, WITHOUT ROWID;

CREATE TABLE "trunks" (
    tenant           TEXT    NOT NULL REFERENCES tenants (name) ON UPDATE CASCADE,
    name             TEXT    NOT NULL CHECK (name <> ''),
    endpoint         TEXT    NOT NULL UNIQUE CHECK (endpoint <> ''),
    host             TEXT    NOT NULL CHECK (host <> ''),
    port             INTEGER NOT NULL CHECK (port > 0),
    transport        TEXT    NOT NULL CHECK (transport <> ''),
    username         TEXT    NOT NULL,
    secret           TEXT    NOT NULL,
    register         INTEGER NOT NULL CHECK (register IN (0, 1)),
    caller_number    TEXT    NOT NULL,
    addresses        TEXT    NOT NULL DEFAULT '',
    trust_id_inbound INTEGER NOT NULL DEFAULT 1 CHECK (trust_id_inbound IN (0, 1)),
    teams            INTEGER NOT NULL CHECK (teams IN (0, 1)),
    max_calls        INTEGER NOT NULL DEFAULT 60 CHECK (max_calls >= 0),
    qualify_seconds  INTEGER NOT NULL DEFAULT 0 CHECK (qualify_seconds BETWEEN 0 AND 3600),
    priority         INTEGER NOT NULL DEFAULT 50 CHECK (priority BETWEEN 0 AND 100),
    disabled         INTEGER NOT NULL DEFAULT 0 CHECK (disabled IN (0, 1)),
    version          INTEGER NOT NULL CHECK (version > 0),
    revision         INTEGER NOT NULL CHECK (revision > 0), default_number TEXT NOT NULL DEFAULT '', codecs TEXT NOT NULL DEFAULT '', dtmf TEXT NOT NULL DEFAULT 'auto', from_user TEXT NOT NULL DEFAULT '', from_domain TEXT NOT NULL DEFAULT '', outbound_proxy TEXT NOT NULL DEFAULT '', srtp TEXT NOT NULL DEFAULT 'off', caller_id_privacy TEXT NOT NULL DEFAULT 'asserted', identity_header TEXT NOT NULL DEFAULT 'pai',
    PRIMARY KEY (tenant, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE "user_photos" (
    tenant   TEXT NOT NULL,
    reseller TEXT NOT NULL DEFAULT '',
    username TEXT NOT NULL,
    type     TEXT NOT NULL CHECK (type <> ''),
    content  BLOB NOT NULL,
    PRIMARY KEY (tenant, reseller, username),
    FOREIGN KEY (tenant, reseller, username) REFERENCES "users" (tenant, reseller, username) ON UPDATE CASCADE ON DELETE CASCADE
) STRICT;

CREATE TABLE "users" (
    tenant      TEXT    NOT NULL,
    reseller    TEXT    NOT NULL,
    username    TEXT    NOT NULL CHECK (username <> ''),
    full_name   TEXT    NOT NULL,
    email       TEXT    NOT NULL,
    personal_contact TEXT NOT NULL,
    language    TEXT    NOT NULL,
    timezone    TEXT    NOT NULL,
    extension   TEXT    CHECK (extension <> ''),
    role        TEXT    NOT NULL CHECK (role IN ('reseller-admin', 'tenant-admin', 'operator', 'user')),
    login       INTEGER NOT NULL CHECK (login IN (0, 1)),
    second_step TEXT    NOT NULL CHECK (second_step IN ('none', 'email')),
    desk_pin    TEXT    NOT NULL,
    password    TEXT    NOT NULL,
    must_change INTEGER NOT NULL CHECK (must_change IN (0, 1)),
    photo       TEXT    NOT NULL,
    version     INTEGER NOT NULL CHECK (version > 0),
    revision    INTEGER NOT NULL CHECK (revision > 0),
    of_tenant   TEXT GENERATED ALWAYS AS (nullif(tenant, '')) VIRTUAL REFERENCES tenants (name),
    of_reseller TEXT GENERATED ALWAYS AS (nullif(reseller, '')) VIRTUAL REFERENCES resellers (name),
    PRIMARY KEY (tenant, reseller, username),
    CHECK ((tenant = '') <> (reseller = '')),
    CHECK ((role = 'reseller-admin') = (reseller <> '')),
    FOREIGN KEY (tenant, extension) REFERENCES extensions (tenant, number) ON UPDATE CASCADE
) STRICT, WITHOUT ROWID;

CREATE TABLE voicemail_mails (
    tenant        TEXT    NOT NULL,
    mailbox       TEXT    NOT NULL,
    message       TEXT    NOT NULL CHECK (message <> ''),
    caller_number TEXT    NOT NULL,
    caller_name   TEXT    NOT NULL,
    left_at       INTEGER NOT NULL,
    seconds       REAL    NOT NULL,
    state         TEXT    NOT NULL CHECK (state IN ('queued', 'sent', 'failed')),
    attempts      INTEGER NOT NULL DEFAULT 0,
    error         TEXT    NOT NULL DEFAULT '',
    created_at    INTEGER NOT NULL,
    next_at       INTEGER NOT NULL,
    sent_at       INTEGER NOT NULL DEFAULT 0,
    removes       INTEGER NOT NULL DEFAULT 0 CHECK (removes IN (0, 1)),
    PRIMARY KEY (tenant, mailbox, message),
    FOREIGN KEY (tenant, mailbox) REFERENCES mailboxes (tenant, number) ON UPDATE CASCADE ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE TABLE webhook_deliveries (
    id       INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    tenant   TEXT    NOT NULL,
    webhook  TEXT    NOT NULL,
    message  TEXT    NOT NULL CHECK (message <> ''),
    event    TEXT    NOT NULL,
    at       INTEGER NOT NULL,
    data     TEXT    NOT NULL,
    state    TEXT    NOT NULL CHECK (state IN ('queued', 'delivered', 'failed')),
    attempts INTEGER NOT NULL DEFAULT 0,
    next_at  INTEGER NOT NULL,
    expires  INTEGER NOT NULL,
    last_at  INTEGER NOT NULL DEFAULT 0,
    took_ms  INTEGER NOT NULL DEFAULT 0,
    status   INTEGER NOT NULL DEFAULT 0,
    answer   TEXT    NOT NULL DEFAULT '',
    error    TEXT    NOT NULL DEFAULT '',
    FOREIGN KEY (tenant, webhook) REFERENCES webhooks (tenant, name) ON UPDATE CASCADE ON DELETE CASCADE
) STRICT;

CREATE TABLE webhook_states (
    tenant        TEXT    NOT NULL,
    name          TEXT    NOT NULL,
    failing_since INTEGER NOT NULL DEFAULT 0,
    error         TEXT    NOT NULL DEFAULT '',
    stopped_at    INTEGER NOT NULL DEFAULT 0,
    lost          INTEGER NOT NULL DEFAULT 0,
    former_secret TEXT    NOT NULL DEFAULT '',
    former_until  INTEGER NOT NULL DEFAULT 0,
    mail_state    TEXT    NOT NULL DEFAULT '' CHECK (mail_state IN ('', 'queued', 'sent', 'failed')),
    mail_attempts INTEGER NOT NULL DEFAULT 0,
    mail_error    TEXT    NOT NULL DEFAULT '',
    mail_next_at  INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (tenant, name),
    FOREIGN KEY (tenant, name) REFERENCES webhooks (tenant, name) ON UPDATE CASCADE ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE TABLE webhooks (
    tenant      TEXT    NOT NULL REFERENCES tenants (name) ON UPDATE CASCADE,
    name        TEXT    NOT NULL CHECK (name <> ''),
    url         TEXT    NOT NULL CHECK (url <> ''),
    events      TEXT    NOT NULL,
    description TEXT    NOT NULL,
    email       TEXT    NOT NULL,
    secret      TEXT    NOT NULL CHECK (secret <> ''),
    disabled    INTEGER NOT NULL CHECK (disabled IN (0, 1)),
    version     INTEGER NOT NULL CHECK (version > 0),
    revision    INTEGER NOT NULL CHECK (revision > 0),
    PRIMARY KEY (tenant, name)
) STRICT, WITHOUT ROWID;

CREATE INDEX apply_results_of_state ON apply_results (state, id);

CREATE UNIQUE INDEX carriers_standard ON carriers (reseller, service) WHERE standard = 1;

CREATE INDEX cdrs_of_call ON cdrs (call);

CREATE UNIQUE INDEX cdrs_of_lines ON cdrs (call) WHERE lines = 1;

CREATE INDEX cdrs_of_tenant ON cdrs (tenant, started, id);

CREATE INDEX changes_of_object ON changes (tenant, kind, key, id);

CREATE INDEX changes_of_revision ON changes (revision);

CREATE INDEX devices_of_extension ON devices (tenant, extension);

CREATE INDEX devices_of_external_number ON devices (tenant, external_number);

CREATE INDEX events_at ON events (at);

CREATE INDEX events_of_tenant ON events (tenant, id);

CREATE INDEX extension_numbers_of ON extension_numbers (tenant, extension);

CREATE INDEX extensions_of_class ON extensions (tenant, class_of_service) WHERE class_of_service <> '';

CREATE INDEX extensions_of_mailbox ON extensions (tenant, mailbox);

CREATE INDEX extensions_of_parent ON extensions (tenant, parent_device) WHERE parent_device <> '';

CREATE INDEX extensions_of_presentation_number ON extensions (tenant, presentation_number) WHERE presentation_number <> '';

CREATE INDEX extensions_of_twin_number ON extensions (tenant, twin_number);

CREATE INDEX group_members_of_group ON group_members (tenant, name);

CREATE UNIQUE INDEX guard_usage_of ON guard_usage (tenant, coalesce(extension, ''));

CREATE INDEX inventory_aging ON inventory (aging_until) WHERE aging_until > 0;

CREATE INDEX inventory_of_reseller ON inventory (reseller, number);

CREATE INDEX inventory_of_revision ON inventory (revision);

CREATE INDEX inventory_porting_in ON inventory (number) WHERE state = 'porting-in';

CREATE INDEX inventory_without_kind ON inventory (number) WHERE kind = '';

CREATE INDEX invitation_links_of_invitation ON invitation_links (invitation);

CREATE INDEX invitations_of_device ON invitations (tenant, device);

CREATE INDEX invitations_queued ON invitations (next_at) WHERE state = 'queued';

CREATE INDEX number_history_of ON number_history (number, id);

CREATE INDEX numbers_of_anonymous ON numbers (tenant, anonymous) WHERE anonymous <> '';

CREATE INDEX numbers_of_destination ON numbers (tenant, destination);

CREATE INDEX numbers_with_rules ON numbers (tenant) WHERE rules <> '[]';

CREATE INDEX phone_buttons_of_extension ON phone_buttons (tenant, watches);

CREATE INDEX phone_fetches_of_strangers ON phone_fetches (at) WHERE known = 0;

CREATE INDEX phone_resyncs_of_batch ON phone_resyncs (batch, state);

CREATE INDEX phone_resyncs_of_phone ON phone_resyncs (mac, id);

CREATE INDEX port_history_of ON port_history (tenant, request, id);

CREATE INDEX queue_members_of ON queue_members (tenant, extension);

CREATE INDEX resellers_of_parent ON resellers (parent);

CREATE INDEX ring_group_members_of_extension ON ring_group_members (tenant, extension);

CREATE INDEX ring_group_members_of_external ON ring_group_members (tenant, external);

CREATE INDEX sessions_of_user ON sessions (tenant, reseller, username);

CREATE INDEX sign_ins_queued ON sign_ins (next_at) WHERE state = 'queued';

CREATE INDEX template_buttons_of_extension ON template_buttons (tenant, watches);

CREATE INDEX tenants_of_reseller ON tenants (reseller);

CREATE INDEX text_messages_at_carrier ON text_messages (reseller, profile, carrier_id) WHERE carrier_id <> '';

CREATE INDEX text_messages_of ON text_messages (tenant, extension, id);

CREATE INDEX text_messages_queued ON text_messages (tenant, number, next_at, id) WHERE state = 'queued';

CREATE INDEX text_seen_at ON text_seen (at);

CREATE INDEX tokens_of_reseller ON tokens (reseller);

CREATE INDEX tokens_of_tenant ON tokens (tenant);

CREATE UNIQUE INDEX users_of_extension ON users (tenant, extension);

CREATE INDEX users_of_reseller ON users (of_reseller);

CREATE INDEX voicemail_mails_queued ON voicemail_mails (next_at) WHERE state = 'queued';

CREATE INDEX voicemail_mails_removing ON voicemail_mails (next_at) WHERE removes = 1;

CREATE INDEX webhook_deliveries_of ON webhook_deliveries (tenant, webhook, id);

CREATE INDEX webhook_deliveries_queued ON webhook_deliveries (tenant, webhook, next_at, id) WHERE state = 'queued';

CREATE INDEX webhook_states_mail ON webhook_states (mail_next_at) WHERE mail_state = 'queued';
