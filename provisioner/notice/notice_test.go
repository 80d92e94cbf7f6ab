package notice

import (
	"context"
	"log/slog"
	"path/filepath"
	"testing"

	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/provisioner/mail"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// TestNoticeIsSentOnce: a mail waits in the database, is tried again where it was put off, and
// leaves the queue when it was sent.
func TestNoticeIsSentOnce(t *testing.T) {
	store, err := db.Open(t.Context(), filepath.Join(t.TempDir(), "notices.db"), db.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	nudges := 0
	q := New(Options{DB: store, Log: slog.New(slog.DiscardHandler), Nudge: func() { nudges++ }})
	q.Add(pbx.DefaultTenant, "desk@example.org", "Call for help: 112", "Room 4")
	if err := q.rows.Flush(context.Background()); err != nil || nudges != 1 {
		t.Fatalf("%d nudges, %v", nudges, err)
	}
	for attempt, r := range []mail.Result{{State: pbx.MailQueued, Attempts: 1}, {State: pbx.MailSent, Attempts: 2}} {
		l, ok, err := q.Next(t.Context())
		if err != nil || !ok || l.To != "desk@example.org" || l.Subject != "Call for help: 112" || l.Attempts != attempt {
			t.Fatalf("attempt %d: %+v %v %v", attempt, l, ok, err)
		}
		if text, err := l.Text(t.Context()); err != nil || text != "Room 4" {
			t.Errorf("%q %v", text, err)
		}
		if err := l.Done(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	if _, ok, err := q.Next(t.Context()); ok || err != nil {
		t.Errorf("it is still queued: %v %v", ok, err)
	}
}
