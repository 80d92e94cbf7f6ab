package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// Tx is one transaction. It is for one goroutine, and ends with the function it
// was passed to. Calling View, Update or any method of DB that writes from inside
// that function waits for the connection it holds itself until the deadline.
type Tx struct {
	sql      statements
	start    time.Time
	author   *pbx.Author // nil when configuration must not be written
	asks     bool        // the author asks only what a write would answer
	revision int64       // of this transaction; 0 while it has changed nothing
	because  string      // why numbers change at this moment, for their history
	later    *limitsLater
}

var errReadOnly = errors.New("configuration is written inside Update only")

// Now returns the start of the transaction, in UTC and whole milliseconds. All times
// written in one transaction agree.
func (tx *Tx) Now() time.Time { return tx.start }

// View runs fn in a read transaction that sees one state of the database. It may last until
// the deadline of ctx or, when it has no deadline, for DefaultTimeout. Writing through its
// Tx is an error.
func (db *DB) View(ctx context.Context, fn func(*Tx) error) error {
	return run(ctx, db.reader, &Tx{}, fn)
}

// ViewAs is a View for what an author wants to write: it asks the rules, and other writers do
// not wait for it.
func (db *DB) ViewAs(ctx context.Context, author pbx.Author, fn func(*Tx) error) error {
	return run(ctx, db.reader, &Tx{author: &author, asks: true}, fn)
}

// Update runs fn in a write transaction and commits when fn returns nil. All it changes
// becomes one new revision, which is returned; when it changed nothing the current one is
// returned. After an error nothing is changed, though the structs passed to Put and Create
// may carry a version and revision that never came to be. A database that is locked or a
// disk that is full is an Unavailable error. It is bounded as a View is.
func (db *DB) Update(ctx context.Context, author pbx.Author, fn func(*Tx) error) (revision int64, err error) {
	err = run(ctx, db.writer, &Tx{author: &author}, func(tx *Tx) error {
		if err := fn(tx); err != nil {
			return err
		}
		n, err := tx.revision, error(nil)
		if n == 0 {
			n, err = tx.currentRevision(ctx)
		}
		revision = n
		return err
	})
	if err != nil {
		return 0, err
	}
	return revision, nil
}

// write runs fn in a write transaction that is not about configuration.
func (db *DB) write(ctx context.Context, fn func(*Tx) error) error {
	return run(ctx, db.writer, &Tx{}, fn)
}

// run bounds a transaction by ctx or, without a deadline, by DefaultTimeout. That covers
// waiting for it, each of its statements, and all of them together. Time that fn spends on
// anything else is the business of fn.
func run(ctx context.Context, pool *sql.DB, tx *Tx, fn func(*Tx) error) error {
	ctx, cancel := withDeadline(ctx, DefaultTimeout)
	defer cancel()
	stx, err := pool.BeginTx(ctx, nil)
	if err != nil {
		return translate(fmt.Errorf("beginning a transaction: %w", err))
	}
	// Does nothing after Commit; frees the connection when fn panics.
	defer func() { _ = stx.Rollback() }()
	tx.sql, tx.start = statements{stx, ctx}, fromMillis(time.Now().UnixMilli())
	if err := fn(tx); err != nil {
		return translate(ended(ctx, err))
	}
	if err := stx.Commit(); err != nil {
		return translate(fmt.Errorf("committing: %w", ended(ctx, err)))
	}
	return nil
}

// ended adds to an error that the context has ended. database/sql then rolls back
// under the running function, which meets "Rows are closed" or ErrTxDone and not
// the reason.
func ended(ctx context.Context, err error) error {
	if cause := ctx.Err(); cause != nil && !errors.Is(err, cause) {
		return fmt.Errorf("%w: %w", err, cause)
	}
	return err
}

// statements runs each statement of a transaction under the transaction's own context. It
// ignores the context that it is given: database/sql ends a transaction between two
// statements only, and fn does not know the context that bounds it.
type statements struct {
	*sql.Tx
	ctx context.Context //nolint:containedctx // lives as long as the transaction, as in sql.Tx
}

func (s statements) ExecContext(_ context.Context, query string, args ...any) (sql.Result, error) {
	return s.Tx.ExecContext(s.ctx, query, args...)
}

func (s statements) QueryContext(_ context.Context, query string, args ...any) (*sql.Rows, error) {
	return s.Tx.QueryContext(s.ctx, query, args...)
}

func (s statements) QueryRowContext(_ context.Context, query string, args ...any) *sql.Row {
	return s.Tx.QueryRowContext(s.ctx, query, args...)
}

// writable refuses configuration writes outside Update, even those that would
// change nothing.
func (tx *Tx) writable() error {
	if tx.author == nil || tx.asks {
		return errReadOnly
	}
	return nil
}

func (tx *Tx) exec(ctx context.Context, query string, args ...any) error {
	_, err := tx.sql.ExecContext(ctx, query, args...)
	return err
}

// has reports whether query has a row.
func (tx *Tx) has(ctx context.Context, query string, args ...any) (bool, error) {
	var one int
	err := tx.sql.QueryRowContext(ctx, query, args...).Scan(&one)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}
