package provisioner

import (
	"context"
	"time"

	"github.com/dialtone-pbx/dialtone/ami"
	"github.com/dialtone-pbx/dialtone/phoneconf"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// run sends what is due until ctx ends.
func (r *resyncer) run(ctx context.Context) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-r.wake:
		case <-timer.C:
		}
		timer.Reset(r.step(ctx))
	}
}

// step sends the next order if it is due, and returns when to come again.
func (r *resyncer) step(ctx context.Context) time.Duration {
	now := r.now()
	r.mu.Lock()
	var next *pbx.Resync
	for _, o := range r.orders {
		if o.State == pbx.ResyncQueued && (next == nil || o.DueAt.Before(next.DueAt) || o.DueAt.Equal(next.DueAt) && o.ID < next.ID) {
			next = o
		}
	}
	if next == nil || next.DueAt.After(now) {
		r.mu.Unlock()
		if next == nil {
			return time.Hour // woken before
		}
		return next.DueAt.Sub(now)
	}
	session, err := r.session()
	if err != nil {
		r.mu.Unlock()
		return resyncAway
	}
	// Before it goes out: the phone may ask sooner than Asterisk answers us.
	next.SentAt = now
	r.move(next, pbx.ResyncSent)
	o := *next
	r.mu.Unlock()
	if why := r.send(ctx, session, &o); why != "" {
		r.mu.Lock()
		if next.State == pbx.ResyncSent {
			r.end(next, pbx.ResyncFailed, why, r.now())
		}
		r.mu.Unlock()
	}
	return resyncGap
}

// send hands the NOTIFY to Asterisk and says why it reaches nobody, if so.
func (r *resyncer) send(ctx context.Context, s *ami.Session, o *pbx.Resync) string {
	p := r.snapshot().Phone(o.MAC)
	if p == nil {
		return "the phone was deleted"
	}
	event := phoneconf.CheckSync(p.Vendor)
	if o.Action == pbx.ResyncReboot {
		event, _ = phoneconf.Reboot(p.Vendor)
	}
	if err := s.PJSIPNotify(ctx, o.Endpoint, []ami.Variable{{Name: "Event", Value: event}}); err != nil {
		r.log.Warn("telling a phone to fetch its files", "phone", o.MAC.Colons(), "error", err)
		return err.Error()
	}
	if !r.registered(o.Endpoint) {
		return "the phone is not registered, so nobody was told"
	}
	return ""
}
