-- Numbers that are being ported are read with each snapshot.

-- +goose Up
CREATE INDEX inventory_porting_in ON inventory (number) WHERE state = 'porting-in';
