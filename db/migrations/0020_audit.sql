-- The audit trail in the names and values of the API. Rows from before had the names
-- of the program's fields.

-- +goose Up

-- The tenant of an object stands in its row already.
UPDATE changes SET before = json_remove(before, '$.tenant'), after = json_remove(after, '$.tenant') WHERE kind <> 'tenant';

-- Tenants: where nobody chose, the database had the usual word and the audit none.
UPDATE changes SET before = json_set(before, '$.forward_caller', 'extension') WHERE kind = 'tenant' AND before ->> 'forward_caller' = '';
UPDATE changes SET after = json_set(after, '$.forward_caller', 'extension') WHERE kind = 'tenant' AND after ->> 'forward_caller' = '';

-- Extensions: call waiting was the other way round, and no list of devices allows all.
UPDATE changes SET before = json_set(json_remove(before, '$.no_call_waiting'), '$.call_waiting', json(iif(before ->> 'no_call_waiting', 'false', 'true')))
WHERE kind = 'extension' AND before ->> 'no_call_waiting' IS NOT NULL;
UPDATE changes SET after = json_set(json_remove(after, '$.no_call_waiting'), '$.call_waiting', json(iif(after ->> 'no_call_waiting', 'false', 'true')))
WHERE kind = 'extension' AND after ->> 'no_call_waiting' IS NOT NULL;
UPDATE changes SET before = json_set(before, '$.allowed_devices', NULL) WHERE kind = 'extension' AND before -> 'allowed_devices' = '[]';
UPDATE changes SET after = json_set(after, '$.allowed_devices', NULL) WHERE kind = 'extension' AND after -> 'allowed_devices' = '[]';

-- Users.
UPDATE changes SET before = json_set(json_remove(before, '$.must_change'), '$.must_change_password', json(iif(before ->> 'must_change', 'true', 'false')))
WHERE kind = 'user' AND before ->> 'must_change' IS NOT NULL;
UPDATE changes SET after = json_set(json_remove(after, '$.must_change'), '$.must_change_password', json(iif(after ->> 'must_change', 'true', 'false')))
WHERE kind = 'user' AND after ->> 'must_change' IS NOT NULL;
UPDATE changes SET before = json_set(json_remove(before, '$.photo'), '$.has_photo', json(iif(before ->> 'photo' <> '', 'true', 'false')))
WHERE kind = 'user' AND before ->> 'photo' IS NOT NULL;
UPDATE changes SET after = json_set(json_remove(after, '$.photo'), '$.has_photo', json(iif(after ->> 'photo' <> '', 'true', 'false')))
WHERE kind = 'user' AND after ->> 'photo' IS NOT NULL;

-- Ring groups.
UPDATE changes SET before = json_set(json_remove(before, '$.follow_forwards'), '$.member_forwards', iif(before ->> 'follow_forwards', 'follow', 'ignore'))
WHERE kind = 'ring-group' AND before ->> 'follow_forwards' IS NOT NULL;
UPDATE changes SET after = json_set(json_remove(after, '$.follow_forwards'), '$.member_forwards', iif(after ->> 'follow_forwards', 'follow', 'ignore'))
WHERE kind = 'ring-group' AND after ->> 'follow_forwards' IS NOT NULL;

-- Phones: the address with colons, and the secret by the property that shows it once.
UPDATE changes SET before = json_set(json_remove(before, '$.url_secret'), '$.provisioning_url', before ->> 'url_secret',
    '$.mac', substr(key, 1, 2) || ':' || substr(key, 3, 2) || ':' || substr(key, 5, 2) || ':' || substr(key, 7, 2) || ':' || substr(key, 9, 2) || ':' || substr(key, 11, 2))
WHERE kind = 'phone' AND before IS NOT NULL;
UPDATE changes SET after = json_set(json_remove(after, '$.url_secret'), '$.provisioning_url', after ->> 'url_secret',
    '$.mac', substr(key, 1, 2) || ':' || substr(key, 3, 2) || ':' || substr(key, 5, 2) || ':' || substr(key, 7, 2) || ':' || substr(key, 9, 2) || ':' || substr(key, 11, 2))
