-- Nothing ever wrote a setting outside tests.

-- +goose Up

DROP TABLE settings;
