package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

var resellerTable = newTable(kindReseller, "resellers",
	func(row *pbx.Reseller) (version, revision *int64) { return &row.Version, &row.Revision },
	keyCol("name", func(row *pbx.Reseller) any { return &row.Name }),
	col("parent", func(row *pbx.Reseller) any { return reference{&row.Parent} }),
	col("title", func(row *pbx.Reseller) any { return &row.Title }),
	col("max_extensions", func(row *pbx.Reseller) any { return &row.MaxExtensions }),
	col("max_calls", func(row *pbx.Reseller) any { return &row.MaxCalls }),
	col("max_numbers", func(row *pbx.Reseller) any { return &row.MaxNumbers }),
	col("default_number", func(row *pbx.Reseller) any { return &row.DefaultNumber }),
	col("default_number_kind", func(row *pbx.Reseller) any { return &row.DefaultNumberKind }),
	col("default_number_prefix", func(row *pbx.Reseller) any { return &row.DefaultNumberPrefix }),
	col("aging_days", func(row *pbx.Reseller) any { return &row.AgingDays }),
).aboveTenants()

// Reach is the part of the account tree that a caller may see and change: one tenant, the
// branch of a reseller, or with both "" everything.
type Reach struct{ Tenant, Reseller string }

// branchFrom is the set of a reseller and all resellers below it, the root being an argument
// of its own (branchFrom) or the second one (branchFrom2).
const (
	branchFrom  = `(WITH RECURSIVE root(name) AS (SELECT ?` + branchRest
	branchFrom2 = `(WITH RECURSIVE root(name) AS (SELECT ?2` + branchRest
	branchRest  = `), branch(name) AS (SELECT name FROM root
		UNION SELECT r.name FROM resellers r JOIN branch ON r.parent = branch.name) SELECT name FROM branch)`
)

// Reseller returns one reseller, or a NotFound error.
func (tx *Tx) Reseller(ctx context.Context, name string) (*pbx.Reseller, error) {
	r, err := resellerTable.row(ctx, tx, `WHERE name = ?`, name)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, pbx.NotFoundf("reseller %s does not exist", name)
	}
	if err != nil {
		return nil, fmt.Errorf("reading reseller %s: %w", name, err)
	}
	return r, nil
}

// Resellers returns resellers by name. Contains looks at name and title.
func (tx *Tx) Resellers(ctx context.Context, o ListOptions) ([]*pbx.Reseller, error) {
	rs, err := resellerTable.rows(ctx, tx, `
		WHERE name > ?1 AND (name LIKE ?3 ESCAPE '\' OR title LIKE ?3 ESCAPE '\')
		AND (?2 = '' OR name IN `+branchFrom2+`)
		ORDER BY name LIMIT ?4`, o.After, o.Branch, o.pattern(), o.limit())
	if err != nil {
		return nil, fmt.Errorf("listing resellers: %w", err)
	}
	return rs, nil
}

// InBranch reports whether a reseller is another one or stands below it. Every reseller is
// below the platform, "".
func (tx *Tx) InBranch(ctx context.Context, root, name string) (bool, error) {
	if root == "" {
		return true, nil
	}
	in, err := tx.has(ctx, `SELECT 1 WHERE ? IN `+branchFrom, name, root)
	if err != nil {
		return false, fmt.Errorf("looking for reseller %s in the branch of %s: %w", name, root, err)
	}
	return in, nil
}

// PutReseller adds a reseller or replaces the one of that name. It sets Version and Revision
// of r, and writes nothing when nothing differs.
func (tx *Tx) PutReseller(ctx context.Context, r *pbx.Reseller) error {
	if err := tx.writable(); err != nil {
		return err
	}
	old, err := orNil(tx.Reseller(ctx, r.Name))
	if err != nil {
		return err
	}
	if resellerTable.same(old, r) {
		return nil
	}
	if err := tx.needReseller(ctx, "parent", r.Parent); err != nil {
		return err
	}
	before := ""
	if old != nil {
		before = old.Parent
	}
	if err := tx.mayOwn(ctx, owned{"reseller", "parent", old == nil, r.Name, before, r.Parent}); err != nil {
		return err
	}
	circle, err := tx.InBranch(ctx, r.Name, r.Parent)
	if err != nil {
		return err
	}
	if circle {
		return pbx.Refusedf("parent", "reseller %s stands below %s", r.Parent, r.Name)
	}
	var carriers map[carrierGroup]string
	moves := old != nil && old.Parent != r.Parent
	if moves {
		if carriers, err = tx.carrierGroups(ctx, r.Name); err != nil {
			return err
		}
	}
	if err := resellerTable.save(ctx, tx, old, r); err != nil {
		return err
	}
	if moves {
		if err := tx.branchMoved(ctx, r.Name, carriers); err != nil {
			return err
		}
		if err := tx.endTokensOutside(ctx); err != nil {
			return err
		}
	}
	if err := tx.handedOn(ctx, r.Parent); err != nil {
		return err
	}
	return tx.handedOn(ctx, r.Name)
}

