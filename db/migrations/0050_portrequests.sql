-- Requests that numbers of other carriers come here. numbers is a JSON array, each with its state.

-- +goose Up
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

-- Papers of a request: signed letters, bills.
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

-- What happened to a request. It ends with it.
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

CREATE INDEX port_history_of ON port_history (tenant, request, id);
