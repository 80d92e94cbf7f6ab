package db

import (
	"context"
	"testing"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// A hash is not written over a password that was changed while it was computed.
func TestRenewingHashesLosesNoChange(t *testing.T) {
	db := withUser(t)
	was, renewed := sampleUser(), sampleUser()
	renewed.Password = pbx.NewSecret("$renewed")
	if err := db.RenewHashes(t.Context(), was, renewed); err != nil {
		t.Fatal(err)
	}
	changed := sampleUser()
	changed.Password = pbx.NewSecret("$other")
	update(t, db, func(ctx context.Context, tx *Tx) error { return tx.PutUser(ctx, changed) })
	if err := db.RenewHashes(t.Context(), renewed, was); pbx.KindOf(err) != pbx.Conflict {
		t.Errorf("renewing a hash that is gone: %v", err)
	}
	if got := rawQuery(t, db, `SELECT password FROM users`); len(got) != 1 || got[0] != "$other" {
		t.Errorf("the password is %v", got)
	}
}
