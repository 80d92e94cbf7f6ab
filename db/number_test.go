package db

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

func sampleOwnNumber() *pbx.Number {
	night := pbx.CallRule{Days: []string{"sat"}, From: "18:00", To: "08:00", FirstDate: "2026-12-24", LastDate: "2026-12-26",
		Destination: pbx.Destination{Kind: pbx.ToHangup}, Callers: []string{"+4989"}}
	return &pbx.Number{Tenant: "default", Number: "+493012345678", Description: "Ada's desk",
		Destination: pbx.Destination{Kind: pbx.ToExtension, Key: "101"},
		Rules:       []pbx.CallRule{night}, Timezone: "Europe/Zurich",
		Anonymous: "extension:101", CallerIDPrefix: "Sales:"}
}

func sampleClass() *pbx.ClassOfService {
	return &pbx.ClassOfService{Tenant: "default", Name: "home", Description: "no abroad", Allow: []string{"+4177", "national"}, Deny: []string{"+49900"}}
}

// sampleOutward is an extension with all that decides about its calls outside.
func sampleOutward() *pbx.Extension {
	e := sampleExtension()
	e.PresentationNumber, e.ClassOfService, e.Country = "+493012345678", "home", "CH"
	return e
}

func putNumbers(ctx context.Context, tx *Tx) error {
	return all(func() error { return tx.PutNumber(ctx, sampleOwnNumber()) }, func() error { return tx.PutClassOfService(ctx, sampleClass()) },
		func() error { return tx.PutExtension(ctx, sampleOutward()) },
		func() error {
			t, err := tx.Tenant(ctx, "default")
			if err == nil {
				t.Country, t.ClassOfService = "DE", "home"
				err = tx.PutTenant(ctx, t)
			}
			return err
		})
}

func TestNumbersRoundTrip(t *testing.T) {
	db := openDB(t, Options{})
	checkEveryFieldSet(t, sampleOwnNumber())
	checkEveryFieldSet(t, sampleClass())
	fill(t, db)
	for range 2 { // the second time nothing differs
		update(t, db, putNumbers)
	}
	s, err := db.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := []any{sampleOwnNumber(), sampleClass(), sampleOutward()}
	got := []any{s.NumberOf("default", "+493012345678"), s.ClassOf(s.Extension("default", "101")), s.Extension("default", "101")}
	bookkeeping := cmp.FilterPath(func(p cmp.Path) bool { return isBookkeeping(p.Last().String()[1:]) }, cmp.Ignore())
	if diff := cmp.Diff(want, got, bookkeeping); diff != "" || s.Revision != 3 || s.Tenant("default").Country != "DE" {
		t.Errorf("revision %d %s", s.Revision, diff)
	}
	view(t, db, func(ctx context.Context, tx *Tx) error {
		for contains, n := range map[string]int{"desk": 1, "+4930": 1, "101": 1, "zz": 0} {
			if ns, err := tx.Numbers(ctx, "default", ListOptions{Contains: contains}); err != nil || len(ns) != n {
				t.Errorf("numbers that contain %q: %d, %v", contains, len(ns), err)
			}
		}
		cs, err := tx.ClassesOfService(ctx, "default", ListOptions{Contains: "abroad"})
		if len(cs) != 1 {
			t.Errorf("classes: %v", cs)
		}
		return err
	})
}

// TestNumberFollows: a destination follows its extension's number, and is cleared
// when the extension is deleted although it is in use.
func TestNumberFollows(t *testing.T) {
	db := openDB(t, Options{})
	fill(t, db)
	update(t, db, putNumbers)
	rev := update(t, db, func(ctx context.Context, tx *Tx) error {
		_, err := tx.RenumberExtension(ctx, "default", "101", "201")
		return err
	})
	check := func(want string, rev int64) {
		t.Helper()
		view(t, db, func(ctx context.Context, tx *Tx) error {
			n, err := tx.Number(ctx, "default", "+493012345678")
			if err == nil && (n.Destination.String() != want || n.Revision != rev) {
				t.Errorf("%+v, want %q, revision %d", n, want, rev)
			}
			return err
		})
	}
	check("extension:201", rev)
	rev = update(t, db, func(ctx context.Context, tx *Tx) error {
		e, err := tx.DuplicateExtension(ctx, "default", "201", "301")
		if err == nil && (e.PresentationNumber == "" || e.ClassOfService != "home" || e.Country != "CH") {
			t.Errorf("the duplicate is %+v", e)
		}
		return err
	})
	check("extension:201", rev-1)
	rev = update(t, db, func(ctx context.Context, tx *Tx) error {
		return all(func() error { return tx.ReleaseExtension(ctx, "default", "201") }, func() error { return tx.DeleteExtension(ctx, "default", "201") })
	})
	check("", rev)
}

