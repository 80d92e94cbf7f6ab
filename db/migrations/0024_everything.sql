-- An extension without a class of service may no longer call everything, see
-- pbx.standardClass. Tenants that are there keep what they could: those without a class get
-- one that allows any number. Where they have a class of that name, it gets another name.
--
-- The words national and international do not allow numbers with a price of their own any
-- more. Classes that had such a word keep what it allowed.

-- +goose Up

UPDATE classes_of_service
SET version = version + 1, allow = trim(allow || iif(instr(' ' || allow || ' ', ' premium ') = 0, ' premium', '')
	|| iif(instr(' ' || allow || ' ', ' shared-cost ') = 0, ' shared-cost', ''))
WHERE instr(' ' || allow || ' ', ' national ') > 0 OR instr(' ' || allow || ' ', ' international ') > 0;

INSERT INTO classes_of_service (tenant, name, description, allow, deny, version, revision)
SELECT name, iif(EXISTS (SELECT 1 FROM classes_of_service c WHERE c.tenant = t.name AND c.name = 'everything'),
	'everything-as-before', 'everything'), 'Whatever could be called before classes counted for everybody', 'any', '', 1, revision
FROM tenants t WHERE class_of_service = '';

UPDATE tenants SET version = version + 1, class_of_service = iif(EXISTS (SELECT 1 FROM classes_of_service c
	WHERE c.tenant = tenants.name AND c.name = 'everything-as-before'), 'everything-as-before', 'everything')
WHERE class_of_service = '';
