package db

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

const portedNumber, otherPorted = "+498912345601", "+498912345602"

func samplePort() *pbx.PortRequest {
	return &pbx.PortRequest{Tenant: "acme", Name: "munich", Carrier: "Old Telco", Account: "K-4711", Wish: "2026-12-24", Note: "both lines",
		Numbers: []pbx.PortNumber{{Number: portedNumber, Destination: "hangup", State: pbx.PortDraft}, {Number: otherPorted,
			State: pbx.PortDraft}}}
}

// ports is a filled database with a port request of acme.
func ports(t *testing.T) *DB {
	t.Helper()
	db := pool(t)
	checkEveryFieldSet(t, samplePort())
	do(t, db, as("", "acme"), func(ctx context.Context, tx *Tx) error { return tx.PutPortRequest(ctx, samplePort()) })
	return db
}

func stepTo(s pbx.PortStep) func(context.Context, *Tx) error {
	return func(ctx context.Context, tx *Tx) error {
		_, err := tx.StepPortRequest(ctx, "acme", "munich", s)
		return err
	}
}

// portStates are the states of the request, its numbers and their rows in the inventory.
func portStates(t *testing.T, db *DB) (out string) {
	t.Helper()
	view(t, db, func(ctx context.Context, tx *Tx) error {
		r, err := tx.PortRequest(ctx, "acme", "munich")
		if err != nil {
			return err
		}
		out = string(r.State())
		for _, n := range r.Numbers {
			out += " " + string(n.State)
			row, err := orNil(tx.InventoryNumber(ctx, Reach{}, n.Number))
			if err != nil {
				return err
			}
			if row != nil {
				out += "/" + string(row.State) + "/" + row.Tenant + row.Destination.String()
			}
		}
		return nil
	})
	return out
}

// The way of a request whose numbers come apart: refused, submitted again, scheduled, completed,
// cancelled.
func TestPortRequestOnItsWay(t *testing.T) {
	db := ports(t)
	north := as("north", "")
	for _, c := range []struct {
		by   pbx.Author
		step pbx.PortStep
		want string
	}{
		{as("", "acme"), pbx.PortStep{State: pbx.PortSubmitted}, "submitted submitted/porting-in/acmehangup submitted/porting-in/acme"},
		{north, pbx.PortStep{State: pbx.PortException, Numbers: []string{otherPorted}, Problem: "name differs"},
			"exception submitted/porting-in/acmehangup exception/porting-in/acme"},
		{as("", "acme"), pbx.PortStep{State: pbx.PortSubmitted}, "submitted submitted/porting-in/acmehangup submitted/porting-in/acme"},
		{north, pbx.PortStep{State: pbx.PortScheduled, Date: "2026-12-24"},
			"scheduled scheduled/porting-in/acmehangup scheduled/porting-in/acme"},
		{north, pbx.PortStep{State: pbx.PortCompleted, Numbers: []string{portedNumber}},
			"scheduled completed/assigned/acmehangup scheduled/porting-in/acme"},
		{as("", "acme"), pbx.PortStep{State: pbx.PortCancelled}, "completed completed/assigned/acmehangup cancelled"},
	} {
		do(t, db, c.by, stepTo(c.step))
		if got := portStates(t, db); got != c.want {
			t.Errorf("after %s: %s, want %s", c.step.State, got, c.want)
		}
	}
	view(t, db, func(ctx context.Context, tx *Tx) error {
		es, err := tx.PortHistory(ctx, "acme", "munich")
		var got []string
		for _, e := range es {
			got = append(got, fmt.Sprint(e.Number, " ", e.State, " ", e.Detail))
		}
		want := []string{" draft ", portedNumber + " submitted ", otherPorted + " submitted ", otherPorted + " exception name differs",
			otherPorted + " submitted ", portedNumber + " scheduled 2026-12-24", otherPorted + " scheduled 2026-12-24",
			portedNumber + " completed ", otherPorted + " cancelled "}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		return err
	})
	do(t, db, tester, func(ctx context.Context, tx *Tx) error { return tx.DeletePortRequest(ctx, "acme", "munich") })
}

