package provisioner

import (
	"context"
	"slices"

	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// Resource is the use cases that every kind of row has: read, list, edit, delete. Anything
// beyond that stands in the kind's own file.
type Resource[T any] struct {
	db       *db.DB
	changed  func() // runs after every change, when saved and deleted are done
	get      func(tx *db.Tx, ctx context.Context, tenant, key string) (*T, error)
	list     func(tx *db.Tx, ctx context.Context, tenant string, o db.ListOptions) ([]*T, error)
	put      func(tx *db.Tx, ctx context.Context, row *T) error
	del      func(tx *db.Tx, ctx context.Context, tenant, key string) error
	revision func(*T) int64
	validate func(*T) error
	// saved runs after the commit of the transaction that wrote row. old is nil when the
	// row is new. It may be nil.
	saved func(old, row *T)
	// release clears references to a row, so that it can be deleted. It may be nil.
	release func(tx *db.Tx, ctx context.Context, tenant, key string) error
	// deleted runs after the transaction that deleted row committed, while Asterisk
	// still knows it. It may be nil.
	deleted func(ctx context.Context, row *T, released bool)
}

// Get returns the row of a tenant by its key.
func (r *Resource[T]) Get(ctx context.Context, tenant, key string) (out *T, err error) {
	err = r.db.View(ctx, func(tx *db.Tx) error {
		out, err = r.get(tx, ctx, tenant, key)
		return err
	})
	return out, err
}

// List returns a tenant's rows in the order of their keys.
func (r *Resource[T]) List(ctx context.Context, tenant string, o db.ListOptions) (out []*T, err error) {
	err = r.db.View(ctx, func(tx *db.Tx) error {
		out, err = r.list(tx, ctx, tenant, o)
		return err
	})
	return out, err
}

// Releases reports whether DeleteReferred clears references.
func (r *Resource[T]) Releases() bool { return r.release != nil }

// Check returns the rules that a row breaks by itself, whatever else there is.
func (r *Resource[T]) Check(row *T) error { return r.validate(row) }

// Edit creates or changes a row. change gets a copy of the present row, or nil for a new
// row, and returns the row to store. Reading, checking cond, validating and writing are one
// transaction. Edit reports whether the row was created.
func (r *Resource[T]) Edit(ctx context.Context, by pbx.Author, tenant, key string, cond Condition,
	change func(old *T) (*T, error)) (row *T, created bool, err error) {
	var old *T
	_, err = r.db.Update(ctx, by, func(tx *db.Tx) error {
		if old, err = r.present(tx, ctx, tenant, key); err != nil {
			return err
		}
		if err := cond.check(r.revisionOf(old)); err != nil {
			return err
		}
		if row, err = change(clone(old)); err != nil {
			return err
		}
		if err := r.validate(row); err != nil {
			return err
		}
		return r.put(tx, ctx, row)
	})
	if err != nil {
		return nil, false, err
	}
	if r.saved != nil {
		r.saved(old, row)
	}
	r.changed()
	return row, old == nil, nil
}

// Delete deletes a row that nothing refers to and returns the revision that
// deletes it.
func (r *Resource[T]) Delete(ctx context.Context, by pbx.Author, tenant, key string, cond Condition) (int64, error) {
	return r.remove(ctx, by, tenant, key, cond, nil)
}

// DeleteReferred deletes a row and clears the references to it, in one transaction. A kind
// without a release function clears nothing.
func (r *Resource[T]) DeleteReferred(ctx context.Context, by pbx.Author, tenant, key string,
	cond Condition) (int64, error) {
	return r.remove(ctx, by, tenant, key, cond, r.release)
}

func (r *Resource[T]) remove(ctx context.Context, by pbx.Author, tenant, key string, cond Condition,
	release func(*db.Tx, context.Context, string, string) error) (int64, error) {
	var old *T
	revision, err := r.db.Update(ctx, by, func(tx *db.Tx) (err error) {
		if old, err = r.get(tx, ctx, tenant, key); err != nil {
			return err
		}
		if err := cond.check(r.revision(old)); err != nil {
			return err
		}
		if release != nil {
			if err := release(tx, ctx, tenant, key); err != nil {
				return err
			}
		}
		return r.del(tx, ctx, tenant, key)
	})
	if err != nil {
		return 0, err
	}
	if r.deleted != nil {
		r.deleted(ctx, old, release != nil)
	}
	r.changed()
	return revision, nil
}

// present returns the row, or nil if it does not exist.
func (r *Resource[T]) present(tx *db.Tx, ctx context.Context, tenant, key string) (*T, error) {
	row, err := r.get(tx, ctx, tenant, key)
	if pbx.KindOf(err) == pbx.NotFound {
		return nil, nil //nolint:nilnil // absence is one of the two answers asked for
	}
	return row, err
}

func (r *Resource[T]) revisionOf(row *T) int64 {
	if row == nil {
		return 0
	}
	return r.revision(row)
}

// clone copies the struct, so that change cannot alter what saved compares with.
func clone[T any](row *T) *T {
	if row == nil {
		return nil
	}
	out := *row
	return &out
}

// Condition is what a client demands of the row it writes. A row's revision, the
// configuration revision of its last change, is its validator: unlike a version
// count it never repeats, not even when the row is deleted and made again.
type Condition struct {
	// Revisions are the acceptable ones (If-Match). nil accepts any, an empty list no
	// revision.
	Revisions []int64
	// Absent demands that the row does not exist (If-None-Match: *).
	Absent bool
	// Present demands that it does (If-Match: *).
	Present bool
}

// check compares a row's revision (0: absent) with the condition.
func (c Condition) check(revision int64) error {
	refuse := func(field, message string) error {
		return &pbx.Error{Kind: pbx.Precondition, Field: field, Message: field + " " + message}
	}
	switch {
	case c.Absent && revision != 0:
		return refuse("If-None-Match", "demands that it does not exist, and it does")
	case revision == 0 && (c.Present || c.Revisions != nil):
		return refuse("If-Match", "demands that it exists, and it does not")
	case c.Revisions != nil && !slices.Contains(c.Revisions, revision):
		return refuse("If-Match", "does not name its present ETag: it was changed meanwhile; read it again")
	}
	return nil
}
