package db

import (
	"context"
	"fmt"
)

// Revision returns the number of the current configuration revision.
func (db *DB) Revision(ctx context.Context) (revision int64, err error) {
	err = db.View(ctx, func(tx *Tx) error {
		revision, err = tx.currentRevision(ctx)
		return err
	})
	return revision, err
}

func (tx *Tx) currentRevision(ctx context.Context) (int64, error) {
	var n int64
	if err := tx.sql.QueryRowContext(ctx, `SELECT coalesce(max(number), 0) FROM revisions`).Scan(&n); err != nil {
		return 0, fmt.Errorf("reading the revision: %w", err)
	}
	return n, nil
}

// newRevision returns this transaction's revision, making it at its first change.
func (tx *Tx) newRevision(ctx context.Context) (int64, error) {
	if tx.revision != 0 {
		return tx.revision, nil
	}
	if err := tx.writable(); err != nil {
		return 0, err
	}
	res, err := tx.sql.ExecContext(ctx, `INSERT INTO revisions (at, actor, address) VALUES (?, ?, ?)`,
		millis(tx.start), tx.author.Actor, tx.author.Address)
	if err != nil {
		return 0, fmt.Errorf("making a revision: %w", err)
	}
	if tx.revision, err = res.LastInsertId(); err != nil {
		return 0, fmt.Errorf("making a revision: %w", err)
	}
	return tx.revision, nil
}
