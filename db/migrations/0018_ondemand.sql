-- Who may have calls recorded on demand, and who may listen to whose calls.

-- +goose Up
ALTER TABLE extensions ADD COLUMN record_on_demand INTEGER NOT NULL DEFAULT 0 CHECK (record_on_demand IN (0, 1));
ALTER TABLE extensions ADD COLUMN monitors INTEGER NOT NULL DEFAULT 0 CHECK (monitors IN (0, 1));
ALTER TABLE extensions ADD COLUMN monitored INTEGER NOT NULL DEFAULT 0 CHECK (monitored IN (0, 1));

-- A tenant with a code of its own that would clash with *55, behind which a number
-- follows, monitors nobody by phone.
UPDATE feature_codes SET codes = json_set(codes, '$.monitor', '')
WHERE EXISTS (SELECT 1 FROM json_each(feature_codes.codes) AS c
    WHERE c.value <> '' AND (substr(c.value, 1, 3) = '*55' OR substr('*55', 1, length(c.value)) = c.value));
