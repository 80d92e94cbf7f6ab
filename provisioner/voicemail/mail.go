package voicemail

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/dialtone-pbx/dialtone/ami"
	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/provisioner/mail"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// Handle notes from Asterisk's event MessageWaiting that a mailbox changed. It does not block.
func (m *Messages) Handle(e ami.Event) {
	if e.Frame.Name() != "MessageWaiting" {
		return
	}
	number, tenant, _ := strings.Cut(e.Frame.Get("Mailbox"), "@")
	if box := m.o.Snapshot().Mailbox(tenant, number); box != nil && box.EmailNotification {
		m.look(Box{tenant, number})
	}
}

// LookAtAll looks through all mailboxes that are mailed about, after a time without events. It
// does not block.
func (m *Messages) LookAtAll() {
	var boxes []Box
	for _, b := range m.o.Snapshot().Mailboxes {
		if b.EmailNotification {
			boxes = append(boxes, Box{b.Tenant, b.Number})
		}
	}
	m.look(boxes...)
}

func (m *Messages) look(boxes ...Box) {
	m.mu.Lock()
	for _, b := range boxes {
		m.changed[b] = true
	}
	m.mu.Unlock()
	select {
	case m.wake <- struct{}{}:
	default:
	}
}

const (
	// again is how often what failed is tried again.
	again = 5 * time.Second
	// lookWithin bounds the look through one mailbox.
	lookWithin = 10 * time.Second
)

