package db

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

func TestGroupRoundTrip(t *testing.T) {
	db := openDB(t, Options{})
	checkEveryFieldSet(t, sampleGroup())
	before := fill(t, db)
	again := sampleGroup()
	update(t, db, func(ctx context.Context, tx *Tx) error { return tx.PutGroup(ctx, again) })
	if again.Version != 1 || again.Revision != before {
		t.Errorf("written again it has version %d and revision %d, want 1 and %d", again.Version, again.Revision, before)
	}
	view(t, db, func(ctx context.Context, tx *Tx) error {
		got, err := tx.Groups(ctx, "default", ListOptions{Contains: "ale"})
		if diff := cmp.Diff([]*pbx.Group{again}, got); diff != "" {
			t.Error(diff)
		}
		return err
	})
}

// TestMembership: groups are replaced as a whole, sorted, and go with their
// extension; then the group can be deleted.
func TestMembership(t *testing.T) {
	db := openDB(t, Options{})
	fill(t, db)
	for _, groups := range [][]string{{"boss", "sales"}, {"boss"}, nil} {
		want := sampleExtension()
		want.Groups = groups
		update(t, db, func(ctx context.Context, tx *Tx) error {
			return all(func() error { return tx.PutGroup(ctx, &pbx.Group{Tenant: "default", Name: "boss"}) },
				func() error { return tx.PutExtension(ctx, want) })
		})
		s, err := db.Snapshot(t.Context())
		if diff := cmp.Diff(want, s.Extension("default", "101")); diff != "" || err != nil {
			t.Errorf("%v %s", err, diff)
		}
	}
	member := &pbx.Extension{Tenant: "default", Number: "102", Name: "B", RingSeconds: 20, Groups: []string{"boss"}}
	update(t, db, func(ctx context.Context, tx *Tx) error {
		return all(func() error { return tx.PutExtension(ctx, member) },
			func() error { return tx.DeleteExtension(ctx, "default", "102") },
			func() error { return tx.DeleteGroup(ctx, "default", "boss") })
	})
}

func TestGroupRefusals(t *testing.T) {
	in := func(tenant string) func(context.Context, *Tx) error {
		return func(ctx context.Context, tx *Tx) error {
			e := sampleExtension()
			e.Tenant, e.Mailbox, e.Groups = tenant, "", []string{"sales"}
			return tx.PutExtension(ctx, e)
		}
	}
	checkRefusals(t, []refusal{
		{name: "read unknown", kind: pbx.NotFound, message: "group nope does not exist in tenant default",
			do: func(ctx context.Context, tx *Tx) error { _, err := tx.Group(ctx, "default", "nope"); return err }},
		{name: "unknown tenant", kind: pbx.NotFound, message: "tenant nope does not exist",
			do: func(ctx context.Context, tx *Tx) error {
				return tx.PutGroup(ctx, &pbx.Group{Tenant: "nope", Name: "a"})
			}},
		{name: "group of another tenant", kind: pbx.Invalid, field: "groups", message: "group sales does not exist in tenant acme", do: in("acme")},
		{name: "delete with members", kind: pbx.InUse, message: "group sales is still used by", refs: []pbx.Ref{{Kind: "extension", Key: "101"}},
			do: func(ctx context.Context, tx *Tx) error { return tx.DeleteGroup(ctx, "default", "sales") }},
	})
}
