package db

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

func TestBlockedCallersRoundTrip(t *testing.T) {
	db := openDB(t, Options{})
	checkEveryFieldSet(t, sampleBlockedCaller())
	fill(t, db)
	put := func(b *pbx.BlockedCaller) int64 {
		return update(t, db, func(ctx context.Context, tx *Tx) error { return tx.PutBlockedCaller(ctx, b) })
	}
	first := put(sampleBlockedCaller())
	if again := put(sampleBlockedCaller()); again != first {
		t.Error("the same blocked caller is a change")
	}
	put(&pbx.BlockedCaller{Tenant: "acme", Number: "0301234"})
	for contains, want := range map[string]int{"": 2, "night": 1, "4989": 1, "123": 1, "x%": 0} {
		view(t, db, func(ctx context.Context, tx *Tx) error {
			got, err := tx.BlockedCallers(ctx, "acme", ListOptions{Contains: contains})
			if len(got) != want {
				t.Errorf("%d blocked callers contain %q, want %d", len(got), contains, want)
			}
			return err
		})
	}
	s, err := db.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ignored := cmpopts.IgnoreFields(pbx.BlockedCaller{}, "Version", "Revision")
	if diff := cmp.Diff(sampleBlockedCaller(), s.BlockedBy("acme", "+498912345"), ignored); diff != "" ||
		s.BlockedBy("default", "+498912345") != nil {
		t.Error(diff)
	}
	update(t, db, func(ctx context.Context, tx *Tx) error { return tx.DeleteBlockedCaller(ctx, "acme", "+4989") })
	view(t, db, func(ctx context.Context, tx *Tx) error {
		if _, err := tx.BlockedCaller(ctx, "acme", "+4989"); pbx.KindOf(err) != pbx.NotFound {
			t.Errorf("the blocked caller that was deleted: %v", err)
		}
		return nil
	})
}
