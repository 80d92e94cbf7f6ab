package pbx

import (
	"fmt"
	"strings"
)

// toRingGroup rings the members of a group by its strategy, and then leads to the
// group's destination.
func toRingGroup(r routing, g *RingGroup) Plan {
	members := r.members(g)
	if g.Strategy == StrategyPaging {
		return r.page(g, members)
	}
	rings := r.groupRings(g, members)
	if len(rings) == 0 {
		return Plan{Steps: []Step{r.groupEnd(g, CauseBusy, "has no member that could ring")}}
	}
	var p Plan
	if sound := r.s.GreetingOf(g); sound != "" {
		p.Steps = append(p.Steps, Step{Kind: StepPlay, Sound: sound, Next: NextIs(1, OutcomePlayed),
			Rule: fmt.Sprintf("ring group %s announces %s", g.Name, g.Announcement)})
	}
	first := len(p.Steps)
	for i, ring := range rings {
		step := r.groupDial(g, ring)
		step.Rule += fmt.Sprintf(", number %d of %d by strategy %s", i+1, len(rings), g.Strategy)
		next := first + i + 1
		step.Next = follow(next, next, next, first+len(rings)+3)
		p.Steps = append(p.Steps, step)
	}
	last := len(p.Steps)
	p.Steps[last-1].Next = follow(last, last+1, last+2, last+3)
	p.Steps = append(p.Steps,
		r.groupEnd(g, CauseNoAnswer, "was not answered"), r.groupEnd(g, CauseAbsent, "cannot be reached"),
		r.groupEnd(g, CauseBusy, "is busy"),
		hangupStep(CauseNormal, "the call to ring group %s has ended", g.Name))
	if last > 1 || g.TakesTurns() {
		p.Order = orderText(members)
	}
	return p
}

// members returns the members that ring, in order: those that an earlier plan for this call
// chose, or all that may ring now.
func (r routing) members(g *RingGroup) []RingMember {
	if r.c.Order != "" {
		return g.recalled(r.c.Order)
	}
	var turn Turn
	if r.c.Live != nil {
		turn = r.c.Live.Turn(g.Tenant, g.Name)
	}
	var out []RingMember
	for _, m := range g.ordered(turn, uint64(r.now.UnixNano())) {
		if r.wants(g, m) && len(r.groupLegs(g, m)) > 0 {
			out = append(out, m)
		}
	}
	return out
}

// wants reports whether a member takes part: not with do not disturb, nor in a call
// when call waiting is off or the group skips busy members, nor with as many calls as it may have.
func (r routing) wants(g *RingGroup, m RingMember) bool {
	t, ok := r.at(g, m)
	if !ok || t.extension == nil {
		return ok
	}
	skipBusy := g.SkipBusy || g.Strategy == StrategyPaging
	return !t.extension.DoNotDisturb && !r.engaged(t.extension) && !r.atLimit(t.extension) && !(skipBusy && r.inUse(t.extension))
}

// at is where a member rings now.
func (r routing) at(g *RingGroup, m RingMember) (target, bool) {
	if m.External != "" {
		return target{outside: m.External}, true
	}
	t, ok := r.s.targetOf(g.Tenant, Destination{ToExtension, m.Extension}, nil)
	if !g.FollowForwards {
		return t, ok
	}
	seen := map[Destination]bool{{ToExtension, m.Extension}: true}
	for ok && t.extension != nil && len(seen) <= MaxHops {
		f := r.s.Forward(g.Tenant, t.extension.Number)
		if f == nil || f.excepted(r) {
			return t, ok
		}
		to, _ := f.now(r)
		if to.IsZero() && r.unreachable(t.extension) {
			to = f.Unreachable
		}
		if to.IsZero() || seen[to] {
			return t, ok
		}
		seen[to] = true
		t, ok = r.s.targetOf(g.Tenant, to, t.extension)
	}
	return t, ok
}

// groupLegs returns the legs of a member for this call: never those of the
// caller's own extension, nor his device where another extension rings it.
func (r routing) groupLegs(g *RingGroup, m RingMember) []Leg {
	t, ok := r.at(g, m)
	if !ok || t.extension != nil && t.extension == r.c.Extension(r.s) {
		return nil
	}
	var out Ring
	out.add(r.s.legsFor(g, m, t), func(l Leg) bool {
		return r.notCaller(l) && r.leads(&Extension{Tenant: g.Tenant}, l)
	})
	return out.Legs
}

func (r routing) notCaller(l Leg) bool {
	d, own := r.s.DeviceOf(l.rings()), r.c.Extension(r.s)
	return d == nil || d.Endpoint != r.c.Endpoint && (own == nil || d.Extension != own.Number)
}

