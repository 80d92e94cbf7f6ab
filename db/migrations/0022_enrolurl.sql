-- The generic URL gives a phone an enrolment URL, which ends when the phone has used its own.
-- moved is the enrolment that did; a phone that is enrolled was given its own URL at once.
-- given, given_to, given_also: to which addresses the enrolment URL went, in which enrolment.

-- +goose Up
ALTER TABLE phone_seen ADD COLUMN moved TEXT NOT NULL DEFAULT '';
ALTER TABLE phone_seen ADD COLUMN given TEXT NOT NULL DEFAULT '';
ALTER TABLE phone_seen ADD COLUMN given_to TEXT NOT NULL DEFAULT '';
ALTER TABLE phone_seen ADD COLUMN given_also TEXT NOT NULL DEFAULT '';
ALTER TABLE phone_seen ADD COLUMN given_also_at INTEGER NOT NULL DEFAULT 0;
UPDATE phone_seen SET moved = enrolled;