func TestNumberRefusals(t *testing.T) {
	after := func(do func(context.Context, *Tx) error) func(context.Context, *Tx) error {
		return func(ctx context.Context, tx *Tx) error {
			return all(func() error { return putNumbers(ctx, tx) }, func() error { return do(ctx, tx) })
		}
	}
	change := func(e *pbx.Extension, as func(*pbx.Extension)) *pbx.Extension { as(e); return e }
	checkRefusals(t, []refusal{
		{name: "number in use", kind: pbx.InUse, message: "number +493012345678 is still used by", refs: []pbx.Ref{{Kind: "extension", Key: "101"}},
			do: after(func(ctx context.Context, tx *Tx) error { return tx.DeleteNumber(ctx, "default", "+493012345678") })},
		{name: "class in use", kind: pbx.InUse, message: "class of service home is still used by", refs: []pbx.Ref{{Kind: "extension", Key: "101"}, {Kind: "tenant", Key: "default"}},
			do: after(func(ctx context.Context, tx *Tx) error { return tx.DeleteClassOfService(ctx, "default", "home") })},
		{name: "number of another tenant", kind: pbx.Conflict, field: "number", message: "number +493012345678 belongs to another tenant",
			do: after(func(ctx context.Context, tx *Tx) error {
				return tx.PutNumber(ctx, &pbx.Number{Tenant: "acme", Number: "+493012345678"})
			})},
		{name: "destination of nobody", kind: pbx.Invalid, field: "destination", message: "extension 999 does not exist in tenant default",
			do: func(ctx context.Context, tx *Tx) error {
				return tx.PutNumber(ctx, &pbx.Number{Tenant: "default", Number: "+493012345678", Destination: pbx.Destination{Kind: pbx.ToExtension, Key: "999"}})
			}},
		{name: "presentation of nobody", kind: pbx.Invalid, field: "presentation_number", message: "presentation_number +4930999999 does not belong to tenant default: only its own numbers may be shown",
			do: after(func(ctx context.Context, tx *Tx) error {
				return tx.PutExtension(ctx, change(sampleOutward(), func(e *pbx.Extension) { e.PresentationNumber = "+4930999999" }))
			})},
		{name: "unknown class", kind: pbx.Invalid, field: "class_of_service", message: "class of service x does not exist in tenant default",
			do: after(func(ctx context.Context, tx *Tx) error {
				return tx.PutExtension(ctx, change(sampleOutward(), func(e *pbx.Extension) { e.ClassOfService = "x" }))
			})},
		{name: "another tenant's class", kind: pbx.Invalid, field: "class_of_service", message: "class of service home does not exist in tenant acme",
			do: after(func(ctx context.Context, tx *Tx) error {
				t := sampleTenant()
				t.ClassOfService = "home"
				return tx.PutTenant(ctx, t)
			})},
		{name: "extension with a number", kind: pbx.InUse, message: "extension 101 is still used by",
			refs: []pbx.Ref{{Kind: "device", Key: "desk-101"}, {Kind: "number", Key: "+493012345678"}, {Kind: "button", Key: "001565aabbcc/m1-2"}, {Kind: "mailbox", Key: "101"}},
			do:   after(func(ctx context.Context, tx *Tx) error { return tx.DeleteExtension(ctx, "default", "101") })},
	})
}

