package guard

import (
	"context"
	"log/slog"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/provisioner/event"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// rig is a guard of tenant default, whose clock is in Berlin.
type rig struct {
	*Guard
	t        *testing.T
	db       *db.DB
	channels map[string]bool
	numbers  map[string]bool
	told     []event.Guard
}

func newRig(t *testing.T) *rig {
	t.Helper()
	store, err := db.Open(t.Context(), filepath.Join(t.TempDir(), "guard.db"), db.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	_, err = store.Update(t.Context(), pbx.Author{}, func(tx *db.Tx) error {
		tenant, err := tx.Tenant(t.Context(), pbx.DefaultTenant)
		if err != nil {
			return err
		}
		tenant.Timezone = "Europe/Berlin"
		if err := tx.PutTenant(t.Context(), tenant); err != nil {
			return err
		}
		e := pbx.NewExtension(pbx.DefaultTenant, "101")
		e.Name, e.Guard = "Ada", pbx.Guard{MinutesPerDay: 60}
		return tx.PutExtension(t.Context(), e)
	})
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{t: t, db: store}
	r.start()
	return r
}

// start makes the guard anew from the database, as after a kill.
func (r *rig) start() {
	r.t.Helper()
	snapshot, err := r.db.Snapshot(r.t.Context())
	if err != nil {
		r.t.Fatal(err)
	}
	r.channels, r.numbers = map[string]bool{}, map[string]bool{}
	r.Guard, err = New(r.t.Context(), Options{DB: r.db, Log: slog.New(slog.DiscardHandler),
		Snapshot: func() *pbx.Snapshot { return snapshot },
		Tell:     func(e event.Guard) { r.told = append(r.told, e) },
		Outside:  func() (_, _ map[string]bool, known bool) { return r.channels, r.numbers, true }})
	if err != nil {
		r.t.Fatal(err)
	}
}

// restart writes what waits and starts anew.
func (r *rig) restart() {
	r.t.Helper()
	if err := r.rows.Flush(context.Background()); err != nil {
		r.t.Fatal(err)
	}
	r.start()
}

func (r *rig) dials(channel, number string, seconds int) {
	charge := &pbx.Charge{Extension: "101", Number: number, Seconds: seconds, Price: 2}
	r.reserve(channel, pbx.DefaultTenant, pbx.Step{Legs: []pbx.Leg{{Endpoint: "tcarrier", Outside: number, Charge: charge}}}, now)
}

// now is noon in Berlin, in winter.
var now = time.Date(2026, 1, 10, 11, 0, 0, 0, time.UTC)

func (r *rig) check(what string, at time.Time, want pbx.Usage) {
	r.t.Helper()
	for _, extension := range []string{"101", ""} {
		if got := r.usage(holder{pbx.DefaultTenant, extension}, at); got != want {
			r.t.Errorf("%s: extension %q: %+v, want %+v", what, extension, got, want)
		}
	}
}

func ended(channel, number string, talked time.Duration) Ended {
	e := Ended{Tenant: pbx.DefaultTenant, Extension: "101", Channel: "leg", Channels: []string{"leg", channel}, Number: number,
		Called: true, Up: now.Add(10 * time.Second), At: now.Add(10*time.Second + talked)}
	if talked == 0 {
		e.Up = time.Time{}
	}
	return e
}

// TestReservationBecomesTalk: what is reserved counts until the leg ends, then what it has talked.
func TestReservationBecomesTalk(t *testing.T) {
	r := newRig(t)
	r.dials("c1", "+4930", 600)
	r.dials("c1", "+4930", 300) // the same call by another trunk
	r.check("dialled", now, pbx.Usage{Calls: 1, Recent: 1, Seconds: 300, Spent: 10})
	r.dials("c2", "+4940", 100)
	r.check("two calls", now, pbx.Usage{Calls: 2, Recent: 2, Seconds: 400, Spent: 14})
	r.LegEnded(ended("c1", "+4930", 61*time.Second+time.Millisecond))
	r.check("one has ended", now.Add(time.Minute), pbx.Usage{Calls: 1, Seconds: 162, Spent: 8})
	r.Back("c2")
	r.check("busy", now.Add(time.Minute), pbx.Usage{Seconds: 62, Spent: 4})
	r.LegEnded(ended("c2", "+4940", 0))
	r.LegEnded(ended("c9", "+4999", 8*time.Second)) // that nobody reserved
	incoming := ended("c9", "+4999", time.Hour)
	incoming.Called = false
	r.LegEnded(incoming)
	r.check("without a reservation", now.Add(time.Minute), pbx.Usage{Seconds: 70, Spent: 4})
}

// TestLiftedBlockCountsAnew: the day's talk stays, and counts no more.
func TestLiftedBlockCountsAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		e := ended("c1", "+4930", time.Hour)
		e.Up, e.At = time.Now().Add(-time.Hour), time.Now()
		r.LegEnded(e)
		today := r.Today(r.o.Snapshot(), pbx.DefaultTenant)
		if len(today) != 2 || today[1].Blocked == "" || today[0].Blocked != "" || today[1].Talked != 3600 {
			t.Errorf("used up: %+v", today)
		}
		r.Lift(pbx.Author{Actor: "tester"}, pbx.DefaultTenant, "101")
		r.restart()
		today = r.Today(r.o.Snapshot(), pbx.DefaultTenant)
		if len(today) != 2 || today[1].Blocked != "" || today[1].Seconds != 0 || today[1].Talked != 3600 || today[0].Seconds != 3600 {
			t.Errorf("lifted: %+v", today)
		}
	})
}

