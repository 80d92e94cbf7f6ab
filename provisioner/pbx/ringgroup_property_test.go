package pbx

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// observation is what a draw takes to be so.
type observation struct {
	talking map[string]bool
	turn    Turn
}

func (o observation) Ringing(string) bool           { return false }
func (o observation) Registered(string) bool        { return true }
func (o observation) Answers(string) bool           { return true }
func (o observation) SignedIn(string) bool          { return true }
func (o observation) Calls(string) int              { return 0 }
func (o observation) CallsAt([]string) int          { return 0 }
func (observation) Usage(string, string) Usage      { return Usage{} }
func (observation) CalledForHelp(string) []HelpCall { return nil }

func (o observation) InUse(endpoint string) bool { return o.talking[endpoint] }
func (o observation) Turn(string, string) Turn   { return o.turn }

// drawGroups draws ring groups over the extensions and numbers of rows, some that
// lead to each other, and forwards for them to follow.
func drawGroups(t *rapid.T, r rows) ([]*RingGroup, []*Forward) {
	destination := rapid.SampledFrom([]Destination{{}, {ToExtension, "101"}, {ToExtension, "102"}, {ToRingGroup, "a"}, {ToRingGroup, "b"}, {ToVoicemail, "101"}, {ToHangup, ""}, {ToExternal, "+4915111"}})
	var gs []*RingGroup
	for i, name := range []string{"a", "b"} {
		g := &RingGroup{Tenant: "acme", Name: name, Number: []string{"600", "601"}[i], Strategy: rapid.SampledFrom(Strategies).Draw(t, "strategy"),
			RingSeconds: rapid.IntRange(1, 300).Draw(t, "seconds"), Timeout: rapid.SampledFrom([]int{0, 0, 10, 60}).Draw(t, "timeout"),
			Destination: destination.Draw(t, "destination"), SkipBusy: rapid.Bool().Draw(t, "skip"), FollowForwards: rapid.Bool().Draw(t, "follow"),
			Confirm: rapid.SampledFrom([]ConfirmMode{ConfirmAll, ConfirmExternal, ConfirmNone}).Draw(t, "confirm"), RingTone: rapid.IntRange(0, 8).Draw(t, "tone"),
			Waiting: WaitRinging, Announcement: rapid.SampledFrom([]string{"", "hello-world"}).Draw(t, "announcement"), CallerIDPrefix: "G:"}
		for _, number := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"101", "102", "103", "104", "+4915111", "4915133"}), 1, 6, rapid.ID[string]).Draw(t, "members") {
			m := RingMember{Extension: number, Delay: rapid.IntRange(0, 9).Draw(t, "delay"), RingSeconds: rapid.SampledFrom([]int{0, 1, 30}).Draw(t, "own")}
			if strings.Contains(number, "4915") {
				m.Extension, m.External = "", number
			}
			g.Members = append(g.Members, m)
		}
		gs = append(gs, g)
	}
	var fs []*Forward
	for _, number := range []string{"101", "102", "103"} {
		if to := destination.Draw(t, "forwards to"); !to.IsZero() {
			fs = append(fs, &Forward{Tenant: "acme", Extension: number, Mode: ForwardDestination, Destination: to})
		}
	}
	for _, e := range r.extensions {
		e.DoNotDisturb, e.NoCallWaiting = rapid.Bool().Draw(t, "disturb"), rapid.Bool().Draw(t, "waiting")
	}
	return gs, fs
}

// peopled adds to rows what lets tenant acme's groups ring: 101 to 103 with a device
// each, and 104, a further number of 101's.
func peopled(r rows) rows {
	for i, number := range []string{"101", "102", "103", "104"} {
		name := "own" + number
		r.extensions = slices.DeleteFunc(r.extensions, func(e *Extension) bool { return e.Tenant == "acme" && e.Number == number })
		e := &Extension{Tenant: "acme", Number: number, RingSeconds: 20}
		r.extensions = append(r.extensions, e)
		if i == 3 {
			e.Type, e.ParentDevice = TypeSIPVirtual, "own101"
			continue
		}
		r.devices = append(r.devices, &Device{Tenant: "acme", Name: name, Endpoint: "dacme" + name, Extension: number, Kind: DeviceSIP})
	}
	return r
}