// Run queues mails about new messages, and deletes messages that were mailed, until ctx ends.
func (m *Messages) Run(ctx context.Context) error {
	for {
		failed := m.queueAll(ctx)
		waiting := m.removeMailed(ctx)
		var retry <-chan time.Time
		if failed || waiting {
			retry = time.After(again)
		}
		select {
		case <-m.wake:
		case <-retry:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// queueAll looks through the mailboxes that changed. It reports whether some could not be
// looked through, and stay.
func (m *Messages) queueAll(ctx context.Context) (failed bool) {
	m.mu.Lock()
	boxes := slices.Collect(maps.Keys(m.changed))
	clear(m.changed)
	m.mu.Unlock()
	for _, b := range boxes {
		if err := m.queue(ctx, b); err != nil && ctx.Err() == nil && pbx.KindOf(err) != pbx.Unavailable {
			m.o.Log.Error("mailing voicemail", "error", err)
			m.mu.Lock()
			m.changed[b] = true
			m.mu.Unlock()
			failed = true
		}
	}
	return failed
}

// queue queues mails about those messages of a mailbox that are not known.
func (m *Messages) queue(ctx context.Context, b Box) error {
	ctx, cancel := context.WithTimeout(ctx, lookWithin)
	defer cancel()
	found, err := m.o.Spool.Messages(ctx, b.Tenant, b.Number)
	if err != nil {
		return err
	}
	found = slices.DeleteFunc(found, func(msg *pbx.Message) bool { return msg.Folder == pbx.FolderDeleted })
	added, err := m.o.DB.AddVoicemailMails(ctx, b.Tenant, b.Number, found)
	if added > 0 {
		m.o.Queued()
	}
	return err
}

// NextMail is the source of mails about voicemail messages.
func (m *Messages) NextMail(ctx context.Context) (mail.Letter, bool, error) {
	row, err := m.o.DB.NextVoicemailMail(ctx)
	if err != nil || row == nil {
		return mail.Letter{}, false, err
	}
	s, b := m.o.Snapshot(), Box{row.Tenant, row.Mailbox}
	l := mail.Letter{Name: "voicemail message " + row.Message + " of " + pbx.MailboxName(b.Tenant, b.Number),
		ID: letterID(row), Due: row.Next, Expires: row.Created.Add(db.MailVoicemailWithin), Attempts: row.Attempts}
	attached := false
	l.Done = func(ctx context.Context, r mail.Result) error { return m.mailed(ctx, row, r, attached) }
	box, tenant := s.Mailbox(b.Tenant, b.Number), s.Tenant(b.Tenant)
	if box == nil || tenant == nil || !box.EmailNotification {
		l.Expires = time.Time{} // it is not wanted any more
		return l, true, nil
	}
	subject, text := tenant.VoicemailMail(pbx.VoicemailNote{Mailbox: box.Number, MailboxName: box.Name,
		CallerNumber: row.CallerNumber, CallerName: row.CallerName, Seconds: row.Seconds,
		Time: row.Left.In(s.ZoneOfMailbox(b.Tenant, b.Number))}, s.LanguageOfMailbox(b.Tenant, b.Number))
	l.To, l.Subject = box.Email, subject
	l.Text = func(context.Context) (string, error) { return text, nil }
	if box.AttachRecording {
		l.File = func(ctx context.Context) *mail.File {
			f := m.attach(ctx, b, row.Message)
			attached = f != nil
			return f
		}
	}
	return l, true, nil
}

// letterID is the same for each attempt, and for no other mail.
func letterID(row *db.VoicemailMail) string {
	sum := sha256.Sum256([]byte(strings.Join([]string{row.Tenant, row.Mailbox, row.Message, row.Created.String()}, "\n")))
	return "voicemail." + row.Message + "." + hex.EncodeToString(sum[:8])
}

// attach opens the recording of a message. Without one, which may have been deleted meanwhile,
// the mail goes out without.
func (m *Messages) attach(ctx context.Context, b Box, id string) *mail.File {
	_, sound, err := m.o.Spool.OpenMessage(ctx, b.Tenant, b.Number, id)
	if err != nil {
		m.o.Log.Warn("a mail about voicemail has no recording", "mailbox", pbx.MailboxName(b.Tenant, b.Number), "error", err)
		return nil
	}
	return &mail.File{Name: "message-" + id + ".wav", Type: "audio/wav", Content: sound}
}

// mailed stores how an attempt ended, and has the message deleted whose recording the server took.
func (m *Messages) mailed(ctx context.Context, row *db.VoicemailMail, r mail.Result, attached bool) error {
	row.State, row.Attempts, row.Error, row.Next, row.Sent = r.State, r.Attempts, r.Error, r.Due, r.Sent
	box := m.o.Snapshot().Mailbox(row.Tenant, row.Mailbox)
	row.Removes = r.State == pbx.MailSent && attached && box != nil && box.DeleteAfterMail
	err := m.o.DB.PutVoicemailMail(ctx, row)
	if row.Removes {
		m.look()
	}
	return err
}

// removeMailed deletes messages whose mail was sent, until one cannot be deleted now: somebody
// may be in the mailbox. It reports whether some are left.
func (m *Messages) removeMailed(ctx context.Context) (left bool) {
	for {
		row, err := m.o.DB.NextVoicemailRemoval(ctx)
		if err == nil && row == nil {
			return false
		}
		if err == nil {
			err = m.removed(ctx, row)
		}
		if err != nil {
			if ctx.Err() == nil {
				m.o.Log.Error("deleting voicemail that was mailed", "error", err)
			}
			return true
		}
		if row.Removes && time.Until(row.Next) > 0 {
			return true
		}
	}
}

// removed deletes the message of a note, or puts that off.
func (m *Messages) removed(ctx context.Context, row *db.VoicemailMail) error {
	if time.Until(row.Next) > 0 {
		return nil
	}
	b := Box{row.Tenant, row.Mailbox}
	err := m.Delete(ctx, pbx.Author{Actor: "delete_after_mail"}, b, row.Message)
	switch kind := pbx.KindOf(err); {
	case err == nil, kind == pbx.NotFound:
		row.Removes = false
	case kind == pbx.Busy, kind == pbx.Unavailable, kind == pbx.Internal:
		row.Next = time.Now().Add(again)
	default: // an Asterisk that deletes no messages, or one that refuses this
		row.Removes = false
		m.o.Log.Warn("a message that was mailed stays in its mailbox", "mailbox", pbx.MailboxName(b.Tenant, b.Number),
			"message", row.Message, "error", err)
	}
	if errors.Is(err, context.Canceled) {
		return err
	}
	return m.o.DB.PutVoicemailMail(ctx, row)
}
