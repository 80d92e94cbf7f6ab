package provisioner

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/dialtone-pbx/dialtone/ami"
	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/phoneconf"
	"github.com/dialtone-pbx/dialtone/provisioner/event"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
	"github.com/dialtone-pbx/dialtone/provisioner/writebehind"
)

const (
	// resyncGap is the least time between two NOTIFYs: at most 50 a second, so that
	// a change that touches all phones makes no storm of fetches.
	resyncGap = 20 * time.Millisecond
	// How long a phone has to fetch its full file, and an order to be sent.
	resyncWithin = 3 * time.Minute
	rebootWithin = 10 * time.Minute
	queuedWithin = 15 * time.Minute
	resyncPause  = 250 * time.Millisecond // how often changed orders are written
	resyncAway   = time.Second            // pause while Asterisk is not connected
)

// resyncer tells phones to fetch their files, or to restart, and watches whether
// they do. Every NOTIFY goes through it, one after the other. Active orders are
// in memory; the database follows within resyncPause, and has each new order
// before it is sent.
type resyncer struct {
	db       *db.DB
	log      *slog.Logger
	events   *event.Hub
	session  func() (*ami.Session, error)
	snapshot func() *pbx.Snapshot
	// registered reports whether Asterisk knows where an endpoint is.
	registered func(endpoint string) bool
	now        func() time.Time

	mu     sync.Mutex
	last   int64                     // number of the last order
	orders map[int64]*pbx.Resync     // active ones, and ended ones that are not written yet
	of     map[pbx.MAC][]*pbx.Resync // the same by phone: thousands of phones ask while thousands wait
	// changed are orders to be written, by number.
	changed *writebehind.Rows[int64, []pbx.Resync]
	wake    chan struct{}
}

// newResyncer goes on with the orders that were active when the program ended.
func newResyncer(ctx context.Context, c *Controller) (*resyncer, error) {
	r := &resyncer{db: c.db, log: c.log, events: c.Events, snapshot: c.Snapshot, now: time.Now, orders: map[int64]*pbx.Resync{}, of: map[pbx.MAC][]*pbx.Resync{}, wake: make(chan struct{}, 1),
		session: c.asterisk.Session,
		registered: func(endpoint string) bool {
			s, _ := c.Status.Of(endpoint)
			return s.Address.IsValid()
		}}
	r.changed = writebehind.New(&r.mu, writebehind.Options[int64, []pbx.Resync]{What: "orders to phones", Every: resyncPause,
		Before: func() { r.expire(r.now()) }, Read: r.read, Write: c.db.WriteResyncs, Written: r.written, Log: c.log})
	active, err := c.db.Resyncs(ctx, db.ResyncFilter{Active: true})
	if err != nil {
		return nil, err
	}
	for i := range active {
		r.remember(&active[i])
	}
	r.last, err = c.db.LastResync(ctx)
	return r, err
}

// add stores orders and sends them when they are due. An order of no batch that
// is waiting already is not made twice. It returns them as they stand.
func (r *resyncer) add(ctx context.Context, list []pbx.Resync) ([]pbx.Resync, error) {
	now := r.now()
	out := make([]pbx.Resync, 0, len(list))
	var fresh []pbx.Resync
	r.mu.Lock()
	for _, o := range list {
		if twin := r.waiting(&o); twin != nil {
			out = append(out, *twin)
			continue
		}
		r.last++
		o.ID, o.QueuedAt = r.last, now
		if o.DueAt.IsZero() {
			o.DueAt = now
		}
		if o.State == "" {
			o.State = pbx.ResyncQueued
		} else {
			o.EndedAt = now
		}
		fresh = append(fresh, o)
	}
	r.mu.Unlock()
	if err := r.db.WriteResyncs(ctx, fresh); err != nil {
		return nil, err
	}
	r.mu.Lock()
	for _, o := range fresh {
		if o.Active() {
			r.remember(&o)
		}
	}
	r.mu.Unlock()
	select {
	case r.wake <- struct{}{}:
	default:
	}
	return append(out, fresh...), nil
}

// waiting returns an order that does what o asks for and is not sent yet.
func (r *resyncer) waiting(o *pbx.Resync) *pbx.Resync {
	if o.Batch != "" || o.State != "" {
		return nil
	}
	for _, w := range r.of[o.MAC] {
		if w.Action == o.Action && w.Endpoint == o.Endpoint && w.State == pbx.ResyncQueued && w.Batch == "" {
			return w
		}
	}
	return nil
}

// fetched notes that a phone asked for a file. What was sent before is proved.
func (r *resyncer) fetched(f pbx.PhoneFetch) {
	if !f.Own || f.Hash == "" {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.of[f.MAC]) == 0 {
		return
	}
	p := r.snapshot().Phone(f.MAC)
	if p == nil || !phoneconf.IsFull(p, phoneconf.FileName(f.File)) {
		return
	}
	for _, o := range r.of[f.MAC] {
		if o.State == pbx.ResyncSent && !f.At.Before(o.SentAt) {
			o.File, o.Hash = f.File, f.Hash
			r.end(o, pbx.ResyncFetched, "", f.At)
		}
	}
}

// end brings an order to its last state.
func (r *resyncer) end(o *pbx.Resync, state pbx.ResyncState, why string, at time.Time) {
	o.Error, o.EndedAt = why, at
	r.move(o, state)
}

func (r *resyncer) move(o *pbx.Resync, state pbx.ResyncState) {
	o.State = state
	r.changed.Mark(o.ID)
	r.events.Publish(o.Tenant, event.Resync{ID: o.ID, MAC: o.MAC, Action: o.Action, State: state})
}

func (r *resyncer) remember(o *pbx.Resync) {
	r.orders[o.ID] = o
	r.of[o.MAC] = append(r.of[o.MAC], o)
}

// forget drops an order that has ended and is written.
func (r *resyncer) forget(o *pbx.Resync) {
	delete(r.orders, o.ID)
	left := slices.DeleteFunc(r.of[o.MAC], func(l *pbx.Resync) bool { return l.ID == o.ID })
	if r.of[o.MAC] = left; len(left) == 0 {
		delete(r.of, o.MAC)
	}
}
