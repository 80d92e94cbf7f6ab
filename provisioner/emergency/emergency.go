// Package emergency owns the calls for help of late.
//
// It tells of each call for help once, when it begins, and knows for pbx.Live which devices are
// called back. A call that began without the controller is told of when it is found. Memory is
// authoritative, the database follows: one transaction stores a call and queues its mails. It
// may import provisioner/pbx, db, provisioner/event and provisioner/writebehind.
package emergency

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/provisioner/event"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
	"github.com/dialtone-pbx/dialtone/provisioner/writebehind"
)

const (
	// writeEvery is how long a row waits at most; it is written at once.
	writeEvery = time.Second
	// remembers is how long memory knows a call: longer than most calls last, because a call that
	// ends is compared with it.
	remembers = 24 * time.Hour
	// again is how long mails about a device are not repeated. A caller that is cut off dials again
	// at once; a phone that dials without end must not fill mailboxes. Events tell of each call.
	again = time.Minute
)

// Options are what a Watch needs. All fields are required.
type Options struct {
	DB       *db.DB
	Log      *slog.Logger
	Snapshot func() *pbx.Snapshot // the desired state in force
	Events   *event.Hub
	Queued   func() // tells the outbox that mails were queued; it must not block
}

// Watch remembers calls for help. Its methods are safe for concurrent use and do not block.
type Watch struct {
	o Options

	mu    sync.Mutex
	calls map[string]*call // by Uniqueid of the caller's channel
	rows  *writebehind.Rows[string, []db.HelpRow]
}

// call is a call for help, or a test.
type call struct {
	pbx.HelpCall
	mails []*db.Notice // nil where it was stored by an earlier run
}

// New starts from what the database remembers; Run starts the loop.
func New(ctx context.Context, o Options) (*Watch, error) {
	w := &Watch{o: o, calls: map[string]*call{}}
	w.rows = writebehind.New(&w.mu, writebehind.Options[string, []db.HelpRow]{What: "calls for help", Every: writeEvery,
		Before: w.forget, Read: w.read, Write: o.DB.AddHelpCalls, Written: func([]db.HelpRow) { o.Queued() }, Log: o.Log})
	stored, err := o.DB.HelpCalls(ctx, time.Now().Add(-remembers))
	if err != nil {
		return nil, err
	}
	for _, c := range stored {
		w.calls[c.Channel] = &call{HelpCall: c}
	}
	return w, nil
}

// Run writes what changes until ctx ends.
func (w *Watch) Run(ctx context.Context) error { return w.rows.Run(ctx) }

// Flush stores what waits, now.
func (w *Watch) Flush(ctx context.Context) error { return w.rows.Flush(ctx) }

// Begins tells of a call for help, or of a test, when it is about to be dialled: by the Uniqueid
// of the caller's channel and the calling device. The same call on another trunk only adds what
// the carrier is shown.
func (w *Watch) Begins(channel string, d *pbx.Device, help pbx.Help) {
	c := pbx.HelpCall{Channel: channel, Tenant: d.Tenant, Device: d.Name, Number: help.Number, Test: help.Test,
		At: pbx.Millis(time.Now())}
	if help.Shown != "" {
		c.Shown = []string{help.Shown}
	}
	w.note(c, d)
}

// Found tells of a call for help that began without the controller, unless it is known. It may
// have shown any number that the device's calls for help show.
func (w *Watch) Found(channel string, d *pbx.Device, number string, at time.Time) {
	w.note(pbx.HelpCall{Channel: channel, Tenant: d.Tenant, Device: d.Name, Number: number, At: pbx.Millis(at),
		Shown: w.o.Snapshot().ShownForHelp(d), Late: true}, d)
}

func (w *Watch) note(c pbx.HelpCall, d *pbx.Device) {
	s := w.o.Snapshot()
	c.Extension, c.Location = d.Extension, d.Location
	if e := s.Extension(d.Tenant, d.Extension); e != nil {
		c.Name = e.Name
	}
	w.mu.Lock()
	known := w.calls[c.Channel]
	if known == nil {
		n := &call{HelpCall: c}
		if !w.toldOf(c) {
			n.mails = mails(s, c)
		}
		w.calls[c.Channel] = n
	} else if fresh := without(c.Shown, known.Shown); len(fresh) > 0 {
		known.Shown = slices.Concat(known.Shown, fresh)
	} else {
		w.mu.Unlock()
		return
	}
	w.rows.Mark(c.Channel)
	w.mu.Unlock()
	w.rows.Nudge()
	if known == nil {
		w.o.Events.Publish(c.Tenant, told(s, c))
	}
}

// toldOf reports whether mails have told of another call of the same device just before. The
// lock is held.
func (w *Watch) toldOf(c pbx.HelpCall) bool {
	for _, o := range w.calls {
		if o.Tenant == c.Tenant && o.Device == c.Device && o.Test == c.Test && o.mails != nil && c.At.Sub(o.At).Abs() < again {
			return true
		}
	}
	return false
}

// without returns the words of a list that are not in another.
func without(list, known []string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return slices.Contains(known, s) })
}

// Lately returns the calls for help of a tenant that may be called back, the newest first.
func (w *Watch) Lately(tenant string) (out []pbx.HelpCall) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range w.calls {
		if c.Tenant == tenant && !c.Test && time.Since(c.At) < pbx.CallBackFor+pbx.CallBackRings {
			out = append(out, c.HelpCall)
		}
	}
	slices.SortFunc(out, func(a, b pbx.HelpCall) int { return b.At.Compare(a.At) })
	return out
}

// forget drops calls that are old and stored. The lock is held.
func (w *Watch) forget() {
	for channel, c := range w.calls {
		if time.Since(c.At) >= remembers && !w.rows.Marked(channel) {
			delete(w.calls, channel)
		}
	}
}

func (w *Watch) read(keys []string) (out []db.HelpRow) {
	for _, k := range keys {
		if c := w.calls[k]; c != nil {
			out = append(out, db.HelpRow{Call: c.HelpCall, Mails: c.mails})
		}
	}
	return out
}
