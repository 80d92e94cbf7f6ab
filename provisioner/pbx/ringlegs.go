package pbx

import (
	"fmt"
	"strings"
)

// GroupLeg is a leg of a ring group and the number of the member whose it is.
type GroupLeg struct {
	Leg
	Member string
}

// target is what rings for a member: an extension's devices or a number outside.
type target struct {
	extension *Extension
	outside   string
	owner     *Extension // whose rights and number it leads outside with; nil for the group's own
}

// GroupLegs returns every leg that a group may ring, each with Own set, by member:
// where members' forwards are followed, those of all places that these may lead
// to. No leg has the name of another group's.
func (s *Snapshot) GroupLegs(g *RingGroup) []GroupLeg {
	var out []GroupLeg
	seen := map[string]bool{}
	for _, m := range g.Members {
		for _, t := range s.targets(g, m) {
			for _, l := range s.legsFor(g, m, t) {
				if !seen[l.Endpoint] {
					seen[l.Endpoint] = true
					out = append(out, GroupLeg{l, m.Number()})
				}
			}
		}
	}
	return out
}

// add adds legs that ring nothing which rings already, as far as there is room,
// and that allowed does not refuse.
func (r *Ring) add(legs []Leg, allowed func(Leg) bool) {
	for _, l := range legs {
		if len(r.Legs) < maxLegs && !r.has(l) && (allowed == nil || allowed(l)) {
			r.Legs = append(r.Legs, l)
		}
	}
}

// targets are all places where a member may ring.
func (s *Snapshot) targets(g *RingGroup, m RingMember) []target {
	if m.External != "" {
		return []target{{outside: m.External}}
	}
	e := s.Extension(g.Tenant, m.Extension)
	if e == nil {
		return nil
	}
	out, seen := []target{{extension: e}}, map[Destination]bool{{ToExtension, e.Number}: true}
	for i := 0; g.FollowForwards && i < len(out); i++ {
		if out[i].extension == nil {
			continue
		}
		for _, to := range s.unconditional(out[i].extension) {
			if t, ok := s.targetOf(g.Tenant, to, out[i].extension); ok && !seen[to] {
				seen[to] = t.extension != nil
				out = append(out, t)
			}
		}
	}
	return out
}

// unconditional are all places that an extension may forward to before it rings: every
// call, or while it cannot be reached.
func (s *Snapshot) unconditional(e *Extension) []Destination {
	f := s.Forward(e.Tenant, e.Number)
	if f == nil {
		return nil
	}
	out := []Destination{f.Destination, f.Unreachable}
	for _, r := range f.Rules {
		out = append(out, r.Destination)
	}
	return out
}

// targetOf is what rings at a destination to which from forwards; mailboxes and
// groups do not.
func (s *Snapshot) targetOf(tenant string, to Destination, from *Extension) (target, bool) {
	switch to.Kind {
	case ToExtension:
		e := s.Extension(tenant, to.Key)
		return target{extension: e}, e != nil
	case ToExternal:
		return target{outside: to.Key, owner: from}, true
	}
	return target{}, false
}

// legsFor returns the legs of a member that rings at a target. An extension rings
// all its devices at once, in sequence mode as well.
func (s *Snapshot) legsFor(g *RingGroup, m RingMember, t target) (out []Leg) {
	add := func(own OwnLeg, what, device string, by Technology) {
		own.Delay = m.Delay
		name := fmt.Sprintf("g.%016x", hashOf(g.Tenant, g.Name, m.Number(), what))
		out = append(out, Leg{Endpoint: name, Technology: by, Device: device, Own: &own})
	}
	whole := g.seconds(m)
	lead := func(door Door, what string, owner *Extension, seconds int, number string, confirm bool, record string) {
		own := OwnLeg{Seconds: seconds, Record: record}
		if n := s.NumberOf(g.Tenant, number); n != nil && n.Destination == (Destination{ToRingGroup, g.Name}) {
			return // it leads back here
		}
		if s.leadOut(door, &own, owner, number, confirm || g.Confirm != ConfirmNone) {
			add(own, what+">"+number, number, PJSIP)
		}
	}
	e := t.extension
	if e == nil {
		if owner := t.owner; t.outside != "" {
			door := DoorForward
			if owner == nil {
				owner, door = &Extension{Tenant: g.Tenant}, DoorMember
			}
			lead(door, owner.Number, owner, whole, t.outside, false, "")
		}
		return out
	}
	record := ""
	if e.Record {
		record = e.Number
	}
	for _, d := range s.RungBy(e) {
		seconds := whole
		if d.RingSeconds > 0 && e.Ring != RingSequence {
			seconds = min(seconds, d.RingSeconds)
		}
		switch {
		case d.Kind == DeviceExternal:
			lead(DoorDevice, d.Endpoint, e, seconds, d.ExternalNumber, d.Confirm, record)
		case dialable(d.Endpoint) && (d.Extension == e.Number || d.Kind.SIP()):
			own := OwnLeg{Seconds: seconds, Endpoint: d.Endpoint, Confirm: g.Confirm == ConfirmAll, Record: record}
			own.tell(e, d)
			if d.Kind.SIP() {
				own.Tone = g.RingTone
			}
			add(own, d.Endpoint, d.Name, d.Technology())
		}
	}
	if e.TwinNumber != "" && e.Type.HasDevices() {
		lead(DoorTwin, "twin "+e.Number, e, whole, e.TwinNumber, true, record)
	}
	return out
}

// Channels reports whether a channel is one of this leg: of its device, or the
// half of its Local channel that a dial rings.
func (l GroupLeg) Channels(channel string) bool {
	if rest, ok := strings.CutPrefix(channel, "Local/"+l.Endpoint+"@"); ok {
		return strings.HasSuffix(rest, ";1")
	}
	return l.rings() != "" && EndpointOfChannel(channel) == l.rings()
}
