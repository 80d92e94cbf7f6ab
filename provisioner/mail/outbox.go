// Package mail sends Dialtone's mails: invitations, codes to sign in, and notes about voicemail.
//
// It owns the connection to the mail server, and which mail is tried next. The queues belong to
// their sources, which keep them in the database: a restart goes on with them. It may import
// provisioner/pbx and provisioner/outbox.
package mail

import (
	"cmp"
	"context"
	"errors"
	"io"
	"log/slog"
	"time"

	"github.com/dialtone-pbx/dialtone/provisioner/outbox"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

const (
	// mostAttempts is after how many failed attempts a letter is given up. With the default
	// pauses that takes more than an hour.
	mostAttempts = 8
	// retryFirst is Options.RetryFirst when it is 0.
	retryFirst = 30 * time.Second
)

// Letter is one mail in the queue of a source.
type Letter struct {
	Name string // for the log, such as "invitation k2j…"; no secret
	// ID tells this mail from others, for mail servers that got it twice: after a crash between
	// the server's answer and Done it is sent again. "" is a random one for each attempt.
	ID          string
	To, Subject string
	Due         time.Time // no attempt before this
	Expires     time.Time // no attempt from this on
	Attempts    int       // that failed so far
	// Text writes the mail. It runs anew before each attempt: of a link or code in the
	// text only a hash is stored.
	Text func(context.Context) (string, error)
	// File opens what is attached to the mail; nil attaches nothing. It runs anew before each
	// attempt, and may return nil.
	File func(context.Context) *File
	// Done stores how an attempt ended.
	Done func(context.Context, Result) error
}

// File is an attachment.
type File struct {
	Name    string // ASCII, with a suffix that tells the kind
	Type    string // its MIME type
	Content io.ReadSeekCloser
}

// message is what is sent.
type message struct {
	id, to, subject, text string
	file                  *File
}

// Result says how an attempt to send a letter ended.
type Result struct {
	State    pbx.MailState
	Attempts int       // the last one included
	Error    string    // of the last attempt; "" when the mail was taken
	Due      time.Time // of the next attempt, for MailQueued
	Sent     time.Time // for MailSent
}

// Source is a queue of letters. It returns the letter that is due first, due or not yet,
// and false when the queue is empty. It is called from one goroutine.
//
// A source is one function, and a letter brings its own Text and Done, because these
// need the row that the source has just read.
type Source func(context.Context) (Letter, bool, error)

// Options are what an Outbox needs. Log is required.
type Options struct {
	Server Server // the zero value sends nothing; queues stay as they are
	// RetryFirst is the pause before the second attempt. It doubles before each one after
	// that; 0 is 30 s.
	RetryFirst time.Duration
	Log        *slog.Logger
}

// Outbox sends the letters of its sources, one after the other. Its methods are safe for
// concurrent use.
type Outbox struct {
	*outbox.Loop
	o       Options
	sources []Source
	send    func(context.Context, message) (permanent bool, err error)
}

// New returns an outbox that Run starts.
func New(o Options) *Outbox {
	o.RetryFirst = cmp.Or(o.RetryFirst, retryFirst)
	b := &Outbox{o: o, send: o.Server.send}
	b.Loop = outbox.NewLoop(o.Log, "sending mail", func(ctx context.Context) (time.Duration, error) {
		return b.step(ctx, b.sources)
	})
	return b
}

// Sends reports whether there is a mail server.
func (b *Outbox) Sends() bool { return b.o.Server.Address != "" }

// Run works the queues off until ctx ends. Of two letters that are due, the one whose
// source comes first is sent first.
func (b *Outbox) Run(ctx context.Context, sources ...Source) error {
	b.sources = sources
	return b.Loop.Run(ctx)
}

// step makes one attempt if a letter is due. It returns how long to wait before the next
// step. A source that fails does not hold up the others.
func (b *Outbox) step(ctx context.Context, sources []Source) (time.Duration, error) {
	pause := outbox.Look
	if !b.Sends() {
		return pause, nil
	}
	var errs []error
	for _, next := range sources {
		l, ok, err := next(ctx)
		if err == nil && ok {
			if wait := time.Until(l.Due); wait > 0 {
				pause = min(pause, wait)
				continue
			}
			if err = b.attempt(ctx, l); err == nil {
				return 0, errors.Join(errs...)
			}
		}
		if err != nil {
			errs, pause = append(errs, err), min(pause, outbox.Rest)
		}
	}
	return pause, errors.Join(errs...)
}

// attempt tries to send a letter and stores how that ended.
func (b *Outbox) attempt(ctx context.Context, l Letter) error {
	if !time.Now().Before(l.Expires) { // the program was away, or there was no mail server
		return l.Done(ctx, Result{State: pbx.MailFailed, Attempts: l.Attempts, Error: "it expired before it could be mailed"})
	}
	m := message{id: l.ID, to: l.To, subject: l.Subject}
	var err error
	if m.text, err = l.Text(ctx); err != nil {
		return err
	}
	if l.File != nil {
		m.file = l.File(ctx)
	}
	if m.file != nil {
		defer m.file.Content.Close()
	}
	permanent, err := b.send(ctx, m)
	if ctx.Err() != nil {
		return ctx.Err() // nobody knows how it ended: the next start tries again
	}
	return l.Done(ctx, b.result(l, permanent, err))
}

// result says how an attempt that ended now ended.
func (b *Outbox) result(l Letter, permanent bool, err error) Result {
	now := time.Now()
	r := Result{State: pbx.MailSent, Attempts: l.Attempts + 1, Sent: now}
	if err == nil {
		return r
	}
	retry := outbox.Retry{First: b.o.RetryFirst, Factor: 2, Attempts: mostAttempts}
	due, again := retry.Next(now, r.Attempts, permanent, l.Expires)
	r = Result{State: pbx.MailQueued, Attempts: r.Attempts, Error: err.Error(), Due: due}
	if !again {
		r.State = pbx.MailFailed
	}
	b.o.Log.Warn("a mail was not taken", "mail", l.Name, "attempt", r.Attempts, "state", r.State, "error", err)
	return r
}
