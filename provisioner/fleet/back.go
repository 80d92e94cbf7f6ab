package fleet

import (
	"context"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

const (
	// backQueue bounds the endpoints that wait to be looked at after they registered. When
	// it is full, the phone has its daily poll.
	backQueue = 20_000
	// returnAfter and returnSpread are how long after its registration a phone is told: at
	// random between them, so that a site whose line comes back makes no storm.
	returnAfter  = 2 * time.Second
	returnSpread = 10 * time.Second
	// returnGap is the least time between two orders for no other reason than a return. A
	// phone that comes and goes and never fetches is not told each time.
	returnGap = time.Hour
	// notifyWithin is how long a NOTIFY is repeated without an answer (RFC 3261, timer F).
	notifyWithin = 32 * time.Second
)

// returnJitter is a random time for Orders.jitter.
func returnJitter() time.Duration { return returnAfter + rand.N(returnSpread-returnAfter) }

// Back notes that an endpoint without an address, or one that did not answer, is there
// again. It never blocks.
func (f *Fleet) Back(endpoint string) {
	select {
	case f.Orders.backs <- endpoint:
	default:
	}
}

// welcome looks at phones that came back, one after the other, until ctx ends. The pause
// leaves processor time for phones that boot after a power cut.
func (f *Fleet) welcome(ctx context.Context) error {
	pause := time.NewTimer(0)
	defer pause.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-pause.C:
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case endpoint := <-f.Orders.backs:
			f.cameBack(ctx, endpoint)
		}
		pause.Reset(resyncGap)
	}
}

// cameBack orders a phone to fetch its files if it holds others than it would get now. An
// order that waited for the phone goes on by itself, see goOn.
func (f *Fleet) cameBack(ctx context.Context, endpoint string) {
	s, q := f.o.Snapshot(), f.Orders
	p := phoneOf(s, endpoint)
	if p == nil {
		return
	}
	if q.underWay(p.MAC) || f.Seen.Of(p).FetchedAt.IsZero() || !f.holdsOld(s, p) || !q.mayReturn(p.MAC) {
		return
	}
	o := filesOrder(p, endpoint, reasonReturn)
	o.DueAt = q.now().Add(q.jitter())
	if _, err := q.add(ctx, []pbx.Resync{o}); err != nil {
		f.o.Log.Error("ordering a phone that came back to fetch its files", "phone", p.MAC.Colons(), "error", err)
	}
}

// phoneOf returns the phone that registers an endpoint, or nil.
func phoneOf(s *pbx.Snapshot, endpoint string) *pbx.Phone {
	d := s.DeviceOf(endpoint)
	if d == nil {
		return nil
	}
	for _, p := range s.Phones {
		if p.Tenant != d.Tenant {
			continue
		}
		for _, l := range p.Lines {
			if l.Device == d.Name {
				return p
			}
		}
	}
	return nil
}

// goOn sends an order to a phone that was away, through the endpoint that it has registered
// now. The lock is held.
func (q *Orders) goOn(o *pbx.Resync, now time.Time) {
	s := q.o.Snapshot()
	p := s.Phone(o.MAC)
	if p == nil {
		q.end(o, pbx.ResyncFailed, "the phone was deleted", now)
		return
	}
	if endpoint := q.endpoint(s, p); endpoint != "" && q.o.Registered(endpoint) {
		o.Endpoint, o.DueAt = endpoint, now.Add(q.jitter())
		q.move(o, pbx.ResyncQueued)
		q.nudge()
	}
}

// nudge makes run look for the next order.
func (q *Orders) nudge() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// underWay reports whether an order may still reach a phone. A NOTIFY that was sent before
// the phone came back does not, after the time of its transaction.
func (q *Orders) underWay(mac pbx.MAC) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	now := q.now()
	return slices.ContainsFunc(q.of[mac], func(o *pbx.Resync) bool {
		return o.Active() && (o.State != pbx.ResyncSent || now.Sub(o.SentAt) < notifyWithin)
	})
}

// mayReturn reports whether a phone may be told for its return alone, and notes that it is.
func (q *Orders) mayReturn(mac pbx.MAC) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	now := q.now()
	for known, at := range q.returned {
		if now.Sub(at) >= returnGap {
			delete(q.returned, known)
		}
	}
	if _, told := q.returned[mac]; told {
		return false
	}
	q.returned[mac] = now
	return true
}

// needless reports whether a fetch of the full file makes an order needless before it is
// sent: the phone was away, came back by a restart, and has the present files by that.
func needless(o *pbx.Resync) bool {
	return o.Action == pbx.ResyncFiles &&
		(o.State == pbx.ResyncAway || o.State == pbx.ResyncQueued && o.Reason == reasonReturn)
}