// Each refusal with its sentence.
func TestPortRefusals(t *testing.T) {
	submit := pbx.PortStep{State: pbx.PortSubmitted}
	submitted := func(then func(context.Context, *Tx) error) func(context.Context, *Tx) error {
		return func(ctx context.Context, tx *Tx) error {
			return all(func() error { return stepTo(submit)(ctx, tx) }, func() error { return then(ctx, tx) })
		}
	}
	change := func(how func(*pbx.PortRequest)) func(context.Context, *Tx) error {
		return func(ctx context.Context, tx *Tx) error {
			r := samplePort()
			how(r)
			return tx.PutPortRequest(ctx, r)
		}
	}
	for name, c := range map[string]struct {
		by   pbx.Author
		do   func(context.Context, *Tx) error
		says string
	}{
		"a draft is scheduled": {tester, stepTo(pbx.PortStep{State: pbx.PortScheduled, Date: "2026-12-24"}),
			"port request munich is draft: no number of it can become scheduled"},
		"a number that is none of it": {tester, stepTo(pbx.PortStep{State: pbx.PortSubmitted, Numbers: []string{aNumber}}),
			"number +493012345600 is not one of port request munich"},
		"a number that cannot": {tester, stepTo(pbx.PortStep{State: pbx.PortCompleted,
			Numbers: []string{portedNumber}}), "number +498912345601 is draft, and cannot become completed"},
		"the carrier's by the tenant": {as("", "acme"), stepTo(pbx.PortStep{State: pbx.PortCompleted}),
			"state completed is set by the account above the tenant, which hears from the carrier"},
		"without a day":              {tester, stepTo(pbx.PortStep{State: pbx.PortScheduled}), `date "" is not a day: write it as 2026-12-24`},
		"an exception without words": {tester, stepTo(pbx.PortStep{State: pbx.PortException}), "problem is required"},
		"a number of another account": {tester, func(ctx context.Context, tx *Tx) error {
			return all(put(portedNumber, "east").of(ctx, tx), func() error { return stepTo(submit)(ctx, tx) })
		}, "number +498912345601 belongs to an account already"},
		"changed on its way": {tester, submitted(change(func(r *pbx.PortRequest) { r.Note = "" })),
			"port request munich is submitted: only a draft, or one with an exception, is changed"},
		"deleted on its way": {tester, submitted(func(ctx context.Context,
			tx *Tx) error {
			return tx.DeletePortRequest(ctx, "acme", "munich")
		}),
			"number +498912345601 of port request munich is submitted: cancel it first"},
		"the number deleted": {tester, submitted(func(ctx context.Context,
			tx *Tx) error {
			return tx.DeleteNumber(ctx, "acme", portedNumber)
		}),
			"number +498912345601 is being ported: cancel it in its port request"},
		"deleted from the inventory": {tester, submitted(func(ctx context.Context,
			tx *Tx) error {
			return tx.DeleteInventoryNumber(ctx, Reach{}, otherPorted)
		}),
			"number +498912345602 is being ported: cancel it in its port request"},
		"a destination that is nobody": {tester,
			change(func(r *pbx.PortRequest) { r.Numbers[0].Destination = "extension:999" }),
			"extension 999 does not exist in tenant acme"},
		"a tenant that may not": {as("", "acme"), func(ctx context.Context, tx *Tx) error {
			if err := tx.exec(ctx, `UPDATE tenants SET allow_external_numbers = 0`); err != nil {
				return err
			}
			return stepTo(submit)(ctx, tx)
		}, "the account above submits the request: to submit it itself, the tenant needs allow_external_numbers"},
		"the tenant deleted": {tester, func(ctx context.Context, tx *Tx) error { return tx.DeleteTenant(ctx, "acme") },
			"tenant acme is still used by port-request munich"},
		"a number left out on its way": {tester, submitted(func(ctx context.Context, tx *Tx) error {
			return all(func() error {
				return stepTo(pbx.PortStep{State: pbx.PortException, Problem: "x", Numbers: []string{portedNumber}})(ctx, tx)
			}, func() error {
				return change(func(r *pbx.PortRequest) { r.Numbers = r.Numbers[:1] })(ctx, tx)
			})
		}), "number +498912345602 is submitted: cancel it before it is left out"},
	} {
		t.Run(name, func(t *testing.T) {
			if err := try(t, ports(t), c.by, c.do); err == nil || err.Error() != c.says {
				t.Errorf("%v, want %s", err, c.says)
			}
		})
	}
}

