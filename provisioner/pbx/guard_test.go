package pbx

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestEveryDoorIsCharged: each leg that leads outside is counted, for the extension behind
// the door or its tenant, and may talk no longer than is left.
func TestEveryDoorIsCharged(t *testing.T) {
	for name, door := range doorways {
		b := officeBehindDoors()
		b.spent(Guard{MinutesPerDay: 60}, Usage{Seconds: 3000})
		door.put(&b, mobile)
		s := NewSnapshot(1, b.rows)
		legs := 0
		walkSteps(s, b.call, func(c Call, step Step) {
			for _, l := range step.Legs {
				if l.Outside == "" && (l.Own == nil || len(l.Own.Ways) == 0) {
					continue
				}
				legs++
				if l.Charge == nil || l.Charge.Seconds != 600 || l.Charge.Extension != "101" && door.asks != DoorMember && door.asks != DoorGroup {
					t.Errorf("%s: %+v is charged as %+v", name, l, l.Charge)
				}
				capped := strings.Contains(step.Argument("acme"), "S(600)")
				if l.Own != nil {
					capped = slices.Contains(step.Set, Variable{"__" + TalkVariable, "600"})
				}
				if !capped {
					t.Errorf("%s: nothing ends the call: %s, %+v", name, step.Argument("acme"), step.Set)
				}
			}
		})
		if legs == 0 {
			t.Errorf("%s: no leg outside", name)
		}
	}
}

// walkSteps visits all steps that can become of a call.
func walkSteps(s *Snapshot, c Call, visit func(Call, Step)) {
	var walk func(p *Place, c Call)
	walk = func(p *Place, c Call) {
		for i, step := range p.Plan.Steps {
			visit(c, step)
			if step.Kind == StepForward {
				walk(p.Then[i], c.Sent(step.To))
			}
		}
	}
	walk(Simulate(s, c, time.Time{}), c)
}

// TestShareOfTheDay: half of what is left, ten minutes at least, all where no other call may
// begin; the smaller bound of account, tenant and extension.
func TestShareOfTheDay(t *testing.T) {
	for _, tt := range []struct {
		ceiling, tenant, extension Guard
		usage                      Usage
		want                       int
	}{
		{Guard{}, Guard{}, Guard{}, Usage{Seconds: 9999}, 0},
		{Guard{Calls: 9}, Guard{CallsPerMinute: 9}, Guard{}, Usage{Seconds: 9999}, 0},
		{Guard{MinutesPerDay: 100}, Guard{}, Guard{}, Usage{}, 3000},
		{Guard{MinutesPerDay: 100}, Guard{MinutesPerDay: 50}, Guard{}, Usage{}, 1500},
		{Guard{MinutesPerDay: 50}, Guard{MinutesPerDay: 100}, Guard{}, Usage{}, 1500},
		{Guard{MinutesPerDay: 50}, Guard{}, Guard{MinutesPerDay: 40}, Usage{}, 1200},
		{Guard{MinutesPerDay: 15}, Guard{}, Guard{}, Usage{}, 600},
		{Guard{MinutesPerDay: 15}, Guard{}, Guard{}, Usage{Seconds: 500}, 400},
		{Guard{MinutesPerDay: 100, Calls: 1}, Guard{}, Guard{}, Usage{Seconds: 60}, 5940},
		{Guard{MinutesPerDay: 100, Calls: 3}, Guard{}, Guard{}, Usage{Calls: 2}, 6000},
	} {
		b := officeBehindDoors()
		b.spent(tt.ceiling, tt.usage)
		b.rows.Tenants[0].Guard, b.extension().Guard = tt.tenant, tt.extension
		b.call.Endpoint, b.call.Dialled = "d101", mobile
		dial := Route(NewSnapshot(1, b.rows), b.call, time.Time{}).Steps[0]
		if dial.Kind != StepDial || dial.Legs[0].Charge.Seconds != tt.want {
			t.Errorf("%+v %+v %+v after %+v: %+v", tt.ceiling, tt.tenant, tt.extension, tt.usage, dial)
		}
	}
}

