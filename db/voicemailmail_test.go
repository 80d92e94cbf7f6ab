package db

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// left is a message of ten seconds that began so long from now.
func left(n int, from time.Duration) *pbx.Message {
	at := time.Now().Add(from)
	return &pbx.Message{ID: fmt.Sprintf("%d-%08x", at.Unix(), n), Time: at, Seconds: 10, CallerName: "Bob"}
}

// Each message is queued once, also by the number that its mailbox is given; those that had
// ended before the notification was turned on are not.
func TestVoicemailMails(t *testing.T) {
	db := openDB(t, Options{})
	fill(t, db) // whose mailbox 101 is mailed about from now on
	add := func(want int64, mailbox string, ms ...*pbx.Message) {
		t.Helper()
		if n, err := db.AddVoicemailMails(t.Context(), "default", mailbox, ms); n != want || err != nil {
			t.Errorf("queued %d, %v; want %d", n, err, want)
		}
	}
	before, during, after := left(1, -time.Minute), left(2, -5*time.Second), left(3, time.Second)
	add(2, "101", before, during, after)
	add(0, "101", before, during, after)
	add(0, "999", after)
	if n, err := db.AddVoicemailCopy(t.Context(), "default", "101", before); n != 1 || err != nil {
		t.Errorf("a copy: %d, %v", n, err)
	}
	update(t, db, func(ctx context.Context, tx *Tx) error {
		_, err := tx.RenumberExtension(ctx, "default", "101", "111")
		return err
	})
	add(0, "111", before, during, after)
	m := sampleMailbox()
	m.Number = "111"
	for _, on := range []bool{false, true} { // what is there when it is turned on again is known
		m.EmailNotification = on
		update(t, db, func(ctx context.Context, tx *Tx) error { return tx.PutMailbox(ctx, m) })
		if !on {
			add(0, "111", left(4, time.Second))
		}
	}
	add(1, "111", left(4, time.Second), left(5, -time.Minute))
	var order []string
	for range 4 {
		row, err := db.NextVoicemailMail(t.Context())
		if err != nil || row == nil || row.Mailbox != "111" || row.Seconds != 10 || row.CallerName != "Bob" {
			t.Fatalf("next is %+v, %v", row, err)
		}
		order = append(order, row.Message)
		row.State, row.Sent, row.Removes = pbx.MailSent, time.Now(), row.Message == before.ID
		if err := db.PutVoicemailMail(t.Context(), row); err != nil {
			t.Fatal(err)
		}
	}
	if row, err := db.NextVoicemailMail(t.Context()); row != nil || err != nil {
		t.Errorf("after %v there is %+v, %v", order, row, err)
	}
	if row, err := db.NextVoicemailRemoval(t.Context()); err != nil || row == nil || row.Message != before.ID {
		t.Errorf("to be deleted is %+v, %v", row, err)
	}
	update(t, db, func(ctx context.Context, tx *Tx) error {
		e, err := tx.Extension(ctx, "default", "111")
		if err != nil {
			return err
		}
		e.Mailbox = ""
		if err := tx.PutExtension(ctx, e); err != nil {
			return err
		}
		return tx.DeleteMailbox(ctx, "default", "111")
	})
	if row, err := db.NextVoicemailRemoval(t.Context()); row != nil || err != nil {
		t.Errorf("of a deleted mailbox there is %+v, %v", row, err)
	}
}

// A message that is mailed late is of no use.
func TestOldVoicemailIsNotMailed(t *testing.T) {
	db := openDB(t, Options{})
	fill(t, db)
	if err := db.write(t.Context(), func(tx *Tx) error {
		return tx.exec(t.Context(),
			`UPDATE mailboxes SET notified_since = 1`)
	}); err != nil {
		t.Fatal(err)
	}
	n, err := db.AddVoicemailMails(t.Context(), "default", "101",
		[]*pbx.Message{left(1, -MailVoicemailWithin-time.Minute), left(2, -MailVoicemailWithin+time.Minute)})
	if n != 1 || err != nil {
		t.Errorf("queued %d, %v", n, err)
	}
}

// TestMailboxesFromBeforeAreMailedAbout migrates mailboxes of version 42, of which Asterisk
// mailed those with an address: each message from now on.
func TestMailboxesFromBeforeAreMailedAbout(t *testing.T) {
	path, raw := databaseOf(t, 42)
	for _, statement := range []string{
		`INSERT INTO tenants (name, title, timezone, phone_password, version, revision) VALUES ('old', '', 'UTC', 'password1', 1, 1)`,
		`INSERT INTO mailboxes (tenant, number, name, pin, email, attach_recording, delete_after_mail, version, revision)
			VALUES ('old', '1', 'A', '4711', 'a@example.org', 1, 0, 1, 1), ('old', '2', 'B', '4711', '', 0, 0, 1, 1)`,
	} {
		if _, err := raw.Exec(statement); err != nil {
			t.Fatal(err)
		}
	}
	if err := raw.Close(); err != nil {
		t.Fatal(err)
	}
	db := openAt(t, path, Options{})
	for mailbox, want := range map[string]int64{"1": 1, "2": 0} {
		n, err := db.AddVoicemailMails(t.Context(), "old", mailbox, []*pbx.Message{left(1, -time.Minute), left(2, time.Second)})
		if n != want || err != nil {
			t.Errorf("about mailbox %s are queued %d, %v", mailbox, n, err)
		}
	}
}
