package calls

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/dialtone-pbx/dialtone/provisioner/event"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// tell publishes a change. The lock is held.
func (t *Tracker) tell(c *trackedCall, what event.CallChange, leg *leg) {
	if c.Tenant == "" {
		return
	}
	e := event.Call{Change: what, Call: c.view()}
	if leg != nil {
		e.Leg = leg.ID
	}
	t.o.Events.Publish(c.Tenant, e)
}

// All returns the calls of all tenants that are under way, in no order.
func (t *Tracker) All() (out []pbx.LiveCall) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, call := range t.calls {
		if call.Tenant != "" && !call.absorbed && len(call.legs) > 0 {
			out = append(out, call.view())
		}
	}
	return out
}

// List returns the calls of a tenant that are under way, the oldest first. The error is
// NotFound without the tenant.
func (t *Tracker) List(ctx context.Context, tenant string) ([]pbx.LiveCall, error) {
	if err := t.o.Tenant(ctx, tenant); err != nil {
		return nil, err
	}
	return t.list(tenant), nil
}

func (t *Tracker) list(tenant string) (out []pbx.LiveCall) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, call := range t.calls {
		if call.Tenant == tenant && !call.absorbed && len(call.legs) > 0 {
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

// Get returns one call under way, or a NotFound error.
func (t *Tracker) Get(ctx context.Context, tenant, id string) (*pbx.LiveCall, error) {
	if err := t.o.Tenant(ctx, tenant); err != nil {
		return nil, err
	}
	return t.one(tenant, id)
}

func (t *Tracker) one(tenant, id string) (*pbx.LiveCall, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if call := t.calls[id]; call != nil && call.Tenant == tenant && !call.absorbed {
		v := call.view()
		return &v, nil
	}
	return nil, pbx.NotFoundf("call %.100q is not under way in tenant %s", id, tenant)
}

// Counts returns how many calls and channels are followed, and how many channels since the
// start were not because there were maxChannels already.
func (t *Tracker) Counts() (calls, channels int, ignored uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.calls), len(t.channels), t.ignored
}

// OnEndpoint returns how many channels an endpoint has.
func (t *Tracker) OnEndpoint(endpoint string) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.on[endpoint]
}

// AtEndpoints returns how many calls have a channel at any of the endpoints.
func (t *Tracker) AtEndpoints(endpoints []string) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	found := map[*trackedCall]bool{}
	for _, ch := range t.channels {
		if slices.Contains(endpoints, ch.endpoint) {
			found[ch.call] = true
		}
	}
	return len(found)
}

// mostRules bounds the rules of a call: an application may have hundreds of verbs.
const mostRules = 100

// Routed takes over which step a call was given, by the id of the caller's channel, before
// the step begins. It does not block.
func (t *Tracker) Routed(id string, call pbx.Call, step pbx.Step) {
	t.note(id, func(tc *trackedCall, ch *channel) {
		if tc.click() && ch.leg != nil {
			tc.makeCaller(ch, time.Now())
		}
		if tc.Tenant != "" && tc.Tenant != call.Tenant {
			return // what another tenant does with the call is not this one's to know
		}
		if last := len(tc.Rules) - 1; last < 0 || last < mostRules-1 && tc.Rules[last] != step.Rule {
			tc.Rules = append(tc.Rules, step.Rule)
		}
		if len(call.Hops) > 0 || step.Kind == pbx.StepForward {
			addVia(tc, pbx.ViaForward)
		}
		tc.refused = step.SIP != 0
		if step.Kind == pbx.StepMonitor {
			addVia(tc, pbx.ViaMonitor)
		}
		if call.RingGroup(t.o.Snapshot()) != nil {
			addVia(tc, pbx.ViaGroup)
		}
		if step.Kind == pbx.StepQueue {
			addVia(tc, pbx.ViaQueue)
		}
		if tc.Tenant == "" {
			tc.Tenant = call.Tenant
		}
		if tc.Dialled == "" {
			tc.Dialled = call.Dialled
		}
	})
}

// note changes a call by one of its channels, at once or as soon as Asterisk tells of it.
func (t *Tracker) note(id string, change func(*trackedCall, *channel)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if ch := t.channels[id]; ch != nil {
		change(ch.call, ch)
		return
	}
	now := time.Now()
	if len(t.early) >= maxEarly {
		t.forgetEarly(now)
	}
	if t.early[id] == nil {
		t.early[id] = &early{at: now}
	}
	t.early[id].notes = append(t.early[id].notes, change)
}

// forgetEarly drops early notes that have expired, or all of them where that is too few.
func (t *Tracker) forgetEarly(now time.Time) {
	for id, e := range t.early {
		if now.Sub(e.at) > earlyFor {
			delete(t.early, id)
		}
	}
	if len(t.early) >= maxEarly {
		clear(t.early)
	}
}
