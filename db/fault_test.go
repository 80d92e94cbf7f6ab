package db

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// lock holds the write lock of a database as another program would, until the
// returned function is called.
func lock(t *testing.T, path string) (release func()) {
	t.Helper()
	other, err := sql.Open("sqlite3", path)
	if err != nil {
		t.Fatal(err)
	}
	other.SetMaxOpenConns(1)
	if _, err := other.Exec(`BEGIN IMMEDIATE`); err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := other.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestLockedDatabaseIsUnavailableAndComesBack(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	db := openAt(t, path, Options{BusyTimeout: 20 * time.Millisecond})
	fill(t, db)
	release := lock(t, path)
	_, err := db.Update(t.Context(), tester, func(tx *Tx) error {
		t.Error("the function ran")
		return nil
	})
	if pbx.KindOf(err) != pbx.Unavailable || !strings.Contains(err.Error(), "locked by another program") {
		t.Errorf("Update: %v", err)
	}
	if err := db.PutStatuses(t.Context(), []pbx.EndpointStatus{sampleStatus()}); pbx.KindOf(err) != pbx.Unavailable {
		t.Errorf("PutStatuses: %v", err)
	}
	if s, err := db.Snapshot(t.Context()); err != nil || len(s.Phones) != 1 {
		t.Errorf("readers must not wait: %v", err)
	}
	release()
	fillStillWorks(t, db)
}

func TestUpdateWaitsForALockThatEnds(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	db := openAt(t, path, Options{})
	release := lock(t, path)
	timer := time.AfterFunc(50*time.Millisecond, release)
	defer timer.Stop()
	fillStillWorks(t, db)
}

func TestDeadlineWhileTheWriterIsBusy(t *testing.T) {
	db := openDB(t, Options{})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	update(t, db, func(context.Context, *Tx) error {
		_, err := db.Update(ctx, tester, func(*Tx) error { return nil })
		if pbx.KindOf(err) != pbx.Unavailable || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		return nil
	})
	// The transaction itself ends with its context, whatever its function does,
	// before or while it is committed.
	for i := range 20 {
		ctx, cancel := context.WithCancel(t.Context())
		_, err := db.Update(ctx, tester, func(tx *Tx) error {
			err := tx.CreateTenant(context.Background(), loneTenant())
			cancel()
			for j := 0; err == nil && j < i; j++ {
				_, err = tx.Tenants(context.Background(), ListOptions{})
			}
			return err
		})
		if pbx.KindOf(err) != pbx.Unavailable || !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	}
	fill(t, db) // would be a conflict if the tenant had been kept
}

// One statement that goes on and on ends with its transaction, whatever context its
// function passes; one whose context would never end is bounded all the same.
func TestATransactionBoundsItsStatements(t *testing.T) {
	db := openDB(t, Options{})
	const endless = `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n`
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	err := db.View(ctx, func(tx *Tx) error {
		_, err := tx.has(context.Background(), endless)
		return err
	})
	if pbx.KindOf(err) != pbx.Unavailable || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	bounded := func(tx *Tx) error {
		if end, ok := tx.sql.ctx.Deadline(); !ok || time.Until(end) > DefaultTimeout {
			t.Errorf("a transaction may take until %v", end)
		}
		return nil
	}
	ever := context.Background()
	_, err = db.Update(ever, tester, bounded)
	if err := errors.Join(err, db.write(ever, bounded), db.View(ever, bounded)); err != nil {
		t.Error(err)
	}
}

func TestFullDiskLosesNothing(t *testing.T) {
	db := openNew(t, Options{})
	fillEverything(t, db)
	before := dump(t, db)
	limit := func(pages string) {
		t.Helper()
		if _, err := db.writer.Exec(`PRAGMA max_page_count = ` + pages); err != nil {
			t.Fatal(err)
		}
	}
	limit("1") // SQLite raises it to the pages there are
	_, err := db.Update(t.Context(), tester, func(tx *Tx) error {
		for i := range 1000 {
			e := sampleExtension()
			e.Number += strings.Repeat("x", i%10) + string(rune('a'+i%26)) + string(rune('a'+i/26%26))
			if err := tx.PutExtension(t.Context(), e); err != nil {
				return err
			}
		}
		return nil
	})
	if pbx.KindOf(err) != pbx.Unavailable || !strings.Contains(err.Error(), "the disk is full") {
		t.Errorf("got %v", err)
	}
	if diff := cmp.Diff(before, dump(t, db)); diff != "" {
		t.Error(diff)
	}
	limit("1000000")
	checkFilled(t, db)
	fillStillWorks(t, db)
}

func TestConstraintsAreTranslatedByCode(t *testing.T) {
	db := openDB(t, Options{})
	fill(t, db)
	for text, kind := range map[string]pbx.Kind{
		`INSERT INTO tenants SELECT * FROM tenants`:    pbx.Conflict,
		`UPDATE devices SET endpoint = ''`:             pbx.Invalid,
		`UPDATE devices SET endpoint = NULL`:           pbx.Invalid,
		`UPDATE devices SET qualify_seconds = 'often'`: pbx.Invalid,
		`UPDATE devices SET extension = '999'`:         pbx.Conflict,
		`DELETE FROM extensions`:                       pbx.Conflict,
		`INSERT INTO devices (tenant, name, endpoint, secret, qualify_seconds, version, revision) SELECT tenant, 'x', endpoint, secret, 0, 1, 1 FROM devices`: pbx.Conflict,
		`SELECT * FROM nowhere`: pbx.Internal,
	} {
		err := db.write(t.Context(), func(tx *Tx) error { return tx.exec(t.Context(), text) })
		if err == nil || pbx.KindOf(err) != kind {
			t.Errorf("%s: %v, want kind %s", text, err, kind)
		}
		var e *pbx.Error
		if errors.As(err, &e) && (e.Message == "" || strings.Contains(e.Message, "constraint")) {
			t.Errorf("%s: message %q is not for people", text, e.Message)
		}
	}
}