// The first call to a number on its way is told once, with its request.
func TestFirstCallOfAPort(t *testing.T) {
	db := ports(t)
	do(t, db, tester, stepTo(pbx.PortStep{State: pbx.PortSubmitted}))
	for i, want := range [][]PortCall{{{"acme", "munich", portedNumber}}, nil} {
		first, err := db.CallsCame(t.Context(), time.Now(), []string{portedNumber, aNumber})
		if err != nil {
			t.Fatal(err)
		}
		got, err := db.PortsOf(t.Context(), first)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("call %d: %v %s", i, err, diff)
		}
	}
	view(t, db, func(ctx context.Context, tx *Tx) error {
		r, err := tx.PortRequest(ctx, "acme", "munich")
		if err != nil {
			return err
		}
		at, err := tx.FirstCalls(ctx, r)
		if len(at) != 1 || at[portedNumber].IsZero() {
			t.Errorf("the first calls are %v", at)
		}
		return err
	})
}

func TestPortDocuments(t *testing.T) {
	db := ports(t)
	paper := &PortDocument{Type: "application/pdf", Content: []byte("%PDF-1.7 %%EOF")}
	set := func(name string, d *PortDocument) error {
		return try(t, db, as("", "acme"), func(ctx context.Context, tx *Tx) error {
			return tx.PutPortDocument(ctx, "acme", "munich", name, d)
		})
	}
	for i := range mostPortDocuments {
		if err := set(fmt.Sprint("paper", i), paper); err != nil {
			t.Fatal(err)
		}
	}
	if err := set("paper0", paper); err != nil { // in place of another one
		t.Error(err)
	}
	if err := set("more", paper); pbx.KindOf(err) != pbx.Conflict {
		t.Errorf("one more: %v", err)
	}
	if err := set("paper1", nil); err != nil {
		t.Error(err)
	}
	if err := set("paper1", nil); pbx.KindOf(err) != pbx.NotFound {
		t.Errorf("removed twice: %v", err)
	}
	view(t, db, func(ctx context.Context, tx *Tx) error {
		ds, err := tx.PortDocuments(ctx, "acme", "munich")
		if err != nil || len(ds) != mostPortDocuments-1 || ds[0].Size != len(paper.Content) || ds[0].Content != nil {
			t.Errorf("%+v, %v", ds, err)
		}
		d, err := tx.PortDocument(ctx, "acme", "munich", "paper0")
		if err == nil && (string(d.Content) != string(paper.Content) || d.Type != paper.Type || d.Actor != "tester") {
			t.Errorf("%+v", d)
		}
		return err
	})
	do(t, db, tester, func(ctx context.Context, tx *Tx) error { return tx.DeletePortRequest(ctx, "acme", "munich") })
	if got := rawQuery(t, db, `SELECT count(*) FROM port_documents`); got[0] != "0" {
		t.Errorf("%s documents are left", got[0])
	}
}

// TestPortedNumberIsElsewhereUntilDone: while a number is on its way, calls from inside go to the
// carrier that has it; calls that carriers bring are led from the start.
func TestPortedNumberIsElsewhereUntilDone(t *testing.T) {
	db := ports(t)
	inside := func() bool {
		t.Helper()
		s, err := db.Snapshot(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if s.NumberSent("acme", portedNumber) == nil || s.NumberCalled("bolt", portedNumber) == nil {
			t.Error("a call that a carrier brings is not led")
		}
		return s.Owned(portedNumber) != nil
	}
	for _, c := range []struct {
		step pbx.PortStep
		want bool
	}{
		{pbx.PortStep{State: pbx.PortSubmitted}, false},
		{pbx.PortStep{State: pbx.PortScheduled, Date: "2026-12-24"}, false},
		{pbx.PortStep{State: pbx.PortCompleted}, true},
	} {
		do(t, db, tester, stepTo(c.step))
		if got := inside(); got != c.want {
			t.Errorf("%s: calls from inside stay in the house: %t", c.step.State, got)
		}
	}
}
