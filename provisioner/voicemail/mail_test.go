package voicemail

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/dialtone-pbx/dialtone/ami"
	"github.com/dialtone-pbx/dialtone/ami/amitest"
	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/db/dbtest"
	"github.com/dialtone-pbx/dialtone/provisioner/mail"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
	"github.com/dialtone-pbx/dialtone/provisioner/spool"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// office is the machine on a real database, files of the test and a fake Asterisk.
type office struct {
	*Messages
	store  *db.DB
	dir    string
	open   atomic.Bool // mailbox 101 is open at a phone
	queued atomic.Int64
}

func newOffice(t *testing.T, box *pbx.Mailbox) *office {
	t.Helper()
	o := &office{dir: t.TempDir(), store: dbtest.Open(t, filepath.Join(t.TempDir(), "d.db"), db.Open, db.Options{NoSync: true})}
	if _, err := o.store.Update(t.Context(), pbx.Author{}, func(tx *db.Tx) error { return tx.PutMailbox(t.Context(), box) }); err != nil {
		t.Fatal(err)
	}
	server := amitest.NewServer(t)
	server.Handle("CoreShowChannels", func(c *amitest.Conn, a amitest.Action) {
		if !o.open.Load() {
			c.ReplyList(a, "CoreShowChannel", "CoreShowChannelsComplete")
			return
		}
		c.ReplyList(a, "CoreShowChannel", "CoreShowChannelsComplete", []string{"Channel", "PJSIP/x-1", "Uniqueid", "9.9", "Linkedid", "9.9",
			"Application", "VoiceMailMain", "ApplicationData", "101@default"})
	})
	server.Handle("VoicemailRemove", func(c *amitest.Conn, a amitest.Action) {
		gone := "Message remove failed"
		found, _ := filepath.Glob(filepath.Join(o.dir, "default", a.Get("Mailbox"), a.Get("Folder"), "*.txt"))
		for _, file := range found {
			if text, err := os.ReadFile(file); err == nil && strings.Contains(string(text), "msg_id="+a.Get("ID")+"\n") && os.Remove(file) == nil {
				gone = "Message remove successful"
			}
		}
		c.Reply(a, "Message", gone)
	})
	session, err := ami.Dial(t.Context(), ami.Options{Address: server.Address(), Username: "d", Secret: "s"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(session.Close)
	log := slog.New(slog.DiscardHandler)
	snapshot := pbx.NewSnapshot(1, pbx.Rows{Tenants: []*pbx.Tenant{{Name: "default", Timezone: "Asia/Tokyo"}}, Mailboxes: []*pbx.Mailbox{box}})
	o.Messages = New(Options{DB: o.store, Log: log, Snapshot: func() *pbx.Snapshot { return snapshot },
		Spool:   spool.New(spool.Options{Voicemail: o.dir, Log: log}),
		Mailbox: func(context.Context, string, string) (*pbx.Mailbox, error) { return box, nil },
		Session: func() (*ami.Session, error) { return session, nil }, Queued: func() { o.queued.Add(1) }})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- o.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("the loop ended: %v", err)
		}
	})
	return o
}