// DeleteReseller removes a reseller that has nothing below it. For any other, an InUse error
// names it. The reseller's users, their sessions and its tokens end with it.
func (tx *Tx) DeleteReseller(ctx context.Context, name string) error {
	if err := tx.writable(); err != nil {
		return err
	}
	old, err := tx.Reseller(ctx, name)
	if err != nil {
		return err
	}
	err = tx.unused(ctx, "reseller "+name, `SELECT * FROM (SELECT 'reseller', name FROM resellers WHERE parent = ?1
		UNION ALL SELECT 'tenant', name FROM tenants WHERE reseller = ?1
		UNION ALL SELECT 'number', number FROM inventory WHERE reseller = ?1 OR uploaded_by = 'reseller ' || ?1
		UNION ALL SELECT 'carrier', name FROM carriers WHERE reseller = ?1
		UNION ALL SELECT 'rate', prefix FROM rates WHERE reseller = ?1)`, name)
	if err != nil {
		return err
	}
	users, err := tx.UsersIn(ctx, pbx.AccountOf(name, ""), ListOptions{})
	if err != nil {
		return err
	}
	for _, u := range users {
		if err := tx.DeleteUser(ctx, u.Account(), u.Username); err != nil {
			return err
		}
	}
	return resellerTable.remove(ctx, tx, old)
}

// owned is an account as somebody wants to have it: what it is, the field with the account
// above it, the reseller that it is in the branch of, and what the field has and gets.
type owned struct {
	what, field  string
	isNew        bool
	in           string
	before, next string
}

// mayOwn keeps an author of one branch in it. Names outside are told apart from free ones
// only where a new account wants one.
func (tx *Tx) mayOwn(ctx context.Context, o owned) error {
	root := tx.author.Account.Reseller()
	if root == "" {
		return nil
	}
	if !o.isNew {
		in, err := tx.InBranch(ctx, root, o.in)
		if err != nil {
			return err
		}
		if !in {
			return pbx.Conflictf("name", "this %s exists already; PUT or PATCH changes it", o.what)
		}
		if o.before == o.next {
			return nil
		}
	}
	in, err := tx.InBranch(ctx, root, o.next)
	switch {
	case err != nil || in:
		return err
	case o.next == "":
		return pbx.Refusedf(o.field, "only a platform admin can make it the platform's: name reseller %s or one below it",
			root)
	}
	return pbx.Refusedf(o.field, "reseller %s does not exist", o.next)
}

// needReseller refuses a reseller that does not exist; "" is the platform.
func (tx *Tx) needReseller(ctx context.Context, field, name string) error {
	if name == "" {
		return nil
	}
	if err := pbx.CheckResellerName(field, name); err != nil {
		return err
	}
	_, err := tx.Reseller(ctx, name)
	if pbx.KindOf(err) == pbx.NotFound {
		return pbx.Refusedf(field, "reseller %s does not exist", name)
	}
	return err
}

// handedOn refuses what a reseller cannot hand on: more in sum than it has, or something
// without limit where it has one itself. It looks at the rows as they are written by now.
func (tx *Tx) handedOn(ctx context.Context, name string) error {
	if name == "" {
		return nil
	}
	r, err := tx.Reseller(ctx, name)
	if err != nil {
		return err
	}
	var es pbx.Errors
	for _, l := range []struct {
		field, what string
		has         int
	}{{"max_extensions", "extensions", r.MaxExtensions}, {"max_calls", "calls", r.MaxCalls}, {"max_numbers", "numbers", r.MaxNumbers}} {
		if l.has == 0 {
			continue
		}
		var sum, unlimited int
		err := tx.sql.QueryRowContext(ctx, `SELECT coalesce(sum(n), 0), coalesce(sum(n = 0), 0) FROM (
			SELECT `+l.field+` AS n FROM tenants WHERE reseller = ?1
			UNION ALL SELECT `+l.field+` FROM resellers WHERE parent = ?1)`, name).Scan(&sum, &unlimited)
		if err != nil {
			return fmt.Errorf("summing the limits below reseller %s: %w", name, err)
		}
		switch {
		case unlimited > 0:
			es.Add(pbx.Refusedf(l.field, "reseller %s hands on %d %s in sum, so all right below it need a limit", name, l.has, l.what))
		case sum > l.has:
			es.Add(pbx.Refusedf(l.field, "reseller %s has %d %s to hand on, and %d would be handed on", name, l.has, l.what, sum))
		}
	}
	return es.Err()
}
