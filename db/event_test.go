package db

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// addEvents stores events, "tenant" or "" at each id.
func addEvents(t *testing.T, db *DB, tenants map[uint64]string, at time.Time) {
	t.Helper()
	var es []Event
	for id, tenant := range tenants {
		es = append(es, Event{ID: id, Tenant: tenant, Type: "status", At: at, Data: fmt.Appendf(nil, `{"id":%d}`, id)})
	}
	if _, err := db.AddEvents(t.Context(), es, nil); err != nil {
		t.Fatal(err)
	}
}

// eventIDs reads the ids of what is kept, and up to where some are lost.
func eventIDs(t *testing.T, db *DB, tenant string, after uint64, limit int) string {
	t.Helper()
	es, err := db.EventsAfter(t.Context(), tenant, after, limit)
	if err != nil {
		t.Fatal(err)
	}
	text := ""
	for _, e := range es.Events {
		text += fmt.Sprint(e.ID, " ")
		if e.Type != "status" || string(e.Data) != fmt.Sprintf(`{"id":%d}`, e.ID) || e.At.IsZero() {
			t.Errorf("event %+v", e)
		}
	}
	return fmt.Sprint(text, "lost ", es.Lost)
}

// A tenant reads its events alone, in their order, and none of a tenant that had its name before.
func TestEvents(t *testing.T) {
	db := openDB(t, Options{})
	update(t, db, func(ctx context.Context, tx *Tx) error { return tx.CreateTenant(ctx, loneTenant()) })
	lone := loneTenant().Name
	addEvents(t, db, map[uint64]string{1: lone, 2: "default", 3: "", 4: lone, 5: lone, 6: "gone"}, time.Now())
	for _, c := range []struct {
		tenant string
		after  uint64
		limit  int
		want   string
	}{
		{"", 0, 10, "1 2 3 4 5 lost 0"},
		{"", 3, 10, "4 5 lost 0"},
		{"", 0, 2, "1 2 lost 0"},
		{lone, 0, 10, "1 4 5 lost 0"},
		{lone, 4, 10, "5 lost 0"},
		{lone, 5, 10, "lost 0"},
		{"default", 0, 10, "2 lost 0"},
		{"gone", 0, 10, "lost 0"},
	} {
		if got := eventIDs(t, db, c.tenant, c.after, c.limit); got != c.want {
			t.Errorf("%q after %d: %s, want %s", c.tenant, c.after, got, c.want)
		}
	}
	update(t, db, func(ctx context.Context, tx *Tx) error { return tx.DeleteTenant(ctx, lone) })
	update(t, db, func(ctx context.Context, tx *Tx) error { return tx.CreateTenant(ctx, loneTenant()) })
	if got := eventIDs(t, db, lone, 0, 10); got != "lost 0" {
		t.Errorf("the next tenant of that name reads %s", got)
	}
}

// What is too old or too much goes, oldest first, of each tenant by itself; each reader whose
// events went is told, and nobody else.
func TestForgetEvents(t *testing.T) {
	db := openDB(t, Options{})
	update(t, db, func(ctx context.Context, tx *Tx) error { return tx.CreateTenant(ctx, loneTenant()) })
	lone := loneTenant().Name
	now := time.Now()
	addEvents(t, db, map[uint64]string{1: "default"}, now.Add(-time.Hour))
	addEvents(t, db, map[uint64]string{2: "", 3: lone, 4: lone, 5: lone, 6: "default", 7: lone}, now)
	forget := func(each, all, want int, left string) {
		t.Helper()
		n, err := db.ForgetEvents(t.Context(), now.Add(-time.Minute), each, all)
		if n != want || err != nil {
			t.Errorf("forgot %d, %v, want %d", n, err, want)
		}
		if got := eventIDs(t, db, "", 0, 10); got != left {
			t.Errorf("left are %s, want %s", got, left)
		}
	}
	forget(3, 10, 2, "2 4 5 6 7 lost 3")
	forget(3, 10, 0, "2 4 5 6 7 lost 3")
	for tenant, want := range map[string]string{lone: "4 5 7 lost 3", "default": "6 lost 1"} {
		if got := eventIDs(t, db, tenant, 0, 10); got != want {
			t.Errorf("%s reads %s, want %s", tenant, got, want)
		}
	}
	if got := eventIDs(t, db, "default", 1, 10); got != "6 lost 0" {
		t.Errorf("a reader from before who knows 1 reads %s", got)
	}
	forget(3, 2, 3, "6 7 lost 5")
	if _, err := db.AddEvents(t.Context(), nil, map[string]uint64{lone: 9}); err != nil {
		t.Fatal(err)
	}
	if got := eventIDs(t, db, lone, 7, 10); got != "lost 9" {
		t.Errorf("what memory lost: %s", got)
	}
}

// No id repeats over starts, and only a start that did not end well may have lost events.
func TestEventRuns(t *testing.T) {
	db := openDB(t, Options{})
	const run = uint64(1) << 32
	start := func(want uint64) {
		t.Helper()
		if before, err := db.StartEvents(t.Context()); before != want || err != nil {
			t.Errorf("begins after %d, %v, want %d", before, err, want)
		}
	}
	lost := func(after uint64, want string) {
		t.Helper()
		if got := eventIDs(t, db, "default", after, 10); got != want {
			t.Errorf("after %d: %s, want %s", after, got, want)
		}
	}
	start(run)
	if err := db.EndEvents(t.Context()); err != nil {
		t.Fatal(err)
	}
	start(2 * run)
	lost(run+5, "lost 0")
	start(3 * run) // the second was killed
	lost(2*run+5, fmt.Sprint("lost ", 3*run-1))
	lost(3*run, "lost 0")
	if err := db.EndEvents(t.Context()); err != nil {
		t.Fatal(err)
	}
	start(4 * run)
	lost(2*run+5, fmt.Sprint("lost ", 3*run-1))
	lost(3*run+5, "lost 0")
}

// A database from before has no events, and none of them is missed.
func TestNoEventsFromBefore(t *testing.T) {
	db, _ := writtenBy(t, 52)
	es, err := db.EventsAfter(t.Context(), "", 0, 10)
	if diff := cmp.Diff(Events{}, es, cmpopts.EquateEmpty()); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
}