// leave puts a message into the mailbox and lets Asterisk tell.
func (o *office) leave(t *testing.T, n int, caller string) (id string) {
	t.Helper()
	at := time.Now().Unix() + 1
	id = fmt.Sprintf("%d-%08x", at, n)
	inbox := filepath.Join(o.dir, "default", "101", "INBOX")
	if err := os.MkdirAll(inbox, 0o700); err != nil {
		t.Fatal(err)
	}
	for suffix, text := range map[string]string{".wav": "RIFF" + strings.Repeat("x", 40+5*16000),
		".txt": fmt.Sprintf("[message]\ncallerid=%s\norigtime=%d\nmsg_id=%s\nduration=5\n", caller, at, id)} {
		if err := os.WriteFile(filepath.Join(inbox, fmt.Sprintf("msg%04d%s", n, suffix)), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	o.Handle(ami.Event{Frame: ami.ParseFrame("Event: MessageWaiting\r\nMailbox: 101@default\r\n")})
	return id
}

// next waits for the mail about a message.
func (o *office) next(t *testing.T, id string) mail.Letter {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		l, ok, err := o.NextMail(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if ok && strings.Contains(l.ID, id) {
			return l
		}
		select {
		case <-tick.C:
		case <-t.Context().Done():
			t.Fatal("no mail is queued")
		}
	}
}

func TestMailAboutMessage(t *testing.T) {
	o := newOffice(t, &pbx.Mailbox{Tenant: "default", Number: "101", Name: "Ada", PIN: pbx.NewSecret("4711"), EmailNotification: true,
		Email: "ada@example.org", AttachRecording: true, DeleteAfterMail: true})
	id := o.leave(t, 0, "\"Eve\r\nBcc: x\" <+4930>")
	l := o.next(t, id)
	if l.To != "ada@example.org" || l.Subject != `Voicemail from "Eve` || l.ID != o.next(t, id).ID {
		t.Errorf("the mail: %+v", l)
	}
	if text, err := l.Text(t.Context()); err != nil || !strings.Contains(text, "JST") || !strings.Contains(text, "Length: 0:05") {
		t.Errorf("its text: %q, %v", text, err)
	}
	if err := l.Done(t.Context(), mail.Result{State: pbx.MailQueued, Attempts: 1, Due: time.Now().Add(-time.Second)}); err != nil {
		t.Fatal(err)
	}
	l = o.next(t, id)
	f := l.File(t.Context())
	content, err := io.ReadAll(f.Content)
	if l.Attempts != 1 || err != nil || len(content) != 44+5*16000 {
		t.Errorf("the second attempt: %+v with %d bytes, %v", l, len(content), err)
	}
	if err := f.Content.Close(); err != nil {
		t.Error(err)
	}
	o.open.Store(true)
	if err := l.Done(t.Context(), mail.Result{State: pbx.MailSent, Attempts: 2, Sent: time.Now()}); err != nil {
		t.Fatal(err)
	}
	second := o.leave(t, 1, "Unknown")
	l = o.next(t, second)
	if l.Subject != "Voicemail from an unknown caller" {
		t.Errorf("the second mail: %+v", l)
	}
	if _, err := o.Get(t.Context(), Box{"default", "101"}, id); err != nil {
		t.Errorf("while it is heard by phone it is gone: %v", err)
	}
	o.open.Store(false)
	if row, err := o.store.NextVoicemailRemoval(t.Context()); err != nil || row == nil {
		t.Fatalf("to be deleted: %+v, %v", row, err)
	}
	o.removeDue(t, id)
	if o.queued.Load() != 2 {
		t.Errorf("the outbox was nudged %d times", o.queued.Load())
	}
	// Sent without its recording, a message stays.
	if err := l.Done(t.Context(), mail.Result{State: pbx.MailSent, Attempts: 1, Sent: time.Now()}); err != nil {
		t.Fatal(err)
	}
	if row, err := o.store.NextVoicemailRemoval(t.Context()); err != nil || row != nil {
		t.Errorf("a message that was mailed without its recording is deleted: %+v, %v", row, err)
	}
}

// removeDue waits until a message is deleted, whose turn is brought forward.
func (o *office) removeDue(t *testing.T, id string) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		row, err := o.store.NextVoicemailRemoval(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if row == nil {
			break
		}
		row.Next = time.Time{}
		if err := o.store.PutVoicemailMail(t.Context(), row); err != nil {
			t.Fatal(err)
		}
		o.look()
		select {
		case <-tick.C:
		case <-t.Context().Done():
			t.Fatal("it is never deleted")
		}
	}
	if _, err := o.Get(t.Context(), Box{"default", "101"}, id); pbx.KindOf(err) != pbx.NotFound {
		t.Errorf("once mailed it is still there: %v", err)
	}
}
