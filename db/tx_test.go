package db

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

func TestUpdateMakesOneRevisionForAllItChanges(t *testing.T) {
	db := openDB(t, Options{})
	rev := fill(t, db)
	if rev != 2 {
		t.Errorf("revision %d, want 2", rev)
	}
	s, err := db.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for what, got := range map[string]int64{"snapshot": s.Revision, "tenant": s.Tenant("acme").Revision, "extension": s.Extension("default", "101").Revision,
		"device": s.Device("default", "desk-101").Revision, "mailbox": s.Mailbox("default", "101").Revision, "phone": s.Phone("001565aabbcc").Revision} {
		if got != rev {
			t.Errorf("%s has revision %d, want %d", what, got, rev)
		}
	}
}

func TestPutOfTheSameMakesNoRevision(t *testing.T) {
	db := openDB(t, Options{})
	rev := fill(t, db)
	changesBefore, err := db.Changes(t.Context(), ChangeFilter{})
	if err != nil {
		t.Fatal(err)
	}
	tn, m, e, d, p := sampleTenant(), sampleMailbox(), sampleExtension(), sampleDevice(), samplePhone()
	again := update(t, db, func(ctx context.Context, tx *Tx) error {
		return all(
			func() error { return tx.PutTenant(ctx, tn) },
			func() error { return tx.PutMailbox(ctx, m) },
			func() error { return tx.PutExtension(ctx, e) },
			func() error { return tx.PutDevice(ctx, d) },
			func() error { return tx.PutPhone(ctx, p) })
	})
	if again != rev {
		t.Errorf("revision %d, want %d", again, rev)
	}
	for what, got := range map[string][2]int64{"tenant": {tn.Version, tn.Revision}, "mailbox": {m.Version, m.Revision}, "extension": {e.Version, e.Revision},
		"device": {d.Version, d.Revision}, "phone": {p.Version, p.Revision}} {
		if got != [2]int64{1, rev} {
			t.Errorf("%s has version and revision %v, want 1 and %d", what, got, rev)
		}
	}
	changesAfter, err := db.Changes(t.Context(), ChangeFilter{})
	if diff := cmp.Diff(changesBefore, changesAfter); diff != "" || err != nil {
		t.Errorf("audit rows: %v %s", err, diff)
	}
}

