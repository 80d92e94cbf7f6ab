package fleet

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/phoneconf"
	"github.com/dialtone-pbx/dialtone/provisioner/event"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
	"github.com/dialtone-pbx/dialtone/provisioner/writebehind"
)

const (
	// resyncGap is the least time between two NOTIFYs. At most 50 a second are sent, so
	// that a change that touches all phones makes no storm of fetches.
	resyncGap = 20 * time.Millisecond
	// Time for a phone to fetch its full file, and to send an order.
	resyncWithin = 3 * time.Minute
	rebootWithin = 10 * time.Minute
	queuedWithin = 15 * time.Minute
	awayWithin   = 24 * time.Hour         // for a phone that is not registered
	resyncPause  = 250 * time.Millisecond // how often changed orders are written
	resyncAway   = time.Second            // pause while Asterisk is not connected
)

// Orders tells phones to fetch their files or to restart, and watches whether they do.
//
// Every NOTIFY goes through it, one after the other. Active orders are in memory. The
// database follows within resyncPause, and has each new order before it is sent.
type Orders struct {
	o      Options
	now    func() time.Time
	jitter func() time.Duration // until a phone that came back is told

	mu     sync.Mutex
	last   int64                     // number of the last order
	orders map[int64]*pbx.Resync     // active orders, and ended ones that are not written yet
	of     map[pbx.MAC][]*pbx.Resync // the same by phone
	// returned is when a phone that came back was last told for that alone, see returnGap.
	returned map[pbx.MAC]time.Time
	// backs are endpoints that registered and were not looked at yet.
	backs chan string
	// changed are orders to be written, by number.
	changed *writebehind.Rows[int64, []pbx.Resync]
	wake    chan struct{}
}

// newOrders goes on with the orders that were active when the program ended.
func newOrders(ctx context.Context, o Options) (*Orders, error) {
	q := &Orders{o: o, now: time.Now, jitter: returnJitter, wake: make(chan struct{}, 1),
		orders: map[int64]*pbx.Resync{}, of: map[pbx.MAC][]*pbx.Resync{},
		returned: map[pbx.MAC]time.Time{}, backs: make(chan string, backQueue)}
	q.changed = writebehind.New(&q.mu, writebehind.Options[int64, []pbx.Resync]{
		What: "orders to phones", Every: resyncPause,
		Before: func() { q.expire(q.now()) }, Read: q.read, Write: o.DB.WriteResyncs, Written: q.written, Log: o.Log})
	active, err := o.DB.Resyncs(ctx, db.ResyncFilter{Active: true})
	if err != nil {
		return nil, err
	}
	for i := range active {
		q.remember(&active[i])
	}
	q.last, err = o.DB.LastResync(ctx)
	return q, err
}

// add stores orders and sends them when they are due. It returns them as stored. An order
// of no batch that waits already is not made twice; the one that waits is returned.
func (q *Orders) add(ctx context.Context, list []pbx.Resync) ([]pbx.Resync, error) {
	now := q.now()
	out := make([]pbx.Resync, 0, len(list))
	var fresh []pbx.Resync
	q.mu.Lock()
	for _, o := range list {
		if twin := q.waiting(&o); twin != nil {
			out = append(out, *twin)
			continue
		}
		q.last++
		o.ID, o.QueuedAt = q.last, now
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
	q.mu.Unlock()
	if err := q.o.DB.WriteResyncs(ctx, fresh); err != nil {
		return nil, err
	}
	q.mu.Lock()
	for _, o := range fresh {
		if o.Active() {
			q.remember(&o)
		}
	}
	q.mu.Unlock()
	q.nudge()
	return append(out, fresh...), nil
}

// waiting returns an order like o that is not sent yet, or nil.
func (q *Orders) waiting(o *pbx.Resync) *pbx.Resync {
	if o.Batch != "" || o.State != "" {
		return nil
	}
	for _, w := range q.of[o.MAC] {
		if w.Action == o.Action && w.Endpoint == o.Endpoint && (w.State == pbx.ResyncQueued || w.State == pbx.ResyncAway) &&
			w.Batch == "" {
			return w
		}
	}
	return nil
}

// fetched notes a request of a phone. If it is for the full file, it ends sent orders.
func (q *Orders) fetched(f pbx.PhoneFetch) {
	if !f.Own || f.Hash == "" {
		return
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.of[f.MAC]) == 0 {
		return
	}
	p := q.o.Snapshot().Phone(f.MAC)
	if p == nil || !phoneconf.IsFull(p, phoneconf.FileName(f.File)) {
		return
	}
	for _, o := range q.of[f.MAC] {
		if o.State == pbx.ResyncSent && !f.At.Before(o.SentAt) || needless(o) {
			o.File, o.Hash = f.File, f.Hash
			q.end(o, pbx.ResyncFetched, "", f.At)
		}
	}
}

// end brings an order to its last state.
func (q *Orders) end(o *pbx.Resync, state pbx.ResyncState, why string, at time.Time) {
	o.Error, o.EndedAt = why, at
	q.move(o, state)
}

func (q *Orders) move(o *pbx.Resync, state pbx.ResyncState) {
	o.State = state
	q.changed.Mark(o.ID)
	q.o.Events.Publish(o.Tenant, event.Resync{ID: o.ID, MAC: o.MAC, Action: o.Action, State: state})
}

func (q *Orders) remember(o *pbx.Resync) {
	q.orders[o.ID] = o
	q.of[o.MAC] = append(q.of[o.MAC], o)
}

// forget drops an order that has ended and is written.
func (q *Orders) forget(o *pbx.Resync) {
	delete(q.orders, o.ID)
	left := slices.DeleteFunc(q.of[o.MAC], func(l *pbx.Resync) bool { return l.ID == o.ID })
	if q.of[o.MAC] = left; len(left) == 0 {
		delete(q.of, o.MAC)
	}
}
