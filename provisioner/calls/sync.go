package calls

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/dialtone-pbx/dialtone/ami"
)

// sweepCalls is how often the channels that are followed are compared with Asterisk's list.
// An event that was not sent must not keep a call alive for ever.
const sweepCalls = 2 * time.Minute

const (
	// lookPause is the least time between two comparisons. Callers can break as many events
	// as they like.
	lookPause = 2 * time.Second
	// underWayFor is how long an event may be on its way to Handle.
	underWayFor = 200 * time.Millisecond
)

// Up takes over what Asterisk lists at a connect. Events since the login follow, and end
// with the truth.
func (t *Tracker) Up(ctx context.Context, s *ami.Session) error {
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
func (t *Tracker) takeOver(list []ami.Channel, asked time.Time) {
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

// withoutGhosts leaves out channels that Asterisk lists for ever although they have ended:
// the shell of a masqueraded channel that hung up too soon. Nothing removes it but a restart
// of Asterisk (16 and 22).
func (t *Tracker) withoutGhosts(list []ami.Channel) []ami.Channel {
	return slices.DeleteFunc(list, func(c ami.Channel) bool {
		ghost := strings.HasPrefix(c.Name, "Surrogate/")
		if ghost {
			t.o.Log.Info("Asterisk lists the shell of a channel that has ended", "channel", c.Name, "context", c.Context)
		}
		return ghost
	})
}

// settle finds the legs that are connected, once all legs and bridges are known.
func (t *Tracker) settle(now time.Time) {
	for _, ch := range t.channels {
		t.pair(ch)
	}
	for _, ch := range t.channels {
		t.connected(ch, now)
		t.showWaiting(ch, now)
		t.noteTaken(ch)
	}
}

// Down notes that calls end from now on without an event for us.
func (t *Tracker) Down() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.listed = false
}

// UnderWay returns the ids of all calls under way, or false where some may be unknown.
func (t *Tracker) UnderWay() (calls map[string]bool, known bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	calls = make(map[string]bool, len(t.calls))
	for id := range t.calls {
		calls[id] = true
	}
	return calls, t.listed
}

// relist takes over one listed channel.
func (t *Tracker) relist(c ami.Channel, now time.Time) {
	if c.UniqueID == "" || c.LinkedID == "" {
		return // one of many with broken numbers
	}
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
func (t *Tracker) pair(ch *channel) {
	if n := len(ch.name); ch.leg != nil || ch.half != "" || n < 2 || ch.name[n-2:] != ";1" {
		return
	}
	for _, o := range ch.call.channels {
		if o.leg == nil && o.name == ch.name[:len(ch.name)-1]+"2" {
			ch.half, o.half = o.id, ch.id
		}
	}
}

// Broken notes that an event of Asterisk was broken: a number with line breaks hid what
// happened to a channel. It does not block.
func (t *Tracker) Broken() {
	t.mu.Lock()
	t.brokenAt = time.Now()
	t.mu.Unlock()
	t.lookSoon()
}

// tellBroken logs that events were broken, if they were and it was not told within the last
// minute. It returns when it was told last.
func (t *Tracker) tellBroken(told time.Time) time.Time {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.brokenAt.Before(told.Add(time.Minute)) {
		return told
	}
	t.o.Log.Warn("somebody calls with line breaks in a number: such events are not believed, and calls are listed anew")
	return t.brokenAt
}

// lookSoon has the channels compared with Asterisk's list.
func (t *Tracker) lookSoon() {
	select {
	case t.look <- struct{}{}:
	default:
	}
}

// sweep forgets channels that Asterisk does not have any more, and follows those of which no
// event has told.
func (t *Tracker) sweep(ctx context.Context, s *ami.Session) error {
	asked := time.Now()
	t.mu.Lock()
	t.ended = map[string]bool{}
	t.mu.Unlock()
	list, err := s.CoreShowChannels(ctx)
	if err == nil {
		err = sleep(ctx, underWayFor)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	ended := t.ended
	t.ended = nil
	if err != nil {
		return fmt.Errorf("comparing the calls under way: %w", err)
	}
	list = slices.DeleteFunc(t.withoutGhosts(list), func(c ami.Channel) bool { return ended[c.UniqueID] })
	t.drop(list, asked, true)
	t.forgetEarly(asked)
	unknown := slices.DeleteFunc(list, func(c ami.Channel) bool { return t.channels[c.UniqueID] != nil })
	for _, c := range unknown {
		t.relist(c, asked)
	}
	if len(unknown) > 0 {
		t.settle(asked)
	}
	return nil
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// drop ends channels that were followed before the list was asked for and are not
// in it; twice is for lists made while events may still be on their way. When they
// ended is not known: their calls are incomplete.
func (t *Tracker) drop(list []ami.Channel, asked time.Time, twice bool) {
	there := make(map[string]bool, len(list))
	for _, c := range list {
		there[cmp.Or(c.UniqueID, c.Name)] = true
	}
	for id, ch := range t.channels {
		switch {
		case there[id] || there[ch.name] || !ch.listed.Before(asked):
			ch.missing = false
		case twice && !ch.missing:
			ch.missing = true
			t.lookSoon()
		default:
			ch.call.Incomplete = true
			t.hungUp(ch, 0, asked)
		}
	}
}

// Run keeps what is followed, and what the database has of ring groups, right until ctx
// ends.
func (t *Tracker) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return t.watch(ctx) })
	g.Go(func() error { return t.Turns.changed.Run(ctx) })
	return g.Wait()
}

// watch sweeps until ctx ends.
func (t *Tracker) watch(ctx context.Context) error {
	tick := time.NewTicker(sweepCalls)
	defer tick.Stop()
	var told time.Time
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		case <-t.look:
			told = t.tellBroken(told)
		}
		if s, err := t.o.Session(); err == nil {
			if err := t.sweep(ctx, s); err != nil && ctx.Err() == nil {
				t.o.Log.Warn("calls under way", "error", err)
			}
		}
		if err := sleep(ctx, lookPause); err != nil {
			return err
		}
	}
}
