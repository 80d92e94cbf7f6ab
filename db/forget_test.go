package db

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// age makes everything recorded so far older.
func age(t *testing.T, db *DB, by time.Duration) {
	t.Helper()
	for _, table := range []string{"revisions", "apply_results", "phone_fetches"} {
		if _, err := db.writer.Exec("UPDATE "+table+" SET at = at - ?", by.Milliseconds()); err != nil {
			t.Fatal(err)
		}
	}
}

// rename makes n revisions with a change each.
func rename(t *testing.T, db *DB, n int, as string) {
	t.Helper()
	for i := range n {
		update(t, db, func(ctx context.Context, tx *Tx) error {
			e, err := tx.Extension(ctx, "default", "101")
			if err != nil {
				return err
			}
			e.Name = fmt.Sprintf("%s %d", as, i)
			return tx.PutExtension(ctx, e)
		})
	}
}

func TestForgetKeepsWhatIsYoungAndHowThingsStand(t *testing.T) {
	db := openDB(t, Options{})
	fill(t, db)
	ctx := t.Context()
	const day = 24 * time.Hour
	rename(t, db, forgetBatch+20, "Old") // more than one batch
	for _, state := range []ApplyState{Applied, ApplyFailed} {
		if err := db.RecordApply(ctx, ApplyResult{Revision: 1, State: state}); err != nil {
			t.Fatal(err)
		}
	}
	fetch := sampleFetch()
	fetch.At = time.Now()
	addFetches(t, db, fetch)
	if err := db.SortFetches(ctx); err != nil {
		t.Fatal(err)
	}
	age(t, db, 400*day)
	rename(t, db, 3, "Young")
	newest, err := db.Revision(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if rows, err := db.Forget(ctx, time.Now().Add(-365*day)); err != nil || rows < 2*forgetBatch {
		t.Fatalf("forgot %d rows: %v", rows, err)
	}
	changes, err := db.Changes(ctx, ChangeFilter{Limit: 1000})
	if err != nil || len(changes) != 3 {
		t.Errorf("%d changes are left: %v", len(changes), err)
	}
	for table, want := range map[string]string{"revisions": "3", "apply_results": "1", "phone_fetches": "0"} {
		if got := rawQuery(t, db, "SELECT count(*) FROM "+table); got[0] != want {
			t.Errorf("%s has %s rows, want %s", table, got[0], want)
		}
	}
	if applied, err := db.Applied(ctx); applied != 1 || err != nil {
		t.Errorf("applied is %d: %v", applied, err)
	}
	age(t, db, 400*day) // now everything is old
	if _, err := db.Forget(ctx, time.Now().Add(-365*day)); err != nil {
		t.Fatal(err)
	}
	if now, err := db.Revision(ctx); now != newest || err != nil {
		t.Errorf("the revision went from %d to %d: %v", newest, now, err)
	}
	if bad := rawQuery(t, db, `PRAGMA foreign_key_check`); !cmp.Equal(bad, []string(nil)) {
		t.Errorf("dangling: %v", bad)
	}
	rename(t, db, 1, "Next")
	if now, _ := db.Revision(ctx); now != newest+1 {
		t.Errorf("after revision %d comes %d", newest, now)
	}
}

// A writer has his turn between two batches.
func TestForgetLetsWritersIn(t *testing.T) {
	db := openDB(t, Options{})
	fill(t, db)
	rename(t, db, 4*forgetBatch, "Old")
	age(t, db, 48*time.Hour)
	done := make(chan error, 1)
	go func() {
		_, err := db.Forget(t.Context(), time.Now().Add(-time.Hour))
		done <- err
	}()
	during := 0
	for running := true; running; {
		select {
		case err := <-done:
			if err != nil {
				t.Error(err)
			}
			running = false
		default:
			rename(t, db, 1, "Meanwhile")
			during++
		}
	}
	if during < 3 {
		t.Errorf("%d writes came through while %d rows were forgotten", during, 8*forgetBatch)
	}
}

func TestForgetNothing(t *testing.T) {
	db := openDB(t, Options{})
	if rows, err := db.Forget(t.Context(), time.Now()); rows != 0 || err != nil {
		t.Errorf("forgot %d rows of nothing: %v", rows, err)
	}
}
