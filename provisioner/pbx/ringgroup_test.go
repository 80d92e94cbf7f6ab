package pbx

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// salesOffice is group 600 of 101, 102 and 103, each with one device named after
// it, and of a mobile; change makes it what a test is about.
func salesOffice(change func(*RingGroup)) (*Snapshot, *RingGroup) {
	var es []*Extension
	var ds []*Device
	for _, n := range []string{"100", "101", "102", "103"} {
		es = append(es, &Extension{Tenant: "acme", Number: n, RingSeconds: 20})
		ds = append(ds, &Device{Tenant: "acme", Name: n, Extension: n, Endpoint: "d" + n, Kind: DeviceSIP})
	}
	g := &RingGroup{Tenant: "acme", Name: "sales", Number: "600", Strategy: StrategyAll, RingSeconds: 20, Confirm: ConfirmExternal, Waiting: WaitRinging,
		Members: []RingMember{{Extension: "101"}, {Extension: "102"}, {Extension: "103"}}}
	change(g)
	s := NewSnapshot(1, Rows{
		Tenants:         []*Tenant{{Name: "acme", ClassOfService: "everything"}},
		Classes:         []*ClassOfService{{Tenant: "acme", Name: "everything", Allow: []string{"any"}}},
		Extensions:      es,
		Devices:         ds,
		Mailboxes:       []*Mailbox{{Tenant: "acme", Number: "101"}},
		ExternalNumbers: []*ExternalNumber{{Tenant: "acme", Number: "+4915111", Type: NumberSIP}},
		Trunks:          []*Trunk{{Tenant: "acme", Name: "carrier", Endpoint: "tcarrier"}},
		RingGroups:      []*RingGroup{g},
	})
	return s, g
}

// told is a plan as the numbers that ring, one dial after the other, such as
// "101+102/20 103/5".
func told(p Plan) string {
	var out []string
	for _, s := range p.Steps {
		if s.Kind != StepDial {
			continue
		}
		var legs []string
		for _, l := range s.Legs {
			legs = append(legs, l.Device)
		}
		out = append(out, strings.Join(legs, "+")+"/"+time.Duration(s.Seconds*1e9).String())
	}
	return strings.Join(out, " ")
}

func TestRingGroupStrategies(t *testing.T) {
	at := func(s int64) time.Time { return time.Unix(s, 0) }
	turn := Turn{Last: "101", Answers: map[string]RingAnswer{"101": {at(5), 1}, "102": {at(9), 3}, "103": {at(7), 2}}}
	for _, tt := range []struct {
		name   string
		change func(*RingGroup)
		want   string
	}{
		{"all", func(*RingGroup) {}, "101+102+103/20s"},
		{"sequential", func(g *RingGroup) { g.Strategy = StrategySequential }, "101/20s 102/20s 103/20s"},
		{"memory hunt", func(g *RingGroup) { g.Strategy = StrategyMemoryHunt }, "101/20s 101+102/20s 101+102+103/20s"},
		{"round robin", func(g *RingGroup) { g.Strategy = StrategyRoundRobin }, "102/20s 103/20s 101/20s"},
		{"least recent", func(g *RingGroup) { g.Strategy = StrategyLeastRecent }, "101/20s 103/20s 102/20s"},
		{"fewest calls", func(g *RingGroup) { g.Strategy = StrategyFewestCalls }, "101/20s 103/20s 102/20s"},
		{"own times", func(g *RingGroup) { g.Members[1].RingSeconds, g.Members[2].Delay = 5, 3 }, "101+102+103/23s"},
		{"timeout of all", func(g *RingGroup) { g.Timeout, g.Members[2].Delay = 10, 4 }, "101+102+103/10s"},
		{"timeout of a sequence", func(g *RingGroup) { g.Strategy, g.Timeout = StrategySequential, 25 }, "101/20s 102/5s"},
		{"confirmation", func(g *RingGroup) { g.Members[2] = RingMember{External: "+4915111"} }, "101+102++4915111/36s"},
		{"confirmation in a sequence", func(g *RingGroup) {
			g.Strategy, g.Members[1] = StrategySequential, RingMember{External: "+4915111", RingSeconds: 9}
		}, "101/20s +4915111/25s 103/20s"},
		{"nobody left", func(g *RingGroup) { g.Members = []RingMember{{Extension: "100"}} }, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, _ := salesOffice(tt.change)
			p := Route(s, Call{Tenant: "acme", Dialled: "600", Endpoint: "d100", Live: observation{turn: turn}}, at(0))
			if got := told(p); got != tt.want {
				t.Errorf("rings %q, want %q", got, tt.want)
			}
		})
	}
}

// Chance is fair: over many calls each member is first as often as its weight says.
func TestRingGroupChance(t *testing.T) {
	for strategy, want := range map[Strategy]int{StrategyRandom: 1000, StrategyWeighted: 2000} {
		s, _ := salesOffice(func(g *RingGroup) {
			g.Strategy, g.Members = strategy, g.Members[:3]
			if strategy == StrategyWeighted {
				g.Members[1].Weight = 4 // of 6
			}
		})
		first := 0
		for i := range 3000 {
			p := Route(s, Call{Tenant: "acme", Dialled: "600"}, time.Unix(int64(i), 0))
			if p.First() == "102" {
				first++
			}
		}
		if first < want-150 || first > want+150 {
			t.Errorf("%s: first in %d of 3000 calls, want about %d", strategy, first, want)
		}
	}
}

