package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// Setting returns a small fact about this installation, or a NotFound error.
func (db *DB) Setting(ctx context.Context, key string) (value string, err error) {
	err = db.View(ctx, func(tx *Tx) error {
		return tx.sql.QueryRowContext(ctx, `SELECT value FROM settings WHERE key = ?`, key).Scan(&value)
	})
	if errors.Is(err, sql.ErrNoRows) {
		return "", pbx.NotFoundf("setting %s does not exist", key)
	}
	if err != nil {
		return "", fmt.Errorf("reading setting %s: %w", key, err)
	}
	return value, nil
}

// PutSetting writes a fact about this installation. It makes no revision.
func (db *DB) PutSetting(ctx context.Context, key, value string) error {
	err := db.write(ctx, func(tx *Tx) error {
		return tx.exec(ctx, `INSERT INTO settings (key, value) VALUES (?, ?)
			ON CONFLICT (key) DO UPDATE SET value = excluded.value`, key, value)
	})
	if err != nil {
		return fmt.Errorf("writing setting %s: %w", key, err)
	}
	return nil
}
