package db

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

func TestResellerRoundTrip(t *testing.T) {
	checkEveryFieldSet(t, sampleReseller())
	db := openDB(t, Options{})
	fill(t, db)
	view(t, db, func(ctx context.Context, tx *Tx) error {
		got, err := tx.Reseller(ctx, "south")
		want := sampleReseller()
		want.Version, want.Revision = got.Version, got.Revision
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		return err
	})
}

// south stands below north and has 50 numbers, of which acme has 40.
func TestResellerRefusals(t *testing.T) {
	put := func(change func(*pbx.Reseller)) func(context.Context, *Tx) error {
		return func(ctx context.Context, tx *Tx) error {
			r := sampleReseller()
			change(r)
			return tx.PutReseller(ctx, r)
		}
	}
	tenant := func(change func(*pbx.Tenant)) func(context.Context, *Tx) error {
		return func(ctx context.Context, tx *Tx) error {
			n := sampleTenant()
			change(n)
			return tx.PutTenant(ctx, n)
		}
	}
	checkRefusals(t, []refusal{
		{"a parent that is not there", put(func(r *pbx.Reseller) { r.Parent = "east" }), pbx.Invalid, "parent", "reseller east does not exist", nil},
		{"a circle", func(ctx context.Context, tx *Tx) error {
			return tx.PutReseller(ctx, &pbx.Reseller{Name: "north", Parent: "south"})
		},
			pbx.Invalid, "parent", "reseller south stands below north", nil},
		{"delete with a branch", func(ctx context.Context, tx *Tx) error { return tx.DeleteReseller(ctx, "north") },
			pbx.InUse, "", "reseller north is still used by", []pbx.Ref{{Kind: "reseller", Key: "south"}}},
		{"delete with a tenant", func(ctx context.Context, tx *Tx) error { return tx.DeleteReseller(ctx, "south") },
			pbx.InUse, "", "reseller south is still used by", []pbx.Ref{{Kind: "tenant", Key: "acme"}}},
		{"delete nobody", func(ctx context.Context, tx *Tx) error { return tx.DeleteReseller(ctx, "east") },
			pbx.NotFound, "", "reseller east does not exist", nil},
		{"a tenant of nobody", tenant(func(n *pbx.Tenant) { n.Reseller = "east" }), pbx.Invalid, "reseller", "reseller east does not exist", nil},
	})
	// Limits are told with all that is wrong.
	db := openDB(t, Options{})
	fill(t, db)
	for what, c := range map[string]struct {
		do   func(context.Context, *Tx) error
		says string
	}{
		"more than there is": {tenant(func(n *pbx.Tenant) { n.MaxExtensions = 701 }),
			"reseller south has 700 extensions to hand on, and 701 would be handed on"},
		"without limit": {tenant(func(n *pbx.Tenant) { n.MaxNumbers = 0 }),
			"reseller south hands on 50 numbers in sum, so all right below it need a limit"},
		"less than was handed on": {put(func(r *pbx.Reseller) { r.MaxCalls = 89 }),
			"reseller south has 89 calls to hand on, and 90 would be handed on"},
		"from north, which has less": {func(ctx context.Context, tx *Tx) error {
			return tx.PutReseller(ctx, &pbx.Reseller{Name: "north", MaxNumbers: 49})
		}, "reseller north has 49 numbers to hand on, and 50 would be handed on"},
	} {
		_, err := db.Update(t.Context(), tester, func(tx *Tx) error { return c.do(t.Context(), tx) })
		if err == nil || err.Error() != c.says {
			t.Errorf("%s: %v, want %s", what, err, c.says)
		}
	}
}

// A tenant has no more numbers than it may, and its reseller's tokens end with the reseller.
func TestLimitOfNumbers(t *testing.T) {
	db := openDB(t, Options{})
	fill(t, db)
	_, err := db.Update(t.Context(), tester, func(tx *Tx) error {
		n := sampleTenant()
		n.MaxNumbers = 1
		return all(func() error { return tx.PutTenant(t.Context(), n) },
			func() error { return tx.PutNumber(t.Context(), &pbx.Number{Tenant: "acme", Number: "+493012345670"}) },
			func() error {
				return tx.PutNumber(t.Context(), &pbx.Number{Tenant: "acme", Number: "+493012345670", Description: "d"})
			},
			func() error { return tx.PutNumber(t.Context(), &pbx.Number{Tenant: "acme", Number: "+493012345671"}) })
	})
	if pbx.KindOf(err) != pbx.Conflict || err.Error() != "tenant acme has 1 of the 1 numbers that it may have" {
		t.Error(err)
	}
}

