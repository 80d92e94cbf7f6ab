package fleet

import (
	"cmp"
	"context"
	"time"

	"github.com/dialtone-pbx/dialtone/ami"
	"github.com/dialtone-pbx/dialtone/phoneconf"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// run sends due orders until ctx ends.
func (q *Orders) run(ctx context.Context) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-q.wake:
		case <-timer.C:
		}
		timer.Reset(q.step(ctx))
	}
}

// step sends the next order if it is due. It returns the pause before the next call.
func (q *Orders) step(ctx context.Context) time.Duration {
	now := q.now()
	q.mu.Lock()
	var next *pbx.Resync
	for _, o := range q.orders {
		if o.State == pbx.ResyncQueued && (next == nil ||
			cmp.Or(o.DueAt.Compare(next.DueAt), cmp.Compare(o.ID, next.ID)) < 0) {
			next = o
		}
	}
	if next == nil || next.DueAt.After(now) {
		q.mu.Unlock()
		if next == nil {
			return time.Hour // add wakes run
		}
		return next.DueAt.Sub(now)
	}
	session, err := q.o.Session()
	if err != nil {
		q.mu.Unlock()
		return resyncAway
	}
	// Before sending: the phone may ask sooner than Asterisk answers us.
	next.SentAt = now
	q.move(next, pbx.ResyncSent)
	o := *next
	q.mu.Unlock()
	why := q.send(ctx, session, &o)
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case next.State != pbx.ResyncSent: // the phone was quicker
	case why != "":
		q.end(next, pbx.ResyncFailed, why, q.now())
	case !q.o.Registered(next.Endpoint):
		next.SentAt = time.Time{}
		q.move(next, pbx.ResyncAway)
	}
	return resyncGap
}

// send hands the NOTIFY to Asterisk. It returns why that failed, or "".
func (q *Orders) send(ctx context.Context, s *ami.Session, o *pbx.Resync) string {
	p := q.o.Snapshot().Phone(o.MAC)
	if p == nil {
		return "the phone was deleted"
	}
	event := phoneconf.CheckSync(p.Vendor)
	if o.Action == pbx.ResyncReboot {
		event, _ = phoneconf.Reboot(p.Vendor)
	}
	if err := s.PJSIPNotify(ctx, o.Endpoint, []ami.Variable{{Name: "Event", Value: event}}); err != nil {
		q.o.Log.Warn("telling a phone to fetch its files", "phone", o.MAC.Colons(), "error", err)
		return err.Error()
	}
	return ""
}
