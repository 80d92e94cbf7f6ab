package db

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

func TestContactsRoundTrip(t *testing.T) {
	db := openDB(t, Options{})
	checkEveryFieldSet(t, sampleContact())
	fill(t, db)
	put := func(c *pbx.Contact) int64 {
		return update(t, db, func(ctx context.Context, tx *Tx) error { return tx.PutContact(ctx, c) })
	}
	first := put(sampleContact())
	if again := put(sampleContact()); again != first {
		t.Error("the same contact is a change")
	}
	more := sampleContact()
	more.Name, more.Title, more.Numbers = "bank", "Bank", []string{"030888"}
	put(more)
	for contains, want := range map[string]int{"": 2, "Tax": 1, "888": 1, "+4930": 1, "x%": 0} {
		view(t, db, func(ctx context.Context, tx *Tx) error {
			got, err := tx.Contacts(ctx, "acme", ListOptions{Contains: contains})
			if len(got) != want {
				t.Errorf("%d contacts contain %q, want %d", len(got), contains, want)
			}
			return err
		})
	}
	s, err := db.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	got := s.ContactsOf("acme")
	if len(got) != 2 || got[0].Name != "bank" || len(s.ContactsOf("default")) != 0 {
		t.Fatalf("the snapshot has %d contacts of acme", len(got))
	}
	if diff := cmp.Diff(sampleContact(), got[1], cmpopts.IgnoreFields(pbx.Contact{}, "Version", "Revision")); diff != "" {
		t.Error(diff)
	}
	view(t, db, func(ctx context.Context, tx *Tx) error {
		if err := tx.PutContact(ctx, sampleContact()); err == nil {
			t.Error("a reading transaction writes")
		}
		_, err := tx.Contacts(ctx, "nope", ListOptions{})
		if pbx.KindOf(err) != pbx.NotFound {
			t.Errorf("contacts of no tenant: %v", err)
		}
		return nil
	})
	update(t, db, func(ctx context.Context, tx *Tx) error { return tx.DeleteContact(ctx, "acme", "taxi") })
	view(t, db, func(ctx context.Context, tx *Tx) error {
		if _, err := tx.Contact(ctx, "acme", "taxi"); pbx.KindOf(err) != pbx.NotFound {
			t.Errorf("the contact that was deleted: %v", err)
		}
		return nil
	})
}

// TestExtensionsFromBeforeAreShown migrates an extension of version 37, which was in every
// phonebook.
func TestExtensionsFromBeforeAreShown(t *testing.T) {
	_, s := writtenBy(t, 37,
		`INSERT INTO tenants (name, title, timezone, phone_password, version, revision) VALUES ('old', '', 'UTC', 'password1', 1, 1)`,
		`INSERT INTO extensions (tenant, number, name, ring_seconds, version, revision) VALUES ('old', '101', 'Ada', 20, 1, 1)`)
	if e := s.Extension("old", "101"); e == nil || e.Hidden || len(s.ContactsOf("old")) != 0 {
		t.Errorf("the extension is %+v", e)
	}
}