func TestTokensEndWithTheirReseller(t *testing.T) {
	db := openDB(t, Options{})
	hash := make([]byte, 32)
	_, err := db.Update(t.Context(), tester, func(tx *Tx) error { return tx.PutReseller(t.Context(), &pbx.Reseller{Name: "north"}) })
	if err != nil {
		t.Fatal(err)
	}
	token := Token{ID: "r", Name: "r", Role: pbx.RoleResellerAdmin, Reseller: "north"}
	if err := db.CreateToken(t.Context(), tester, token, hash); err != nil {
		t.Fatal(err)
	}
	if got, err := db.TokenByHash(t.Context(), hash); err != nil || got.Reseller != "north" {
		t.Fatalf("%+v, %v", got, err)
	}
	_, err = db.Update(t.Context(), tester, func(tx *Tx) error { return tx.DeleteReseller(t.Context(), "north") })
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.TokenByHash(t.Context(), hash); pbx.KindOf(err) != pbx.Unauthorized {
		t.Errorf("the token of a deleted reseller: %v", err)
	}
}

// What a branch may see of the audit trail: its own, and nothing of an account that had one of
// its names before.
func TestChangesOfABranch(t *testing.T) {
	db := openDB(t, Options{})
	fill(t, db)
	step := func(do func(tx *Tx) error) {
		t.Helper()
		if _, err := db.Update(t.Context(), tester, do); err != nil {
			t.Fatal(err)
		}
	}
	shop := func(reseller string) func(tx *Tx) error {
		return func(tx *Tx) error {
			n := sampleTenant()
			n.Name, n.Reseller = "shop", reseller
			return tx.CreateTenant(t.Context(), n)
		}
	}
	step(func(tx *Tx) error { return tx.PutReseller(t.Context(), &pbx.Reseller{Name: "east"}) })
	step(shop("east"))
	step(func(tx *Tx) error { return tx.PutGroup(t.Context(), &pbx.Group{Tenant: "shop", Name: "secret"}) })
	step(func(tx *Tx) error { return tx.DeleteGroup(t.Context(), "shop", "secret") })
	step(func(tx *Tx) error { return tx.DeleteTenant(t.Context(), "shop") })
	step(shop("north"))
	seen := func(branch string) (out []string) {
		t.Helper()
		changes, err := db.Changes(t.Context(), ChangeFilter{Branch: branch})
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range changes {
			out = append(out, c.Action+" "+c.Kind+" "+c.Key)
		}
		return out
	}
	if diff := cmp.Diff([]string{"create tenant shop", "create tenant acme", "create reseller south", "create reseller north"}, seen("north")); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"create reseller east"}, seen("east")); diff != "" {
		t.Error(diff)
	}
}

// TestTokensFromBefore migrates the tokens of version 33.
func TestTokensFromBefore(t *testing.T) {
	path, raw := databaseOf(t, 33)
	for _, statement := range []string{
		`INSERT INTO tenants (name, title, timezone, phone_password, version, revision) VALUES ('old', '', 'UTC', 'password1', 1, 1)`,
		`INSERT INTO tokens (id, name, hash, created_at, revoked_at, last_used_at, role, tenant, expires_at, created_by, username)
			VALUES ('a', 'ci', zeroblob(32), 1, 0, 2, 'operator', 'old', 0, 'dialtone token', 'ada')`,
	} {
		if _, err := raw.Exec(statement); err != nil {
			t.Fatal(err)
		}
	}
	if err := raw.Close(); err != nil {
		t.Fatal(err)
	}
	got, err := openAt(t, path, Options{}).TokenByHash(t.Context(), make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	want := &Token{ID: "a", Name: "ci", Role: pbx.RoleOperator, Tenant: "old", CreatedBy: "dialtone token", Username: "ada",
		CreatedAt: fromMillis(1), LastUsedAt: fromMillis(2)}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
