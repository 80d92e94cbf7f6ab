package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"
)

// ApplyState says how applying a revision ended.
type ApplyState string

// The ends of an attempt.
const (
	Applied     ApplyState = "applied" // Asterisk has it
	ApplyFailed ApplyState = "failed"
)

// ApplyResult is one attempt to bring a revision into Asterisk.
type ApplyResult struct {
	Revision int64
	State    ApplyState
	At       time.Time // end of the attempt; the zero time means now
	Error    string    // "" when applied; without secrets
	Duration time.Duration
	Reloaded []string // Asterisk modules, without spaces
}

// mostResults is how many attempts are kept, besides the last successful one: a
// revision that Asterisk refuses is retried for as long as it takes.
const mostResults = 1000

const selectResult = `SELECT revision, state, at, error, duration_ms, reloaded FROM apply_results`

func scanResult(row scanner) (*ApplyResult, error) {
	r := &ApplyResult{}
	var ms int64
	var reloaded string
	err := row.Scan(&r.Revision, &r.State, instant{&r.At}, &r.Error, &ms, &reloaded)
	r.Duration = time.Duration(ms) * time.Millisecond
	if reloaded != "" {
		r.Reloaded = strings.Fields(reloaded)
	}
	return r, err
}

// RecordApply keeps the result of an attempt, and forgets all but the last 1,000
// and the last successful one. Duration is kept in milliseconds.
func (db *DB) RecordApply(ctx context.Context, r ApplyResult) error {
	err := db.write(ctx, func(tx *Tx) error {
		if r.At.IsZero() {
			r.At = tx.start
		}
		err := tx.exec(ctx,
			`INSERT INTO apply_results (revision, state, at, error, duration_ms, reloaded) VALUES (?, ?, ?, ?, ?, ?)`,
			r.Revision, string(r.State), millis(r.At), r.Error, r.Duration.Milliseconds(), strings.Join(r.Reloaded, " "))
		if err != nil {
			return err
		}
		return tx.exec(ctx, `DELETE FROM apply_results WHERE id <= (SELECT max(id) FROM apply_results) - ?
			AND id <> (SELECT coalesce(max(id), 0) FROM apply_results WHERE state = 'applied')`, mostResults)
	})
	if err != nil {
		return fmt.Errorf("recording how revision %d was applied: %w", r.Revision, err)
	}
	return nil
}

// ApplyResults returns the last attempts, newest first.
func (db *DB) ApplyResults(ctx context.Context, limit int) (rs []*ApplyResult, err error) {
	err = db.View(ctx, func(tx *Tx) error {
		rs, err = query(ctx, tx, scanResult, selectResult+` ORDER BY id DESC LIMIT ?`, ListOptions{Limit: limit}.limit())
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("listing apply results: %w", err)
	}
	return rs, nil
}

// Applied returns the revision that Asterisk took last, 0 before the first.
func (db *DB) Applied(ctx context.Context) (revision int64, err error) {
	err = db.View(ctx, func(tx *Tx) error {
		err := tx.sql.QueryRowContext(ctx,
			`SELECT revision FROM apply_results WHERE state = 'applied' ORDER BY id DESC LIMIT 1`).Scan(&revision)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("reading the applied revision: %w", err)
	}
	return revision, nil
}
