package db

import (
	"context"
	"fmt"
	"time"
)

// forgetBatch is how many rows one transaction deletes at most: a few
// milliseconds, after which whoever waits to write has his turn.
const forgetBatch = 500

// past are the records that grow with time, in the order in which they refer to
// each other: what to forget of each, by its key. ?1 is the time before which it
// is to have been, ?2 the first revision to keep, ?3 how many at once.
var past = []struct{ table, key, which string }{
	{"changes", "id", `SELECT id FROM changes WHERE revision < ?2 ORDER BY revision LIMIT ?3`},
	{"revisions", "number", `SELECT number FROM revisions WHERE number < ?2 ORDER BY number LIMIT ?3`},
	{"apply_results", "id", `SELECT id FROM apply_results WHERE at < ?1 AND ?2 >= 0
		AND id <> (SELECT coalesce(max(id), 0) FROM apply_results WHERE state = 'applied') ORDER BY id LIMIT ?3`},
}

// Forget deletes the audit trail and other records from before a time, and returns
// how many rows that were. The newest revision stays, and the last apply that went
// well: they say how things stand. It looks while others write, and deletes in
// small transactions between which they do.
func (db *DB) Forget(ctx context.Context, before time.Time) (rows int, err error) {
	var first int64 // revision to keep; numbers grow with time
	err = db.View(ctx, func(tx *Tx) error {
		return tx.sql.QueryRowContext(ctx, `SELECT coalesce((SELECT number FROM revisions WHERE at >= ? ORDER BY number LIMIT 1),
			(SELECT max(number) FROM revisions), 0)`, millis(before)).Scan(&first)
	})
	if err != nil {
		return 0, fmt.Errorf("looking for what to forget: %w", err)
	}
	for _, p := range past {
		for {
			n, err := db.forget(ctx, p.table, p.key, p.which, millis(before), first)
			rows += n
			if err != nil {
				return rows, fmt.Errorf("forgetting old rows of %s: %w", p.table, err)
			}
			if n < forgetBatch {
				break
			}
		}
	}
	n, err := db.forgetFetches(ctx, before)
	return rows + n, err
}

// forgetFetches takes one statement: there are some ten thousand rows at most.
func (db *DB) forgetFetches(ctx context.Context, before time.Time) (rows int, err error) {
	err = db.write(ctx, func(tx *Tx) error {
		done, err := tx.sql.ExecContext(ctx, `DELETE FROM phone_fetches WHERE at < ?`, millis(before))
		if err != nil {
			return err
		}
		n, err := done.RowsAffected()
		rows = int(n)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("forgetting old rows of phone_fetches: %w", err)
	}
	return rows, nil
}

// forget deletes one batch and returns how many rows it had.
func (db *DB) forget(ctx context.Context, table, key, which string, before, first int64) (int, error) {
	var keys []int64
	err := db.View(ctx, func(tx *Tx) (err error) {
		keys, err = query(ctx, tx, func(row scanner) (n int64, err error) { return n, row.Scan(&n) }, which, before, first,
			forgetBatch)
		return err
	})
	if err != nil || len(keys) == 0 {
		return 0, err
	}
	return len(keys), db.write(ctx, func(tx *Tx) error {
		return tx.forEach(ctx, "DELETE FROM "+table+" WHERE "+key+" = ?", func(exec func(...any) error) error {
			for _, k := range keys {
				if err := exec(k); err != nil {
					return err
				}
			}
			return nil
		})
	})
}