// TestMembersShareTheGuard: of members outside that ring together as many ring as may be
// called at once, and the call is not lost.
func TestMembersShareTheGuard(t *testing.T) {
	b := officeBehindDoors()
	b.spent(Guard{Calls: 3}, Usage{Calls: 1})
	var members []RingMember
	for _, n := range []string{"+4915111", "+4915122", "+4915133"} {
		b.known(n)
		members = append(members, RingMember{External: n})
	}
	b.group(&RingGroup{Members: append(members, RingMember{Extension: "103"})})
	dial := Route(NewSnapshot(1, b.rows), b.call, time.Time{}).Steps[0]
	if got := dial.channels(); strings.Count(got, "Local/") != 3 || !slices.ContainsFunc(dial.Legs,
		func(l Leg) bool { return l.rings() == "d103" }) {
		t.Errorf("rings %s", got)
	}
}

// TestHelpPassesEverything: no class, guard, trunk bound, do not disturb, forward, silent
// carrier or present call keeps a device's call for help from a trunk, and none counts it.
func TestHelpPassesEverything(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := drawRows(t)
		bound := rapid.IntRange(0, 2)
		some := rapid.Custom(func(t *rapid.T) Guard {
			return Guard{Calls: bound.Draw(t, "calls"), CallsPerMinute: bound.Draw(t, "a minute"), MinutesPerDay: bound.Draw(t, "minutes")}
		})
		for _, tenant := range r.tenants {
			tenant.Guard, tenant.GuardCeiling = some.Draw(t, "guard"), some.Draw(t, "ceiling")
			tenant.MaxCalls, tenant.MaxExtensions = bound.Draw(t, "calls outside"), bound.Draw(t, "licence")
			tenant.Country = rapid.SampledFrom([]string{"", "DE", "US", "CH"}).Draw(t, "country")
		}
		for _, e := range r.extensions {
			e.Guard, e.DoNotDisturb = some.Draw(t, "guard"), rapid.Bool().Draw(t, "dnd")
			e.MaxCalls, e.NoCallWaiting = bound.Draw(t, "at once"), rapid.Bool().Draw(t, "waiting")
		}
		for _, k := range r.trunks {
			k.MaxCalls, k.QualifySeconds, k.Host = bound.Draw(t, "trunk"), rapid.SampledFrom([]int{0, 30}).Draw(t, "asked"), "carrier.example"
		}
		s := r.snapshot()
		c := drawCall(t)
		c.Hops, c.Live = nil, used{lines{"tacmesip": rapid.IntRange(-1, 3).Draw(t, "carries"), "tboltsip": 3},
			Usage{Calls: bound.Draw(t, "now"), Recent: bound.Draw(t, "lately"), Seconds: int64(60 * bound.Draw(t, "talked"))}}
		d := c.Device(s)
		if d == nil || s.Tenant(c.Tenant) == nil || s.Forbidden(d) || s.TrunkFor(c.Tenant, NumberSIP) == nil {
			return
		}
		owner := c.Extension(s)
		if owner == nil {
			owner = &Extension{Tenant: c.Tenant}
		}
		c.Dialled = rapid.SampledFrom(EmergencyNumbers(s.CountryOf(owner))).Draw(t, "help")
		dial := Route(s, c, time.Now()).Steps[0]
		if dial.Kind != StepDial || dial.Legs[0].Outside != c.Dialled || dial.Charged() || strings.Contains(dial.Argument(c.Tenant), "S(") {
			t.Fatalf("%s: %+v", c.Dialled, dial)
		}
	})
}

// TestBoundsThatRefuseAreTold: the step that refuses a call which is dialled, transferred or
// forwarded names the bound and its holder. Legs that ring beside others are left out in silence.
func TestBoundsThatRefuseAreTold(t *testing.T) {
	for name, door := range doorways {
		b := officeBehindDoors()
		b.spent(Guard{Calls: 1}, Usage{Calls: 1})
		door.put(&b, mobile)
		var told []BoundReached
		walkSteps(NewSnapshot(1, b.rows), b.call, func(_ Call, step Step) { told = append(told, step.Reached...) })
		if name == "member's forward" || door.asks != DoorDialled && door.asks != DoorForward {
			continue
		}
		if len(told) == 0 || told[0] != (BoundReached{Bound: BoundCalls, Used: 1, Most: 1}) {
			t.Errorf("%s: %+v", name, told)
		}
	}
}