// groupRings returns what rings one after the other, within the group's timeout.
func (r routing) groupRings(g *RingGroup, members []RingMember) (out []Ring) {
	var ring Ring
	elapsed := 0
	for i, m := range members {
		if g.Strategy != StrategyAll && g.Strategy != StrategyMemoryHunt {
			ring = Ring{}
		}
		ring.add(r.groupLegs(g, m), nil)
		if g.Strategy == StrategyAll && i < len(members)-1 || len(ring.Legs) == 0 {
			continue
		}
		settled := ring.settled()
		confirm := settled.Seconds - ring.longest()
		if g.Timeout > 0 {
			settled.Seconds = min(settled.Seconds, g.Timeout-elapsed+confirm)
		}
		if settled.Seconds <= confirm {
			break
		}
		elapsed += settled.Seconds - confirm
		out = append(out, settled)
	}
	return out
}

// longest is how long a ring's legs ring, confirmation not counted.
func (r Ring) longest() (seconds int) {
	for _, l := range r.Legs {
		seconds = max(seconds, l.Own.Delay+l.Own.Seconds)
	}
	return seconds
}

// settled is a settled copy.
func (r Ring) settled() Ring {
	r.Legs = append([]Leg(nil), r.Legs...)
	r.settle()
	return r
}

// groupDial is the step that rings one ring.
func (r routing) groupDial(g *RingGroup, ring Ring) Step {
	from := r.c.Extension(r.s)
	step := r.s.dialGroup(g, ring)
	step.Record, step.Set = from != nil && from.Record, append(r.prefixed(g), r.passVariable(ring.Legs)...)
	step.Rule = fmt.Sprintf("ring group %s rings %s for %d seconds", g.Name, count(len(ring.Legs), "device"), ring.Seconds)
	return step
}

// dial is the step that rings a ring of the group, for every caller.
func (s *Snapshot) dialGroup(g *RingGroup, ring Ring) Step {
	step := Step{Kind: StepDial, Legs: ring.Legs, Seconds: ring.Seconds, Ringing: g.Waiting != WaitMusic,
		Music: g.Waiting == WaitMusic}
	if step.Music {
		step.Class = s.MusicOfGroup(g).Class
	}
	for _, l := range ring.Legs {
		if l.Own == nil {
			step.Tone = g.RingTone
		}
	}
	return step
}

// GroupStep rings, or pages, all members of a group at once, without following
// their forwards: what happens when no controller decides. It has no legs when no
// member can ring.
func GroupStep(s *Snapshot, g *RingGroup) Step {
	var ring Ring
	for _, m := range g.Members {
		t := target{outside: m.External, extension: s.Extension(g.Tenant, m.Extension)}
		ring.add(s.legsFor(g, m, t), nil)
	}
	if g.Strategy == StrategyPaging {
		return g.paging(ring)
	}
	ring.settle()
	return s.dialGroup(g, ring)
}

// paging is the step that pages the phones in a ring.
func (g *RingGroup) paging(ring Ring) Step {
	step := Step{Kind: StepPage, Seconds: pageSeconds}
	for _, l := range ring.Legs {
		if l.rings() != "" && l.Technology == PJSIP { // others do not answer by themselves
			step.Legs = append(step.Legs, Leg{Endpoint: l.rings(), Technology: l.Technology, Device: l.Device})
		}
	}
	return step
}

// prefixed sets the caller's name with the group's prefix, unless it has it.
func (r routing) prefixed(g *RingGroup) []Variable {
	name := r.c.Name
	if name == "" {
		name = r.c.Caller
	}
	if g.CallerIDPrefix == "" || strings.HasPrefix(name, g.CallerIDPrefix+" ") {
		return nil
	}
	return []Variable{{"CALLERID(name)", g.CallerIDPrefix + " " + name}}
}

// groupEnd is where a call goes that nobody in the group took.
func (r routing) groupEnd(g *RingGroup, cause int, why string) Step {
	if g.Destination.IsZero() {
		return hangupStep(cause, "ring group %s %s", g.Name, why)
	}
	if barred := r.barred(g.Destination); barred != "" {
		return hangupStep(cause, "ring group %s %s, is %s", g.Name, why, barred)
	}
	return sendOn(g.Destination, "ring group %s %s", g.Name, why)
}

// pageSeconds is how long a phone may take to answer a page by itself.
const pageSeconds = 10

// page lets the phones of all members hear the caller, each as it is.
func (r routing) page(g *RingGroup, members []RingMember) Plan {
	var ring Ring
	for _, m := range members {
		ring.add(r.groupLegs(g, m), nil)
	}
	step := g.paging(ring)
	if len(step.Legs) == 0 {
		return Plan{Steps: []Step{r.groupEnd(g, CauseBusy, "has no phone that is free to be paged")}}
	}
	step.Set, step.Rule = r.prefixed(g), fmt.Sprintf("ring group %s pages %s", g.Name, count(len(step.Legs), "phone"))
	return Plan{Steps: []Step{step}}
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
