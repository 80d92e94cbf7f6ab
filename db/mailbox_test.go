package db

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

func TestMailboxRoundTrip(t *testing.T) {
	db := openDB(t, Options{})
	greeted := sampleMailbox()
	greeted.Greeting = "closed"
	checkEveryFieldSet(t, greeted)
	fill(t, db)
	putMusic(t, db)
	for _, want := range []*pbx.Mailbox{
		{Tenant: "default", Number: "101", Name: "Grace", PIN: pbx.NewSecret("0000"), Email: "grace@example.org", AttachRecording: true},
		{Tenant: "default", Number: "101", Name: "Grace", PIN: pbx.NewSecret("0001")},
		greeted,
	} {
		rev := update(t, db, func(ctx context.Context, tx *Tx) error { return tx.PutMailbox(ctx, want) })
		if want.Revision != rev {
			t.Errorf("revision %d, want %d", want.Revision, rev)
		}
		view(t, db, func(ctx context.Context, tx *Tx) error {
			got, err := tx.Mailbox(ctx, "default", "101")
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
			ms, err2 := tx.Mailboxes(ctx, "default", ListOptions{Contains: "a"})
			if err2 != nil || len(ms) != 1 {
				t.Errorf("listed %d, %v", len(ms), err2)
			}
			return err
		})
	}
}

func TestMailboxRefusals(t *testing.T) {
	checkRefusals(t, []refusal{
		{name: "create twice", kind: pbx.Conflict, field: "number", message: "mailbox 101 exists already in tenant default",
			do: func(ctx context.Context, tx *Tx) error { return tx.CreateMailbox(ctx, sampleMailbox()) }},
		{name: "greeting that is none", kind: pbx.Invalid, field: "greeting",
			message: "announcement missing does not exist in tenant default, or has no sound yet",
			do: func(ctx context.Context, tx *Tx) error {
				m := sampleMailbox()
				m.Greeting = "missing"
				return tx.PutMailbox(ctx, m)
			}},
		{name: "read unknown", kind: pbx.NotFound, message: "mailbox 102 does not exist in tenant default",
			do: func(ctx context.Context, tx *Tx) error { _, err := tx.Mailbox(ctx, "default", "102"); return err }},
		{name: "delete unknown", kind: pbx.NotFound, message: "mailbox 101 does not exist in tenant acme",
			do: func(ctx context.Context, tx *Tx) error { return tx.DeleteMailbox(ctx, "acme", "101") }},
		{name: "delete in use", kind: pbx.InUse, message: "mailbox 101 is still used by", refs: []pbx.Ref{{Kind: "extension", Key: "101"}},
			do: func(ctx context.Context, tx *Tx) error { return tx.DeleteMailbox(ctx, "default", "101") }},
	})
}