WHERE kind = 'phone' AND after IS NOT NULL;

-- Buttons by their place: 5, or m2-7 on the second module.
UPDATE changes SET before = json_set(before, '$.buttons', json((SELECT json_group_object(
        iif(b.value ->> 'module', 'm' || (b.value ->> 'module') || '-', '') || (b.value ->> 'key'), json_remove(b.value, '$.module', '$.key')) FROM json_each(before, '$.buttons') b)))
WHERE kind IN ('phone', 'button-template') AND json_type(before, '$.buttons') = 'array';
UPDATE changes SET after = json_set(after, '$.buttons', json((SELECT json_group_object(
        iif(b.value ->> 'module', 'm' || (b.value ->> 'module') || '-', '') || (b.value ->> 'key'), json_remove(b.value, '$.module', '$.key')) FROM json_each(after, '$.buttons') b)))
WHERE kind IN ('phone', 'button-template') AND json_type(after, '$.buttons') = 'array';

-- Phone settings: firmware by model, and no VLAN where phones keep theirs.
UPDATE changes SET before = json_set(before, '$.firmware', json((SELECT json_group_object(f.value ->> 'model', (f.value ->> 'sha256') || '/' || (f.value ->> 'name')) FROM json_each(before, '$.firmware') f)))
WHERE kind = 'phone-settings' AND json_type(before, '$.firmware') = 'array';
UPDATE changes SET after = json_set(after, '$.firmware', json((SELECT json_group_object(f.value ->> 'model', (f.value ->> 'sha256') || '/' || (f.value ->> 'name')) FROM json_each(after, '$.firmware') f)))
WHERE kind = 'phone-settings' AND json_type(after, '$.firmware') = 'array';
UPDATE changes SET before = json_set(before, '$.vlan', NULL) WHERE kind = 'phone-settings' AND before ->> 'vlan' = -1;
UPDATE changes SET after = json_set(after, '$.vlan', NULL) WHERE kind = 'phone-settings' AND after ->> 'vlan' = -1;

-- Feature codes: each code is a property. First which of them changed.
UPDATE changes SET fields = replace(fields, 'codes', coalesce((SELECT group_concat(a.key, ' ') FROM json_each(after, '$.codes') a WHERE a.value IS NOT before ->> ('$.codes.' || a.key)), 'codes'))
WHERE kind = 'feature-codes' AND before IS NOT NULL AND after IS NOT NULL AND ' ' || fields || ' ' LIKE '% codes %';
UPDATE changes SET before = json_remove(json_patch(before, before -> 'codes'), '$.codes') WHERE kind = 'feature-codes' AND json_type(before, '$.codes') = 'object';
UPDATE changes SET after = json_remove(json_patch(after, after -> 'codes'), '$.codes') WHERE kind = 'feature-codes' AND json_type(after, '$.codes') = 'object';

-- The same names in what an update changed, and sorted as they are.
UPDATE changes SET fields = trim(replace(' ' || fields || ' ', ' no_call_waiting ', ' call_waiting ')) WHERE kind = 'extension';
UPDATE changes SET fields = trim(replace(replace(' ' || fields || ' ', ' must_change ', ' must_change_password '), ' photo ', ' has_photo ')) WHERE kind = 'user';
UPDATE changes SET fields = trim(replace(' ' || fields || ' ', ' follow_forwards ', ' member_forwards ')) WHERE kind = 'ring-group';
UPDATE changes SET fields = trim(replace(' ' || fields || ' ', ' url_secret ', ' provisioning_url ')) WHERE kind = 'phone';
UPDATE changes SET fields = (SELECT group_concat(value, ' ') FROM (SELECT value FROM json_each('["' || replace(fields, ' ', '","') || '"]') ORDER BY value))
WHERE kind IN ('extension', 'user', 'ring-group', 'phone', 'feature-codes') AND fields LIKE '% %';
