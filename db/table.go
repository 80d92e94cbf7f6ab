package db

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// table is how one kind of configuration is stored and audited. All of it follows from the
// columns.
type table[T any] struct {
	kind    string // in messages and in the audit
	name    string // in the database
	columns []column[T]
	read    []column[T] // those of SELECT, in its order
	written []column[T] // those of INSERT, in its order
	keys    []column[T]
	// bookkeeping points at Version and Revision of a row.
	bookkeeping func(*T) (version, revision *int64)

	selects, upsert, deletes string
	tenantless               bool // rows belong to no tenant
}

// aboveTenants marks a kind whose rows belong to no tenant.
func (t *table[T]) aboveTenants() *table[T] {
	t.tenantless = true
	return t
}

// newTable makes the statements of a kind. Version and revision, columns of every kind,
// come from bookkeeping.
func newTable[T any](kind, name string,
	bookkeeping func(*T) (version, revision *int64), columns ...column[T]) *table[T] {
	t := &table[T]{kind: kind, name: name, bookkeeping: bookkeeping}
	t.columns = append(columns,
		col("version", func(row *T) any { v, _ := bookkeeping(row); return v }).unaudited(),
		col("revision", func(row *T) any { _, r := bookkeeping(row); return r }).unaudited())
	var selected, names, updates, keys, match []string
	for _, c := range t.columns {
		if c.apart {
			continue
		}
		t.read = append(t.read, c)
		if c.read != "" {
			selected = append(selected, c.read)
			continue
		}
		t.written = append(t.written, c)
		selected, names = append(selected, c.name), append(names, c.name)
		if c.key {
			t.keys, keys, match = append(t.keys, c), append(keys, c.name), append(match, c.name+" = ?")
		} else {
			updates = append(updates, c.name+" = excluded."+c.name)
		}
	}
	t.selects = "SELECT " + strings.Join(selected, ", ") + " FROM " + name + " "
	t.upsert = "INSERT INTO " + name + " (" + strings.Join(names, ", ") +
		") VALUES (?" + strings.Repeat(", ?", len(names)-1) +
		") ON CONFLICT (" + strings.Join(keys, ", ") + ") DO UPDATE SET " + strings.Join(updates, ", ")
	t.deletes = "DELETE FROM " + name + " WHERE " + strings.Join(match, " AND ")
	return t
}

// rows returns all rows of a query; tail is what follows SELECT … FROM table.
func (t *table[T]) rows(ctx context.Context, tx *Tx, tail string, args ...any) ([]*T, error) {
	dest := make([]any, len(t.read))
	return query(ctx, tx, func(from scanner) (*T, error) {
		row := new(T)
		for i, c := range t.read {
			dest[i] = c.at(row)
		}
		return row, from.Scan(dest...)
	}, t.selects+tail, args...)
}

// row returns the first row of a query, or sql.ErrNoRows.
func (t *table[T]) row(ctx context.Context, tx *Tx, tail string, args ...any) (*T, error) {
	rows, err := t.rows(ctx, tx, tail+" LIMIT 1", args...)
	if err == nil && len(rows) == 0 {
		err = sql.ErrNoRows
	}
	if err != nil {
		return nil, err
	}
	return rows[0], nil
}

// get returns the row of a tenant with a key, or a NotFound error.
func (t *table[T]) get(ctx context.Context, tx *Tx, tenant, key string) (*T, error) {
	row, err := t.row(ctx, tx, "WHERE tenant = ? AND "+t.keys[len(t.keys)-1].name+" = ?", tenant, key)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, tx.notIn(ctx, tenant, t.kind, key)
	}
	if err != nil {
		return nil, fmt.Errorf("reading %s %s: %w", t.kind, key, err)
	}
	return row, nil
}

// same reports that row equals old, the stored row, and completes it.
func (t *table[T]) same(old, row *T) bool {
	if old == nil || len(t.changed(old, row)) > 0 {
		return false
	}
	hasVersion, hasRevision := t.bookkeeping(old)
	version, revision := t.bookkeeping(row)
	*version, *revision = *hasVersion, *hasRevision
	return true
}

// save writes a row in place of old under a new version, and audits it. old is nil for a
// new row. The caller writes the parts that are kept apart.
func (t *table[T]) save(ctx context.Context, tx *Tx, old, row *T) error {
	if err := t.stamp(ctx, tx, old, row); err != nil {
		return err
	}
	args := make([]any, len(t.written))
	for i, c := range t.written {
		args[i] = c.at(row)
	}
	if err := tx.exec(ctx, t.upsert, args...); err != nil {
		return fmt.Errorf("writing %s %s: %w", t.kind, t.keyOf(row), err)
	}
	return t.record(ctx, tx, old, row)
}

// stamp gives a row that replaces old its version and revision.
func (t *table[T]) stamp(ctx context.Context, tx *Tx, old, row *T) error {
	number, err := tx.newRevision(ctx)
	if err != nil {
		return err
	}
	version, revision := t.bookkeeping(row)
	*version, *revision = 1, number
	if old != nil {
		before, _ := t.bookkeeping(old)
		*version = *before + 1
	}
	return nil
}

// remove deletes a row and audits it.
func (t *table[T]) remove(ctx context.Context, tx *Tx, old *T) error {
	if _, err := tx.newRevision(ctx); err != nil {
		return err
	}
	args := make([]any, len(t.keys))
	for i, c := range t.keys {
		args[i] = c.at(old)
	}
	if err := tx.exec(ctx, t.deletes, args...); err != nil {
		return fmt.Errorf("deleting %s %s: %w", t.kind, t.keyOf(old), err)
	}
	return t.record(ctx, tx, old, nil)
}

// tenantOf and keyOf name a row as the audit does.
func (t *table[T]) tenantOf(row *T) string {
	if t.tenantless {
		return ""
	}
	return textAt(t.keys[0].at(row))
}
func (t *table[T]) keyOf(row *T) string { return textAt(t.keys[len(t.keys)-1].at(row)) }

// textAt is the text that a key column points at.
func textAt(at any) string { return reflect.ValueOf(at).Elem().String() }

// changed returns the API's names of the columns in which two rows differ, sorted.
func (t *table[T]) changed(a, b *T) []string {
	var names []string
	for _, c := range t.columns {
		if c.property != "" && !equal(c.at(a), c.at(b)) {
			names = append(names, c.property)
		}
	}
	slices.Sort(names)
	return names
}

// equal compares what two pointers or values of value.go would write.
func equal(a, b any) bool {
	x, ok := a.(driver.Valuer)
	y, also := b.(driver.Valuer)
	if !ok || !also {
		return reflect.DeepEqual(a, b)
	}
	v, err := x.Value()
	w, errW := y.Value()
	return err == nil && errW == nil && v == w
}

// someOf is a step of SnapshotOfPhone: it reads rows of a table beside those that are there.
func someOf[T any](ctx context.Context, tx *Tx, t *table[T], to *[]*T, tail string, args ...any) func() error {
	return func() error {
		rows, err := t.rows(ctx, tx, tail, args...)
		if err != nil {
			return fmt.Errorf("reading %s: %w", t.name, err)
		}
		*to = append(*to, rows...)
		return nil
	}
}

// allOf is a step of Snapshot: it reads all rows of a table.
func allOf[T any](ctx context.Context, tx *Tx, t *table[T], to *[]*T) func() error {
	return func() (err error) {
		if *to, err = t.rows(ctx, tx, ""); err != nil {
			return fmt.Errorf("reading %s: %w", t.name, err)
		}
		return nil
	}
}
