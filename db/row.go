package db

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// ListOptions choose a part of a list. Lists are sorted by natural key.
type ListOptions struct {
	After    string // only keys behind this one: the last key of the page before
	Limit    int    // at most so many; 0 or less means all
	Branch   string // of tenants and resellers: only those in the branch of this reseller; "" is all
	Contains string // only objects with this in key or name; ASCII letters match in both cases
}

// limit is for SQL, where a negative LIMIT means no limit.
func (o ListOptions) limit() int {
	if o.Limit <= 0 {
		return -1
	}
	return o.Limit
}

var likeEscaper = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)

// pattern is the LIKE pattern of Contains; every LIKE here says ESCAPE '\'.
func (o ListOptions) pattern() string { return "%" + likeEscaper.Replace(o.Contains) + "%" }

// scanner is a row of a query, or its only row.
type scanner interface{ Scan(dest ...any) error }

// query collects all rows of a query.
func query[T any](ctx context.Context, tx *Tx, scan func(scanner) (T, error), text string,
	args ...any) (_ []T, err error) {
	rows, err := tx.sql.QueryContext(ctx, text, args...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	var out []T
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, rows.Err()
}

// firstRow returns the first row of a query, or nil.
func firstRow[T any](ctx context.Context, db *DB, scan func(scanner) (*T, error), text string) (row *T, err error) {
	err = db.View(ctx, func(tx *Tx) error {
		rows, err := query(ctx, tx, scan, text)
		if len(rows) > 0 {
			row = rows[0]
		}
		return err
	})
	return row, err
}

// orNil turns NotFound into nil, for writes to which both are fine.
func orNil[T any](v *T, err error) (*T, error) {
	if err != nil && pbx.KindOf(err) == pbx.NotFound {
		return nil, nil
	}
	return v, err
}

// millis is how a time is stored; the zero time is 0.
func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// fromMillis is the inverse of millis, in UTC.
func fromMillis(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}