func TestFailedUpdateChangesNothing(t *testing.T) {
	db := openDB(t, Options{})
	boom := errors.New("boom")
	before, err := db.Revision(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	_, err = db.Update(t.Context(), tester, func(tx *Tx) error {
		if err := tx.CreateTenant(t.Context(), loneTenant()); err != nil {
			t.Error(err)
		}
		return boom
	})
	if !errors.Is(err, boom) {
		t.Errorf("got %v", err)
	}
	func() {
		defer func() { _ = recover() }()
		_, _ = db.Update(t.Context(), tester, func(tx *Tx) error {
			_ = tx.CreateTenant(t.Context(), loneTenant())
			panic("the connection must come back")
		})
	}()
	if rev := fill(t, db); rev != before+1 {
		t.Errorf("revision %d after a failed update and a good one, want %d", rev, before+1)
	}
}

func TestViewRefusesToWrite(t *testing.T) {
	db := openDB(t, Options{})
	fill(t, db)
	writes := map[string]func(context.Context, *Tx) error{
		"CreateTenant":    func(ctx context.Context, tx *Tx) error { return tx.CreateTenant(ctx, loneTenant()) },
		"PutTenant":       func(ctx context.Context, tx *Tx) error { return tx.PutTenant(ctx, loneTenant()) },
		"DeleteTenant":    func(ctx context.Context, tx *Tx) error { return tx.DeleteTenant(ctx, "acme") },
		"CreateMailbox":   func(ctx context.Context, tx *Tx) error { return tx.CreateMailbox(ctx, sampleMailbox()) },
		"PutMailbox":      func(ctx context.Context, tx *Tx) error { return tx.PutMailbox(ctx, sampleMailbox()) },
		"DeleteMailbox":   func(ctx context.Context, tx *Tx) error { return tx.DeleteMailbox(ctx, "default", "101") },
		"CreateExtension": func(ctx context.Context, tx *Tx) error { return tx.CreateExtension(ctx, sampleExtension()) },
		"PutExtension":    func(ctx context.Context, tx *Tx) error { return tx.PutExtension(ctx, sampleExtension()) },
		"DeleteExtension": func(ctx context.Context, tx *Tx) error { return tx.DeleteExtension(ctx, "default", "101") },
		"CreateDevice":    func(ctx context.Context, tx *Tx) error { return tx.CreateDevice(ctx, sampleDevice()) },
		"PutDevice":       func(ctx context.Context, tx *Tx) error { return tx.PutDevice(ctx, sampleDevice()) },
		"DeleteDevice":    func(ctx context.Context, tx *Tx) error { return tx.DeleteDevice(ctx, "default", "desk-101") },
		"CreatePhone":     func(ctx context.Context, tx *Tx) error { return tx.CreatePhone(ctx, samplePhone()) },
		"PutPhone":        func(ctx context.Context, tx *Tx) error { return tx.PutPhone(ctx, samplePhone()) },
		"DeletePhone":     func(ctx context.Context, tx *Tx) error { return tx.DeletePhone(ctx, "default", "001565aabbcc") },
	}
	for name, do := range writes {
		t.Run(name, func(t *testing.T) {
			if err := db.View(t.Context(), func(tx *Tx) error { return do(t.Context(), tx) }); !errors.Is(err, errReadOnly) {
				t.Errorf("in View: %v", err)
			}
			if err := db.write(t.Context(), func(tx *Tx) error { return do(t.Context(), tx) }); !errors.Is(err, errReadOnly) {
				t.Errorf("without an author: %v", err)
			}
		})
	}
	// Even past our own check the connection cannot write.
	err := db.View(t.Context(), func(tx *Tx) error { return tx.exec(t.Context(), `DELETE FROM phone_lines`) })
	if pbx.KindOf(err) != pbx.Unavailable {
		t.Errorf("the reader wrote: %v", err)
	}
}

func TestViewSeesOneStateWhateverIsWritten(t *testing.T) {
	db := openDB(t, Options{})
	rev := fill(t, db)
	view(t, db, func(ctx context.Context, tx *Tx) error {
		first, err := tx.Snapshot(ctx)
		if err != nil {
			return err
		}
		update(t, db, func(ctx context.Context, wtx *Tx) error { return wtx.DeletePhone(ctx, "default", "001565aabbcc") })
		second, err := tx.Snapshot(ctx)
		if err != nil {
			return err
		}
		if first.Revision != rev || second.Revision != rev || second.Phone("001565aabbcc") == nil {
			t.Errorf("revisions %d and %d, want %d twice", first.Revision, second.Revision, rev)
		}
		return nil
	})
	after, err := db.Snapshot(t.Context())
	if err != nil || after.Revision != rev+1 || after.Phone("001565aabbcc") != nil {
		t.Errorf("afterwards revision %d, %v", after.Revision, err)
	}
}

func TestSnapshotInsideUpdateSeesItsChanges(t *testing.T) {
	db := openDB(t, Options{})
	rev := fill(t, db)
	update(t, db, func(ctx context.Context, tx *Tx) error {
		if err := tx.DeletePhone(ctx, "default", "001565aabbcc"); err != nil {
			return err
		}
		s, err := tx.Snapshot(ctx)
		if err != nil || s.Revision != rev+1 || len(s.Phones) != 0 {
			t.Errorf("revision %d with %d phones, %v", s.Revision, len(s.Phones), err)
		}
		return nil
	})
}

func TestTimesOfOneTransactionAgree(t *testing.T) {
	db := openDB(t, Options{})
	update(t, db, func(ctx context.Context, tx *Tx) error {
		if tx.Now().Nanosecond()%1e6 != 0 || tx.Now().IsZero() {
			t.Errorf("start %v is not in milliseconds", tx.Now())
		}
		if err := tx.CreateTenant(ctx, loneTenant()); err != nil {
			return err
		}
		var at int64
		if err := tx.sql.QueryRowContext(ctx, `SELECT max(at) FROM revisions`).Scan(&at); err != nil || !fromMillis(at).Equal(tx.Now()) {
			t.Errorf("revision at %v, %v; transaction at %v", fromMillis(at), err, tx.Now())
		}
		return nil
	})
}