// What the plan tells Asterisk: options of Dial, prefix, announcement, music, page.
func TestRingGroupSteps(t *testing.T) {
	s, _ := salesOffice(func(g *RingGroup) {
		g.Strategy, g.CallerIDPrefix, g.RingTone, g.Announcement, g.Waiting = StrategySequential, "Sales:", 3, "hello", WaitMusic
		g.Destination = Destination{ToVoicemail, "101"}
	})
	c := Call{Tenant: "acme", Dialled: "600", Caller: "0123"}
	p := Route(s, c, time.Time{})
	want := []string{"play-acme hello", "dialtone-music PJSIP/d101,20,imb(dialtone-alert^s^1(ring3))", "dialtone-music PJSIP/d102,20,imb(dialtone-alert^s^1(ring3))",
		"dialtone-music PJSIP/d103,20,imb(dialtone-alert^s^1(ring3))"}
	var got []string
	for _, step := range p.Steps[:4] {
		got = append(got, step.Context("acme")+" "+step.Argument("acme"))
	}
	if diff := cmp.Diff(want, got); diff != "" || p.Order != "101.102.103" {
		t.Errorf("order %q, -want +got:\n%s", p.Order, diff)
	}
	if diff := cmp.Diff([]Variable{{"CALLERID(name)", "Sales: 0123"}, {ThenVariable, "dial-acme"}, {StepVariable, p.Steps[1].Argument("acme")}}, p.Steps[1].Variables("acme")); diff != "" {
		t.Error(diff)
	}
	c.Name = "Sales: 0123"
	if again := Route(s, c, time.Time{}); again.Steps[1].Set != nil {
		t.Errorf("the prefix is put twice: %v", again.Steps[1].Set)
	}
	if last := p.Steps[p.After(3, OutcomeBusy)]; last.Kind != StepForward || last.To != (Destination{ToVoicemail, "101"}) {
		t.Errorf("after all it ends by %+v", last)
	}
	s, _ = salesOffice(func(g *RingGroup) { g.Strategy = StrategyPaging })
	page := Route(s, Call{Tenant: "acme", Dialled: "600", Endpoint: "d101", Live: observation{talking: map[string]bool{"d102": true}}}, time.Time{}).Steps[0]
	if got := page.Context("acme") + " " + page.Argument("acme"); got != "dialtone-page PJSIP/d103,isb(dialtone-alert^s^1(alert-autoanswer)),10" {
		t.Errorf("pages by %q", got)
	}
}

func TestRingGroupFollowsForwards(t *testing.T) {
	s, _ := salesOffice(func(g *RingGroup) { g.FollowForwards = true })
	to := func(e string, kind DestinationKind, key string) *Forward {
		return &Forward{Tenant: "acme", Extension: e, Mode: ForwardDestination, Destination: Destination{kind, key}}
	}
	for want, fs := range map[string][]*Forward{
		"102+103/20s":          {to("101", ToVoicemail, "101")},                                // to a mailbox: does not ring
		"103+102/20s":          {to("101", ToExtension, "103")},                                // rings already
		"+4915111+102+103/36s": {to("101", ToExternal, "+4915111")},                            // with confirmation
		"103+102+101/20s":      {to("101", ToExtension, "103"), to("103", ToExtension, "101")}, // in a circle: as far as it goes
	} {
		if got := told(Route(with(s, func(r *Rows) { r.Forwards = fs }), Call{Tenant: "acme", Dialled: "600"}, time.Time{})); got != want {
			t.Errorf("%v: rings %q, want %q", fs[0].Destination, got, want)
		}
	}
}

func TestRingGroupValidate(t *testing.T) {
	for field, change := range map[string]func(*RingGroup){
		"name": func(g *RingGroup) { g.Name = "Sales Team" }, "number": func(g *RingGroup) { g.Number = "*60" },
		"strategy": func(g *RingGroup) { g.Strategy = "loud" }, "ring_seconds": func(g *RingGroup) { g.RingSeconds = 0 },
		"timeout": func(g *RingGroup) { g.Timeout = 4 }, "destination": func(g *RingGroup) { g.Destination = Destination{ToRingGroup, "sales"} },
		"confirm": func(g *RingGroup) { g.Confirm = "maybe" }, "waiting": func(g *RingGroup) { g.Waiting = "silence" },
		"caller_id_prefix": func(g *RingGroup) { g.CallerIDPrefix = "a\nb" }, "ring_tone": func(g *RingGroup) { g.RingTone = 9 },
		"announcement": func(g *RingGroup) { g.Announcement = "a&b" }, "members": func(g *RingGroup) { g.Members = nil },
		"members[1]":              func(g *RingGroup) { g.Members[1] = g.Members[0] },
		"members[2]":              func(g *RingGroup) { g.Members[2] = RingMember{} },
		"members[0].extension":    func(g *RingGroup) { g.Members[0].Extension = "1&2" },
		"members[0].external":     func(g *RingGroup) { g.Members[0] = RingMember{External: "+49,1"} },
		"members[0].delay":        func(g *RingGroup) { g.Members[0].Delay = 121 },
		"members[1].delay":        func(g *RingGroup) { g.Members[1].Delay, g.Timeout = 9, 9 },
		"members[0].ring_seconds": func(g *RingGroup) { g.Members[0].RingSeconds = 301 },
		"members[0].weight":       func(g *RingGroup) { g.Members[0].Weight = 2 },
		"member_forwards":         func(g *RingGroup) { g.Strategy, g.FollowForwards = StrategyPaging, true },
	} {
		_, g := salesOffice(change)
		if err := g.Validate(); err == nil || !strings.Contains(err.Error(), field+": ") && !strings.HasPrefix(err.Error(), field) {
			t.Errorf("%s: got %v", field, err)
		}
	}
	if _, g := salesOffice(func(*RingGroup) {}); g.Validate() != nil {
		t.Error(g.Validate())
	}
}
