package db

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

func sampleCDR() *pbx.CDR {
	at := time.UnixMilli(1_800_000_000_000).UTC()
	bob := pbx.CallParty{Number: "102", Name: "Bob \x27; DROP", Extension: "102", Device: "bob"}
	return &pbx.CDR{CallID: "1800000000.1", Tenant: "default", Started: at, Answered: at.Add(2 * time.Second), Ended: at.Add(9 * time.Second),
		From: pbx.CallParty{Number: "101", Name: "Ada", Extension: "101", Device: "desk-101"}, Dialled: "102", By: bob,
		Called:  []pbx.CallLeg{{ID: "1800000000.2", CallParty: bob, State: pbx.LegEnded, Started: at, Since: at, Answered: at, Ended: at, Outcome: pbx.OutcomeAnswer}},
		Outcome: pbx.CallAnswered, Via: []pbx.CallVia{pbx.ViaPickup, pbx.ViaTransfer}, Rules: []string{"because", "and so"}, Recording: "r", Incomplete: true}
}

func TestCDRRoundTrip(t *testing.T) {
	db := openDB(t, Options{})
	fill(t, db)
	want := sampleCDR()
	gone := sampleCDR()
	gone.Tenant = "gone"
	counts := []AnswerCount{{Tenant: "default", Extension: "101", Last: want.Answered, Count: 7}, {Tenant: "default", Extension: "404", Count: 1}}
	for range 2 { // a count is replaced
		if err := db.WriteCDRs(t.Context(), nil, counts); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.WriteCDRs(t.Context(), []*pbx.CDR{want, gone}, nil); err != nil {
		t.Fatal(err)
	}
	got, err := db.CDRs(t.Context(), "default", CDRFilter{})
	if err != nil || len(got) != 1 {
		t.Fatalf("%d records, %v", len(got), err)
	}
	want.ID = got[0].ID
	if diff := cmp.Diff(want, got[0]); diff != "" {
		t.Error(diff)
	}
	stored, err := db.AnswerCounts(t.Context())
	if diff := cmp.Diff(counts[:1], stored); diff != "" || err != nil {
		t.Error(diff, err)
	}
	if _, err := db.CDRs(t.Context(), "gone", CDRFilter{}); pbx.KindOf(err) != pbx.NotFound {
		t.Errorf("records of no tenant: %v", err)
	}
}

// Pages hold every record once, newest first, also where times are equal.
func TestCDRFilters(t *testing.T) {
	db := openDB(t, Options{})
	fill(t, db)
	start := sampleCDR().Started
	var all []*pbx.CDR
	for i := range 10 {
		c := sampleCDR()
		c.Started = start.Add(time.Duration(i/3) * time.Minute)
		c.Dialled = fmt.Sprintf("+4930%d", i)
		all = append(all, c)
	}
	all[4].Outcome, all[5].By, all[5].Called = pbx.CallBusy, pbx.CallParty{}, nil
	if err := db.WriteCDRs(t.Context(), all, nil); err != nil {
		t.Fatal(err)
	}
	seen := map[int64]bool{}
	for f := (CDRFilter{Limit: 3}); ; {
		rows, err := db.CDRs(t.Context(), "default", f)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range rows {
			if seen[c.ID] || !f.Before.Started.IsZero() && c.Started.After(f.Before.Started) {
				t.Errorf("record %d comes again or too late", c.ID)
			}
			seen[c.ID], f.Before = true, CDRCursor{c.Started, c.ID}
		}
		if len(rows) < 3 {
			break
		}
	}
	if len(seen) != len(all) {
		t.Errorf("pages show %d of %d records", len(seen), len(all))
	}
	for want, f := range map[int]CDRFilter{
		1: {Outcome: pbx.CallBusy}, 3: {From: start.Add(time.Minute), To: start.Add(2 * time.Minute)}, 9: {Extension: "102"}, 0: {Extension: "%"},
		10: {Extension: "101"},
	} {
		if got, err := db.CDRs(t.Context(), "default", f); err != nil || len(got) != want {
			t.Errorf("%+v chooses %d records, want %d (%v)", f, len(got), want, err)
		}
	}
	if got, err := db.CDRs(t.Context(), "default", CDRFilter{Number: "+49307"}); err != nil || len(got) != 1 {
		t.Errorf("a number chooses %d records (%v)", len(got), err)
	}
}

// Records go when their tenant keeps them no longer, others stay; a deleted tenant
// leaves none to whoever has its name next.
func TestCDRsArePruned(t *testing.T) {
	db := openDB(t, Options{})
	fill(t, db)
	now := sampleCDR().Started.Add(100 * 24 * time.Hour)
	var all []*pbx.CDR
	for _, days := range []int{1, 89, 91, 400} { // acme keeps 90 days, default all
		for _, tenant := range []string{"acme", "default"} {
			c := sampleCDR()
			c.Tenant, c.Started = tenant, now.Add(-time.Duration(days)*24*time.Hour)
			all = append(all, c)
		}
	}
	if err := db.WriteCDRs(t.Context(), all, nil); err != nil {
		t.Fatal(err)
	}
	if n, err := db.PruneCDRs(t.Context(), now); n != 2 || err != nil {
		t.Errorf("pruned %d, %v", n, err)
	}
	for tenant, want := range map[string]int{"acme": 2, "default": 4} {
		if rows, err := db.CDRs(t.Context(), tenant, CDRFilter{}); len(rows) != want || err != nil {
			t.Errorf("%s keeps %d, %v", tenant, len(rows), err)
		}
	}
	if _, err := db.Update(t.Context(), tester, func(tx *Tx) error { return tx.DeleteTenant(t.Context(), "acme") }); err != nil {
		t.Fatal(err)
	}
	if left := rawQuery(t, db, `SELECT id FROM cdrs WHERE tenant = 'acme'`); len(left) != 0 {
		t.Errorf("a deleted tenant leaves %d records", len(left))
	}
}