// TestRingGroupProperties: a call to a group ends whatever comes back, nobody rings
// twice at once, the caller and who wants no call never, and the plan made again
// with what the channel remembers is the same, whatever has changed meanwhile.
func TestRingGroupProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := peopled(drawRows(t))
		gs, fs := drawGroups(t, r)
		grouped := func(s *Snapshot) *Snapshot {
			return with(s, func(r *Rows) { r.Forwards, r.RingGroups = slices.Clone(fs), slices.Clone(gs) })
		}
		s := grouped(r.snapshot())
		now := time.Unix(0, rapid.Int64Range(0, 4e18).Draw(t, "now"))
		live := observation{talking: map[string]bool{}, turn: Turn{Last: rapid.SampledFrom([]string{"", "101", "102", "gone"}).Draw(t, "last"),
			Answers: map[string]RingAnswer{"102": {Count: rapid.IntRange(0, 3).Draw(t, "answers")}}}}
		for _, d := range r.devices {
			live.talking[d.Endpoint] = rapid.Bool().Draw(t, "talks")
		}
		c := Call{Tenant: "acme", Dialled: rapid.SampledFrom([]string{"600", "601", "101"}).Draw(t, "dialled"), Caller: "0123", Live: live,
			Endpoint: rapid.SampledFrom([]string{"", "dacmea", "dacmeown101", "dacmeown103"}).Draw(t, "caller")}
		if d := s.DeviceOf(c.Endpoint); d == nil {
			c.Endpoint = ""
		}
		for range MaxHops + 2 {
			p := Route(s, c, now)
			checkEnds(t, p)
			again := Route(grouped(r.shuffled(rapid.Uint64().Draw(t, "seed")).snapshot()), c, now)
			if diff := cmp.Diff(p, again); diff != "" {
				t.Fatalf("the same input gives another plan:\n%s", diff)
			}
			if g := c.RingGroup(s); g != nil {
				checkGroupPlan(t, s, g, c, p)
				if back := c; p.Order != "" {
					back.Order, back.Live = p.Order, observation{}
					if diff := cmp.Diff(p, Route(s, back, now.Add(time.Minute))); diff != "" {
						t.Fatalf("made again the plan is another one:\n%s", diff)
					}
				}
			}
			i := 0
			for p.Steps[i].Returns() {
				i = p.After(i, rapid.SampledFrom([]Outcome{OutcomeBusy, OutcomeNoAnswer, OutcomeUnreachable, OutcomePlayed, OutcomeAnswer}).Draw(t, "outcome"))
			}
			if p.Steps[i].Kind != StepForward {
				return
			}
			c = c.Sent(p.Steps[i].To)
		}
		t.Fatal("the call is sent on for ever")
	})
}

// checkGroupPlan checks who rings in a group's plan, for how long, and that the
// dialplan has every leg.
func checkGroupPlan(t *rapid.T, s *Snapshot, g *RingGroup, c Call, p Plan) {
	rendered := map[string]*OwnLeg{}
	for _, l := range s.GroupLegs(g) {
		rendered[l.Endpoint] = l.Own
	}
	seconds := 0
	for _, step := range p.Steps {
		seen := map[string]bool{}
		confirm := false
		for _, l := range step.Legs {
			what := l.rings()
			if what == "" {
				what = l.Own.Number
			}
			d := s.DeviceOf(what)
			switch {
			case seen[what]:
				t.Fatalf("%s rings twice at once", what)
			case what == c.Endpoint && what != "":
				t.Fatal("the caller rings")
			case d != nil && (d.Tenant != g.Tenant || d.Kind == DeviceExternal):
				t.Fatalf("%+v rings", d)
			case d != nil && c.Device(s) != nil && c.Device(s).Extension != "" && d.Extension == c.Device(s).Extension:
				t.Fatal("another device of the caller rings")
			case d != nil && s.Extension(d.Tenant, d.Extension).DoNotDisturb && d.Name != "own101": // which 104 rings as well
				t.Fatalf("extension %s does not want to be disturbed", d.Extension)
			case d != nil && (g.SkipBusy || g.Strategy == StrategyPaging) && c.Live.InUse(what):
				t.Fatalf("%s is in a call", what)
			case l.Own != nil && cmp.Diff(rendered[l.Endpoint], l.Own) != "":
				t.Fatalf("leg %+v is not in the dialplan as %+v", l.Own, rendered[l.Endpoint])
			}
			seen[what], confirm = true, confirm || l.Own != nil && l.Own.Confirm
		}
		if step.Kind == StepDial {
			if seconds += step.Seconds; confirm {
				seconds -= ConfirmSeconds
			}
			if len(step.Legs) == 0 || step.Seconds < 1 {
				t.Fatalf("%d legs ring for %d seconds", len(step.Legs), step.Seconds)
			}
		}
	}
	if g.Timeout > 0 && seconds > g.Timeout {
		t.Fatalf("it rings for %d seconds in all, and may for %d", seconds, g.Timeout)
	}
}
