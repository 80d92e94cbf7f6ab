package pbx

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// present is a Live of endpoints that talk, ring or are away.
type present struct{ talk, ring, away string }

func (p present) InUse(endpoint string) bool      { return p.talk == endpoint }
func (p present) Ringing(endpoint string) bool    { return p.ring == endpoint }
func (p present) Registered(endpoint string) bool { return p.away != endpoint }
func (present) Answers(string) bool               { return true }
func (present) SignedIn(string) bool              { return true }
func (present) Calls(string) int                  { return 0 }
func (p present) CallsAt(endpoints []string) int {
	if slices.Contains(endpoints, p.talk) || slices.Contains(endpoints, p.ring) {
		return 2
	}
	return 0
}
func (present) Usage(string, string) Usage      { return Usage{} }
func (present) CalledForHelp(string) []HelpCall { return nil }
func (present) Turn(string, string) Turn        { return Turn{} }

// TestEngaged: without call waiting an extension is busy while it talks, and while it rings
// unless that does not count; what the call rang itself never does.
func TestEngaged(t *testing.T) {
	for name, tt := range map[string]struct {
		set     func(e *Extension)
		live    present
		resumed bool
		busy    bool
	}{
		"call waiting, talks":             {func(*Extension) {}, present{talk: "d101"}, false, false},
		"call waiting, rings":             {func(*Extension) {}, present{ring: "d101"}, false, false},
		"talks":                           {func(e *Extension) { e.NoCallWaiting = true }, present{talk: "d101"}, false, true},
		"rings":                           {func(e *Extension) { e.NoCallWaiting = true }, present{ring: "d101"}, false, true},
		"rang by this call":               {func(e *Extension) { e.NoCallWaiting = true }, present{ring: "d101"}, true, false},
		"another one rings":               {func(e *Extension) { e.NoCallWaiting = true }, present{ring: "d103"}, false, false},
		"rings, and only a call counts":   {func(e *Extension) { e.NoCallWaiting, e.BusyOnlyInCall = true, true }, present{ring: "d101"}, false, false},
		"talks, and only a call counts":   {func(e *Extension) { e.NoCallWaiting, e.BusyOnlyInCall = true, true }, present{talk: "d101"}, false, true},
		"two calls, and a limit of two":   {func(e *Extension) { e.MaxCalls = 2 }, present{ring: "d101"}, false, true},
		"two calls, and a limit of three": {func(e *Extension) { e.MaxCalls = 3 }, present{talk: "d101"}, false, false},
		"let in, and a limit of two":      {func(e *Extension) { e.MaxCalls = 2 }, present{talk: "d101"}, true, false},
		"elsewhere two, a limit of one":   {func(e *Extension) { e.MaxCalls = 1 }, present{talk: "d103"}, false, false},
		"call waiting off, nothing known": {func(e *Extension) { e.NoCallWaiting = true }, present{}, false, false},
	} {
		b := officeBehindDoors()
		tt.set(b.extension())
		b.call.Live, b.call.Resumed = tt.live, tt.resumed
		s := NewSnapshot(1, b.rows)
		step := Route(s, b.call, time.Time{}).Steps[0]
		if busy := step.Kind == StepHangup && step.Cause == CauseBusy; busy != tt.busy {
			t.Errorf("%s: %+v", name, step)
		}
		b.group(&RingGroup{Members: []RingMember{{Extension: "101"}}})
		step = Route(NewSnapshot(1, b.rows), b.call, time.Time{}).Steps[0]
		if busy := step.Kind == StepHangup && step.Cause == CauseBusy; busy != tt.busy {
			t.Errorf("%s, in a group: %+v", name, step)
		}
	}
}

// TestIntercomWhileTalking: nobody is heard beside the call that the extension is in.
func TestIntercomWhileTalking(t *testing.T) {
	b := officeBehindDoors()
	b.call.Dialled = "*50101"
	for talks, busy := range map[string]bool{"d101": true, "d103": false} {
		b.call.Live = present{talk: talks}
		step := Route(NewSnapshot(1, b.rows), b.call, time.Time{}).Steps[0]
		if is := step.Kind == StepHangup && step.Cause == CauseBusy; is != busy || !busy && step.Alert != AlertAnswer {
			t.Errorf("%s talks: %+v", talks, step)
		}
	}
}

// TestGroupFollowsUnreachable: a member whose phones are away rings where its calls go then,
// if the group follows its members; and has a leg for it.
func TestGroupFollowsUnreachable(t *testing.T) {
	for _, tt := range []struct {
		follow bool
		away   string
		out    bool
	}{{true, "d101", true}, {true, "", false}, {false, "d101", false}} {
		b := officeBehindDoors()
		b.known(mobile)
		b.forward(func(f *Forward) { f.Unreachable = to("external:" + mobile) })
		b.group(&RingGroup{FollowForwards: tt.follow, Members: []RingMember{{Extension: "101"}, {Extension: "103"}}})
		b.call.Live = present{away: tt.away}
		s := NewSnapshot(1, b.rows)
		dial := Route(s, b.call, time.Time{}).Steps[0]
		out, rendered := false, map[string]bool{}
		for _, l := range s.GroupLegs(s.RingGroup("acme", "sales")) {
			rendered[l.Endpoint] = true
		}
		for _, l := range dial.Legs {
			if l.Own != nil && l.Own.Number == mobile {
				out = rendered[l.Endpoint]
			}
		}
		if out != tt.out || !strings.Contains(dial.channels(), "d103") && !tt.out {
			t.Errorf("%+v: rings %s", tt, dial.channels())
		}
	}
}
