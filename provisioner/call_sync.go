package provisioner

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/dialtone-pbx/dialtone/ami"
)

// sweepCalls is how often what is followed is compared with what there is: an
// event that Asterisk did not send must not keep a call alive for ever.
const sweepCalls = 2 * time.Minute

// up takes over what Asterisk lists at a connect. Events since the login
// follow; they end with the truth.
func (t *callTracker) up(ctx context.Context, s *ami.Session) error {
	asked := time.Now()
	list, err := s.CoreShowChannels(ctx)
	if err != nil {
		return fmt.Errorf("listing the calls under way: %w", err)
	}
	list = t.withoutGhosts(list)
	t.takeOver(list, asked)
	return t.recallAbandoned(ctx, s, list)
}

// takeOver makes calls of a list, from nothing or from what was followed before.
func (t *callTracker) takeOver(list []ami.Channel, asked time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.drop(list, asked, false)
	t.forgetEarly(asked)
	for _, c := range list {
		t.relist(c, asked)
	}
	t.settle(asked)
	t.listed = true
}

// withoutGhosts leaves out what Asterisk lists for ever although it has ended: the shell
// of a channel that was masqueraded, where it hung up before the masquerade had listed it
// again. Nothing removes it but a restart of Asterisk (16 and 22).
func (t *callTracker) withoutGhosts(list []ami.Channel) []ami.Channel {
	return slices.DeleteFunc(list, func(c ami.Channel) bool {
		ghost := strings.HasPrefix(c.Name, "Surrogate/")
		if ghost {
			t.log.Info("Asterisk lists the shell of a channel that has ended", "channel", c.Name, "context", c.Context)
		}
		return ghost
	})
}

// settle finds who talks with whom, once all legs and bridges are known.
func (t *callTracker) settle(now time.Time) {
	for _, ch := range t.channels {
		t.pair(ch)
	}
	for _, ch := range t.channels {
		t.connected(ch, now)
		t.waits(ch, now)
		t.takes(ch)
	}
}

// down notes that calls end from now on without our being told.
func (t *callTracker) down() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.listed = false
}

// underWay returns the ids of all calls under way, or false where some may be unknown.
func (t *callTracker) underWay() (calls map[string]bool, known bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	calls = make(map[string]bool, len(t.calls))
	for id := range t.calls {
		calls[id] = true
	}
	return calls, t.listed
}

// relist takes over one listed channel.
func (t *callTracker) relist(c ami.Channel, now time.Time) {
	_, known := t.calls[c.LinkedID]
	if t.channels[c.UniqueID] == nil && !known {
		call := t.callOf(c.LinkedID, began(c.LinkedID, now))
		call.Incomplete = true
	}
	ch := t.see(c, now, true)
	if ch == nil {
		return
	}
	ch.bridge = c.BridgeID
}

// pair finds the other half of a Local channel by its name.
func (t *callTracker) pair(ch *channel) {
	if n := len(ch.name); ch.leg != nil || ch.half != "" || n < 2 || ch.name[n-2:] != ";1" {
		return
	}
	for _, o := range ch.call.channels {
		if o.leg == nil && o.name == ch.name[:len(ch.name)-1]+"2" {
			ch.half, o.half = o.id, ch.id
		}
	}
}

// sweep forgets channels that Asterisk does not have any more.
func (t *callTracker) sweep(ctx context.Context, s *ami.Session) error {
	asked := time.Now()
	list, err := s.CoreShowChannels(ctx)
	if err != nil {
		return fmt.Errorf("comparing the calls under way: %w", err)
	}
	list = t.withoutGhosts(list)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.drop(list, asked, true)
	t.forgetEarly(asked)
	return nil
}

// drop ends channels that were followed before the list was asked for and are not
// in it; twice is for lists made while events may still be on their way. When they
// ended is not known: their calls are incomplete.
func (t *callTracker) drop(list []ami.Channel, asked time.Time, twice bool) {
	there := make(map[string]bool, len(list))
	for _, c := range list {
		there[c.UniqueID] = true
	}
	for id, ch := range t.channels {
		switch {
		case there[id] || !ch.listed.Before(asked):
			ch.missing = false
		case twice && !ch.missing:
			ch.missing = true
		default:
			ch.call.Incomplete = true
			t.hungUp(ch, 0, asked)
		}
	}
}

// watch sweeps until ctx ends.
func (t *callTracker) watch(ctx context.Context) error {
	tick := time.NewTicker(sweepCalls)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
		s, err := t.session()
		if err != nil {
			continue
		}
		if err := t.sweep(ctx, s); err != nil && ctx.Err() == nil {
			t.log.Warn("calls under way", "error", err)
		}
	}
}