// TestNumbersFromBeforeHaveNoRules migrates a number of version 42.
func TestNumbersFromBeforeHaveNoRules(t *testing.T) {
	_, s := writtenBy(t, 43,
		`INSERT INTO tenants (name, title, timezone, phone_password, version, revision) VALUES ('old', '', 'UTC', 'password1', 1, 1)`,
		`INSERT INTO inventory VALUES ('+493012345678', NULL, 'local', 1, 1, 0, 0, '', 0, '', 0, 'assigned', '', 1, 1)`,
		`INSERT INTO numbers (tenant, number, description, destination, version, revision) VALUES ('old', '+493012345678', '', 'hangup', 1, 1)`)
	want := &pbx.Number{Tenant: "old", Number: "+493012345678", Destination: pbx.Destination{Kind: pbx.ToHangup}, Version: 1, Revision: 1}
	if diff := cmp.Diff(want, s.NumberOf("old", "+493012345678")); diff != "" {
		t.Error(diff)
	}
}

// TestNumbersFollowByRules: what a rule leads to is in use, and rules follow it to its new number.
func TestNumbersFollowByRules(t *testing.T) {
	db := openDB(t, Options{})
	fill(t, db)
	to := pbx.Destination{Kind: pbx.ToExtension, Key: "101"}
	n := &pbx.Number{Tenant: "default", Number: "+493012345678", Rules: []pbx.CallRule{{Destination: to}}}
	update(t, db, func(ctx context.Context, tx *Tx) error { return tx.PutNumber(ctx, n) })
	view(t, db, func(ctx context.Context, tx *Tx) error {
		row, err := tx.InventoryNumber(ctx, Reach{}, n.Number)
		if err == nil && row.Destination != to {
			t.Errorf("the inventory says that it leads to %s", row.Destination)
		}
		return err
	})
	nowhere := &pbx.Number{Tenant: "default", Number: n.Number,
		Rules: []pbx.CallRule{{Destination: pbx.Destination{Kind: pbx.ToExtension,
			Key: "999"}}}}
	if _, err := db.Update(t.Context(), tester, func(tx *Tx) error {
		return tx.PutNumber(t.Context(),
			nowhere)
	}); err == nil || pbx.KindOf(err) == pbx.NotFound {
		t.Errorf("a rule that leads nowhere: %v", err)
	}
	update(t, db, func(ctx context.Context, tx *Tx) error {
		return tx.redirect(ctx, "default", move{to, pbx.Destination{Kind: pbx.ToHangup}})
	})
	view(t, db, func(ctx context.Context, tx *Tx) error {
		got, err := tx.Number(ctx, "default", n.Number)
		if err == nil && got.Rules[0].Destination.Kind != pbx.ToHangup {
			t.Errorf("the rule leads to %s", got.Rules[0].Destination)
		}
		return err
	})
}

// TestDefaultNumberOfATrunk: it is a number of the tenant, which says so when it is taken away.
func TestDefaultNumberOfATrunk(t *testing.T) {
	db := openDB(t, Options{})
	fill(t, db)
	put := func(tx *Tx) error { return tx.PutTrunk(t.Context(), trunkWithDefault()) }
	var refused *pbx.Error
	if _, err := db.Update(t.Context(), tester, put); !errors.As(err, &refused) || refused.Field != "default_number" {
		t.Errorf("a default number that nobody has: %v", err)
	}
	update(t, db, func(ctx context.Context, tx *Tx) error {
		return all(func() error { return tx.PutNumber(ctx, sampleOwnNumber()) }, func() error { return put(tx) })
	})
	if k, err := db.Snapshot(t.Context()); err != nil ||
		k.Trunk("default", trunkWithDefault().Name).DefaultNumber != sampleOwnNumber().Number {
		t.Errorf("the snapshot has no default number: %v", err)
	}
	for what, do := range map[string]func(*Tx) error{
		"deleted": func(tx *Tx) error { return tx.DeleteNumber(t.Context(), "default", sampleOwnNumber().Number) },
		"unassigned": func(tx *Tx) error {
			_, err := tx.UnassignNumber(t.Context(), Reach{}, sampleOwnNumber().Number)
			return err
		},
	} {
		_, err := db.Update(t.Context(), tester, do)
		if !errors.As(err, &refused) || refused.Kind != pbx.InUse || len(refused.Refs) != 1 ||
			refused.Refs[0] != (pbx.Ref{Kind: "trunk", Key: "carrier"}) {
			t.Errorf("the number is %s: %v", what, err)
		}
	}
}
