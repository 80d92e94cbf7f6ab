package db

import (
	"context"
	"testing"
	"time"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// invite queues an invitation of the sample device with one link.
func invite(t *testing.T, db *DB, id string, next, expires time.Time, link byte) []byte {
	t.Helper()
	hash := make([]byte, 32)
	hash[0] = link
	err := db.AddInvitation(t.Context(), &Invitation{ID: id, Tenant: "default", Device: "desk-101", Email: "ada@example.org", Actor: "tester",
		State: pbx.MailQueued, CreatedAt: next, NextAt: next, ExpiresAt: expires})
	if err == nil {
		err = db.AddInvitationLink(t.Context(), id, hash)
	}
	if err != nil {
		t.Fatal(err)
	}
	return hash
}

func TestInvitationOpensOnce(t *testing.T) {
	db := openDB(t, Options{})
	fill(t, db)
	now := time.Now()
	good, ended := invite(t, db, "good", now, now.Add(time.Hour), 1), invite(t, db, "ended", now, now.Add(-time.Minute), 2)
	second := make([]byte, 32)
	second[0] = 3
	if err := db.AddInvitationLink(t.Context(), "good", second); err != nil {
		t.Fatal(err)
	}
	if err := db.InvitationByLink(t.Context(), good); err != nil {
		t.Error(err)
	}
	if d, err := db.OpenInvitation(t.Context(), second); err != nil || d.Name != "desk-101" {
		t.Errorf("opening: %+v, %v", d, err)
	}
	for what, hash := range map[string][]byte{"the same link": second, "another attempt's link": good, "an ended link": ended, "an unknown link": make([]byte, 32)} {
		if _, err := db.OpenInvitation(t.Context(), hash); pbx.KindOf(err) != pbx.NotFound {
			t.Errorf("opening %s: %v", what, err)
		}
		if err := db.InvitationByLink(t.Context(), hash); pbx.KindOf(err) != pbx.NotFound {
			t.Errorf("asking for %s: %v", what, err)
		}
	}
	is, err := db.Invitations(t.Context(), "default", 10)
	if err != nil || len(is) != 2 {
		t.Fatalf("listed %d, %v", len(is), err)
	}
	for _, i := range is {
		if opened := !i.OpenedAt.IsZero(); opened != (i.ID == "good") {
			t.Errorf("%s is opened: %v", i.ID, opened)
		}
	}
}

func TestInvitationQueue(t *testing.T) {
	db := openDB(t, Options{})
	fill(t, db)
	now := fromMillis(time.Now().UnixMilli())
	invite(t, db, "later", now.Add(time.Minute), now.Add(time.Hour), 1)
	invite(t, db, "first", now, now.Add(time.Hour), 2)
	for _, want := range []string{"first", "later", ""} {
		i, err := db.NextInvitation(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if i == nil {
			if want != "" {
				t.Fatalf("the queue is empty, want %s", want)
			}
			break
		}
		if i.ID != want {
			t.Fatalf("next is %s, want %s", i.ID, want)
		}
		i.State, i.Attempts, i.SentAt = pbx.MailSent, 1, now
		if err := db.PutInvitationAttempt(t.Context(), i); err != nil {
			t.Fatal(err)
		}
	}
	err := db.AddInvitation(t.Context(), &Invitation{ID: "x", Tenant: "acme", Device: "desk-101", Email: "a@example.org",
		State: pbx.MailQueued})
	if pbx.KindOf(err) != pbx.NotFound {
		t.Errorf("a device of another tenant: %v", err)
	}
	// A deleted device takes its invitations along.
	update(t, db, func(ctx context.Context, tx *Tx) error {
		return all(func() error { return tx.ReleaseDevice(ctx, "default", "desk-101") }, func() error { return tx.DeleteDevice(ctx, "default", "desk-101") })
	})
	if is, err := db.Invitations(t.Context(), "default", 10); err != nil || len(is) != 0 {
		t.Errorf("%d invitations are left, %v", len(is), err)
	}
}
