package provisioner

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/dialtone-pbx/dialtone/provisioner/event"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// tell publishes a change. The lock is held.
func (t *callTracker) tell(c *trackedCall, what event.CallChange, leg *pbx.CallLeg) {
	if c.Tenant == "" {
		return
	}
	e := event.Call{Change: what, Call: c.view()}
	if leg != nil {
		e.Leg = leg.ID
	}
	t.events.Publish(c.Tenant, e)
}

// Calls returns the calls of a tenant that are under way, the oldest first.
func (c *Controller) Calls(ctx context.Context, tenant string) ([]pbx.LiveCall, error) {
	if _, err := c.Tenants.Get(ctx, "", tenant); err != nil {
		return nil, err
	}
	return c.calls.list(tenant), nil
}

func (t *callTracker) list(tenant string) (out []pbx.LiveCall) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, call := range t.calls {
		if call.Tenant == tenant && !call.dropped && len(call.legs) > 0 {
			out = append(out, call.view())
		}
	}
	slices.SortFunc(out, func(a, b pbx.LiveCall) int {
		if d := a.Started.Compare(b.Started); d != 0 {
			return d
		}
		return strings.Compare(a.ID, b.ID)
	})
	return out
}

// Call returns one call under way, or NotFound.
func (c *Controller) Call(ctx context.Context, tenant, id string) (*pbx.LiveCall, error) {
	if _, err := c.Tenants.Get(ctx, "", tenant); err != nil {
		return nil, err
	}
	return c.calls.one(tenant, id)
}

func (t *callTracker) one(tenant, id string) (*pbx.LiveCall, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if call := t.calls[id]; call != nil && call.Tenant == tenant && !call.dropped {
		v := call.view()
		return &v, nil
	}
	return nil, pbx.NotFoundf("call %.100q is not under way in tenant %s", id, tenant)
}

// CallsTracked returns how many calls and channels are followed, and how many
// channels were not for want of room.
func (c *Controller) CallsTracked() (calls, channels int, ignored uint64) {
	return c.calls.tracked()
}

func (t *callTracker) tracked() (calls, channels int, ignored uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.calls), len(t.channels), t.ignored
}

// CallRouted tells which step a call was given, by the id of the caller's
// channel.
// It returns at once; it is called before the step begins.
func (c *Controller) CallRouted(id string, call pbx.Call, step pbx.Step) {
	c.calls.follow(id, call, step)
}

func (t *callTracker) follow(id string, call pbx.Call, step pbx.Step) {
	t.routed(id, func(tc *trackedCall, ch *channel) {
		if tc.click && ch.leg != nil {
			tc.makeCaller(ch, time.Now())
		}
		if last := len(tc.Rules) - 1; last < 0 || tc.Rules[last] != step.Rule {
			tc.Rules = append(tc.Rules, step.Rule)
		}
		if len(call.Hops) > 0 || step.Kind == pbx.StepForward {
			t.via(tc, pbx.ViaForward)
		}
		if step.Kind == pbx.StepMonitor {
			t.via(tc, pbx.ViaMonitor)
		}
		if call.RingGroup(t.snapshot()) != nil {
			t.via(tc, pbx.ViaGroup)
		}
		if tc.Tenant == "" {
			tc.Tenant = call.Tenant
		}
		if tc.Dialled == "" {
			tc.Dialled = call.Dialled
		}
	})
}

// routed carries out what is known of a channel, at once or when Asterisk tells
// of it.
func (t *callTracker) routed(id string, note func(*trackedCall, *channel)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if ch := t.channels[id]; ch != nil {
		note(ch.call, ch)
		return
	}
	now := time.Now()
	if len(t.early) >= maxEarly {
		t.forgetEarly(now)
	}
	if t.early[id] == nil {
		t.early[id] = &early{at: now}
	}
	t.early[id].routed = append(t.early[id].routed, note)
}

// forgetEarly drops what nobody asked for, or all of it when that is not enough.
func (t *callTracker) forgetEarly(now time.Time) {
	for id, e := range t.early {
		if now.Sub(e.at) > earlyFor {
			delete(t.early, id)
		}
	}
	if len(t.early) >= maxEarly {
		clear(t.early)
	}
}