// TestDayIsTheTenants: it ends at midnight in Berlin, on the days of a clock change too.
func TestDayIsTheTenants(t *testing.T) {
	for _, tt := range []struct{ talked, same, next string }{
		{"2026-01-10T22:00:00Z", "2026-01-10T22:59:59Z", "2026-01-10T23:00:00Z"},
		{"2026-07-10T20:00:00Z", "2026-07-10T21:59:59Z", "2026-07-10T22:00:00Z"},
		{"2026-03-28T23:00:00Z", "2026-03-29T21:59:59Z", "2026-03-29T22:00:00Z"}, // 23 hours
		{"2026-10-24T22:00:00Z", "2026-10-25T22:59:59Z", "2026-10-25T23:00:00Z"}, // 25 hours
	} {
		at := func(text string) time.Time {
			out, err := time.Parse(time.RFC3339, text)
			if err != nil {
				t.Fatal(err)
			}
			return out
		}
		r := newRig(t)
		e := ended("c1", "+4930", time.Second)
		e.Up, e.At = at(tt.talked).Add(-time.Minute), at(tt.talked)
		r.LegEnded(e)
		r.check(tt.same, at(tt.same), pbx.Usage{Seconds: 60})
		r.check(tt.next, at(tt.next), pbx.Usage{})
	}
}

// TestRestartGoesOn: after a kill the same calls are reserved and the same day is used; a call
// that ended meanwhile counts until then, at most for as long as it could talk.
func TestRestartGoesOn(t *testing.T) {
	r := newRig(t)
	r.dials("c1", "+4930", 600)
	r.dials("c2", "+4940", 100)
	r.dials("c3", "+4950", 0)
	r.LegEnded(ended("c4", "+4960", 5*time.Second))
	r.restart()
	r.check("started", now.Add(time.Hour), pbx.Usage{Calls: 3, Seconds: 705, Spent: 24})
	r.channels["c1"], r.numbers["+4940"] = true, true
	r.sweep(now.Add(5 * time.Minute))
	r.check("one has ended", now.Add(time.Hour), pbx.Usage{Calls: 2, Seconds: 705 + 300, Spent: 34})
	unseen := ended("c1", "", time.Second)
	unseen.Called, unseen.At = false, now.Add(7*time.Minute)
	r.LegEnded(unseen)
	r.check("ended unseen", now.Add(time.Hour), pbx.Usage{Calls: 1, Seconds: 405 + 420, Spent: 28})
	delete(r.numbers, "+4940")
	r.sweep(now.Add(time.Hour))
	r.restart()
	r.check("all ended", now.Add(time.Hour), pbx.Usage{Seconds: 825, Spent: 28})
}

// TestForgottenReservationIsFree: what was reserved and never called is given back.
func TestForgottenReservationIsFree(t *testing.T) {
	r := newRig(t)
	r.dials("c1", "+4930", 600)
	r.sweep(now.Add(settledAfter - time.Second))
	r.check("just dialled", now, pbx.Usage{Calls: 1, Recent: 1, Seconds: 600, Spent: 20})
	r.sweep(now.Add(settledAfter))
	r.check("never called", now.Add(time.Minute), pbx.Usage{})
}

// TestRenumberedAndForgotten: what was used follows an extension's number, and ends with it.
func TestRenumberedAndForgotten(t *testing.T) {
	r := newRig(t)
	r.dials("c1", "+4930", 600)
	r.LegEnded(ended("c4", "+4960", 5*time.Second))
	r.Renumber(pbx.DefaultTenant, "101", "171")
	want := pbx.Usage{Calls: 1, Recent: 1, Seconds: 605, Spent: 20}
	if got := r.usage(holder{pbx.DefaultTenant, "171"}, now); got != want {
		t.Errorf("renumbered: %+v", got)
	}
	if got := r.usage(holder{pbx.DefaultTenant, "101"}, now); got != (pbx.Usage{}) {
		t.Errorf("the old number: %+v", got)
	}
	r.Forget(pbx.DefaultTenant, "171")
	if got := r.usage(holder{pbx.DefaultTenant, "171"}, now); got.Recent != 0 || got.Seconds != 600 {
		t.Errorf("forgotten: %+v", got)
	}
}

// TestRunEndsAndStores: the loops end with their context and leave nothing unwritten.
func TestRunEndsAndStores(t *testing.T) {
	r := newRig(t)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	r.Reserve("c1", pbx.DefaultTenant, pbx.Step{Legs: []pbx.Leg{{Charge: &pbx.Charge{Number: "+4930", Seconds: 60}}}})
	cancel()
	<-done
	stored, err := r.db.GuardState(t.Context())
	if err != nil || len(stored.Calls) != 1 {
		t.Errorf("%v: %+v", err, stored)
	}
}
