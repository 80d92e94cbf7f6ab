package db

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

func TestApplicationsRoundTrip(t *testing.T) {
	db := openDB(t, Options{})
	checkEveryFieldSet(t, sampleApplication())
	fill(t, db)
	put := func(a *pbx.Application) int64 {
		return update(t, db, func(ctx context.Context, tx *Tx) error { return tx.PutApplication(ctx, a) })
	}
	first := put(sampleApplication())
	if again := put(sampleApplication()); again != first {
		t.Error("the same application is a change")
	}
	for contains, want := range map[string]int{"": 1, "example.com": 1, "callers hear": 1, "x%": 0} {
		view(t, db, func(ctx context.Context, tx *Tx) error {
			got, err := tx.Applications(ctx, "acme", ListOptions{Contains: contains})
			if len(got) != want {
				t.Errorf("%d applications contain %q, want %d", len(got), contains, want)
			}
			return err
		})
	}
	s, err := db.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(sampleApplication(), s.Application("acme", "menu"),
		cmpopts.IgnoreFields(pbx.Application{}, "Version", "Revision")); diff != "" {
		t.Error(diff)
	}
}

// What leads to an application keeps it, and an application keeps what it falls back to.
func TestApplicationInUse(t *testing.T) {
	db := openDB(t, Options{})
	fill(t, db)
	a := sampleApplication()
	a.Tenant, a.Fallback = "default", pbx.Destination{Kind: pbx.ToExtension, Key: "102"}
	update(t, db, func(ctx context.Context, tx *Tx) error {
		e := sampleExtension()
		e.Number, e.Mailbox, e.TwinNumber = "102", "", ""
		return all(func() error { return tx.CreateExtension(ctx, e) }, func() error { return tx.PutApplication(ctx, a) })
	})
	to := pbx.Destination{Kind: pbx.ToApplication, Key: "menu"}
	update(t, db, func(ctx context.Context, tx *Tx) error {
		return tx.PutForward(ctx, &pbx.Forward{Tenant: "default", Extension: "101", Mode: pbx.ForwardOff, Busy: to})
	})
	for name, change := range map[string]func(ctx context.Context, tx *Tx) error{
		"the application": func(ctx context.Context, tx *Tx) error { return tx.DeleteApplication(ctx, "default", "menu") },
		"its fallback":    func(ctx context.Context, tx *Tx) error { return tx.DeleteExtension(ctx, "default", "102") },
	} {
		_, err := db.Update(t.Context(), tester, func(tx *Tx) error { return change(t.Context(), tx) })
		if pbx.KindOf(err) != pbx.InUse {
			t.Errorf("deleting %s: %v", name, err)
		}
	}
	absent := sampleApplication()
	absent.Tenant, absent.Fallback.Kind, absent.Fallback.Key = "default", pbx.ToVoicemail, "999"
	_, err := db.Update(t.Context(), tester, func(tx *Tx) error { return tx.PutApplication(t.Context(), absent) })
	if pbx.KindOf(err) != pbx.Invalid || !strings.Contains(err.Error(), "does not exist") {
		t.Errorf("a fallback to nothing: %v", err)
	}
}

// A fallback follows an extension to its new number, and ends calls when the extension is released.
func TestFallbackFollows(t *testing.T) {
	db := openDB(t, Options{})
	fill(t, db)
	a := sampleApplication()
	a.Tenant, a.Fallback = "default", pbx.Destination{Kind: pbx.ToExtension, Key: "102"}
	update(t, db, func(ctx context.Context, tx *Tx) error {
		e := sampleExtension()
		e.Number, e.Mailbox, e.TwinNumber = "102", "", ""
		return all(func() error { return tx.CreateExtension(ctx, e) }, func() error { return tx.PutApplication(ctx, a) })
	})
	for _, step := range []struct {
		to, want pbx.Destination
	}{
		{pbx.Destination{Kind: pbx.ToExtension, Key: "101"}, pbx.Destination{Kind: pbx.ToExtension, Key: "101"}},
		{pbx.Destination{}, pbx.Destination{Kind: pbx.ToHangup}},
	} {
		update(t, db, func(ctx context.Context, tx *Tx) error {
			old, err := tx.Application(ctx, "default", "menu")
			if err != nil {
				return err
			}
			return tx.redirect(ctx, "default", move{old.Fallback, step.to})
		})
		view(t, db, func(ctx context.Context, tx *Tx) error {
			got, err := tx.Application(ctx, "default", "menu")
			if err == nil && got.Fallback != step.want {
				t.Errorf("the fallback is %s, want %s", got.Fallback, step.want)
			}
			return err
		})
	}
}
