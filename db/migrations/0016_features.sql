-- What phones dial for features, and where calls are parked.

-- +goose Up
CREATE TABLE feature_codes (
    tenant       TEXT    NOT NULL PRIMARY KEY REFERENCES tenants (name) ON UPDATE CASCADE ON DELETE CASCADE,
    -- JSON object, feature to code, of those that are not the default.
    codes        TEXT    NOT NULL,
    park_slots   TEXT    NOT NULL,
    park_seconds INTEGER NOT NULL CHECK (park_seconds > 0),
    version      INTEGER NOT NULL CHECK (version > 0),
    revision     INTEGER NOT NULL CHECK (revision > 0)
) STRICT, WITHOUT ROWID;

-- Whoever has an extension or a ring group among the slots of the default parks nowhere.
INSERT INTO feature_codes (tenant, codes, park_slots, park_seconds, version, revision)
SELECT name, '{}', '', 60, 1, revision FROM tenants
WHERE EXISTS (SELECT 1 FROM extensions e WHERE e.tenant = tenants.name AND length(e.number) = 3 AND e.number BETWEEN '701' AND '720')
   OR EXISTS (SELECT 1 FROM ring_groups g WHERE g.tenant = tenants.name AND length(g.number) = 3 AND g.number BETWEEN '701' AND '720');
