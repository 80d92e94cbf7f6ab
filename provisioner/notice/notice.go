// Package notice owns the queue of mails about alarms and calls for help.
//
// A mail is put into the database in the background, so that no call waits for it, and is sent
// by the outbox of provisioner/mail. It may import provisioner/pbx, db, provisioner/mail and
// provisioner/writebehind.
package notice

import (
	"context"
	"log/slog"
	"strconv"
	"sync"
	"time"

	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/provisioner/mail"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
	"github.com/dialtone-pbx/dialtone/provisioner/writebehind"
)

const (
	// most bounds the mails that wait to be stored. Overflow rule: a further one is lost,
	// counted and logged.
	most = 1000
	// writeEvery is how long one waits at most; it is written at once.
	writeEvery = time.Second
	// keeps is how long a mail is tried.
	keeps = 24 * time.Hour
)

// Options are what a Queue needs. All fields are required.
type Options struct {
	DB    *db.DB
	Log   *slog.Logger
	Nudge func() // tells the outbox that a mail was queued
}

// Queue takes mails. Its methods are safe for concurrent use and do not block.
type Queue struct {
	o Options

	mu   sync.Mutex
	rows *writebehind.Rows[*db.Notice, []*db.Notice]
}

// New returns a queue that Run starts.
func New(o Options) *Queue {
	q := &Queue{o: o}
	q.rows = writebehind.New(&q.mu, writebehind.Options[*db.Notice, []*db.Notice]{What: "mails about alarms",
		Every: writeEvery, Most: most, Read: func(list []*db.Notice) []*db.Notice { return list },
		Write: o.DB.AddNotices, Written: func([]*db.Notice) { o.Nudge() }, Log: o.Log})
	return q
}

// Run stores mails until ctx ends.
func (q *Queue) Run(ctx context.Context) error { return q.rows.Run(ctx) }

// Add queues a mail about something in a tenant.
func (q *Queue) Add(tenant, email, subject, body string) {
	now := time.Now()
	q.mu.Lock()
	q.rows.Offer(&db.Notice{Tenant: tenant, Email: email, Subject: subject, Body: body, Next: now, Expires: now.Add(keeps)})
	q.mu.Unlock()
	q.rows.Nudge()
}

// Next is the source of these mails for the outbox.
func (q *Queue) Next(ctx context.Context) (mail.Letter, bool, error) {
	n, err := q.o.DB.NextNotice(ctx)
	if err != nil || n == nil {
		return mail.Letter{}, false, err
	}
	return mail.Letter{Name: "notice " + strconv.FormatInt(n.ID, 10), To: n.Email, Subject: n.Subject, Due: n.Next,
		Expires: n.Expires, Attempts: n.Attempts,
		Text: func(context.Context) (string, error) { return n.Body, nil },
		Done: func(ctx context.Context, r mail.Result) error {
			if r.State != pbx.MailQueued {
				return q.o.DB.DeleteNotice(ctx, n.ID)
			}
			n.Next, n.Attempts = r.Due, r.Attempts
			return q.o.DB.PutNoticeAttempt(ctx, n)
		}}, true, nil
}
