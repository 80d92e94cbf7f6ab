package db

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

func sampleGuard() GuardRows {
	return GuardRows{
		Usage: []GuardUsage{{Tenant: "default", Day: "2026-11-29", Seconds: 70, Spent: 900, LiftedSeconds: 7, LiftedSpent: 9,
			Told: []string{"minutes_per_day:80"}},
			{Tenant: "default", Extension: "101", Day: "2026-11-29", Seconds: 7}},
		Calls: []pbx.Reservation{{Channel: "1.7", Tenant: "default", Began: time.UnixMilli(7).UTC(),
			Charge: pbx.Charge{Extension: "101", Number: "+4930123456", Seconds: 600, Price: 20}}},
		Countries: []GuardCountry{{"default", "FR", time.UnixMilli(9).UTC()}},
	}
}

// TestGuardFollowsItsRows: what was observed is replaced and not added to, goes with its
// extension, and is not kept of objects that are gone.
func TestGuardFollowsItsRows(t *testing.T) {
	db := openNew(t, Options{})
	fill(t, db)
	want := sampleGuard()
	rows := sampleGuard()
	rows.Usage = append(rows.Usage, GuardUsage{Tenant: "gone", Day: "2026-11-29"},
		GuardUsage{Tenant: "default", Extension: "999", Day: "2026-11-29"})
	rows.Calls = append(rows.Calls, pbx.Reservation{Channel: "1.8", Tenant: "gone"})
	for range 2 {
		if err := db.WriteGuard(t.Context(), rows); err != nil {
			t.Fatal(err)
		}
	}
	check := func(what string) {
		t.Helper()
		got, err := db.GuardState(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s:\n%s", what, diff)
		}
	}
	check("written twice")
	if _, err := db.Update(t.Context(), tester, func(tx *Tx) error {
		_, err := tx.RenumberExtension(context.Background(), "default", "101", "171")
		return err
	}); err != nil {
		t.Fatal(err)
	}
	want.Usage[1].Extension = "171"
	check("renumbered")
	if err := db.WriteGuard(t.Context(), GuardRows{Ended: want.Calls}); err != nil {
		t.Fatal(err)
	}
	want.Calls = nil
	check("ended")
}

// TestTenantsFromBeforeHaveNoGuard migrates a tenant and an extension of version 42.
func TestTenantsFromBeforeHaveNoGuard(t *testing.T) {
	_, s := writtenBy(t, 42,
		`INSERT INTO tenants (name, title, timezone, phone_password, version, revision) VALUES ('old', '', 'UTC', 'password1', 1, 1)`,
		`INSERT INTO extensions (tenant, number, name, ring_seconds, hidden, presence, version, revision)
			VALUES ('old', '101', 'Ada', 20, 0, 1, 1, 1)`)
	if s.Tenant("old") == nil || s.Extension("old", "101") == nil || s.Guarded("old", "101") || s.Guarded("old", "") {
		t.Errorf("the guard of old is %+v, of 101 %+v", s.GuardOf("old", ""), s.GuardOf("old", "101"))
	}
}
