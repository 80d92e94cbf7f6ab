package pbx

import (
	"fmt"
	"slices"
	"strings"
)

// MaxHops bounds how often one call is sent on. RFC 3261, section 20.22,
// recommends 70 for proxies; people's forwards that go further than this are a
// mistake, and the caller waits meanwhile.
const MaxHops = 6

// hopMark stands between the parts of the text form of hops; it means nothing in a
// dialplan argument, and no key has it.
const hopMark = ">"

// HopsText is the text form of where a call was sent to, with what was dialled
// first: "101>extension:102". It is kept in HopsVariable.
func HopsText(dialled string, hops []Destination) string {
	if len(hops) == 0 {
		return ""
	}
	parts := []string{dialled}
	for _, h := range hops {
		parts = append(parts, h.String())
	}
	return strings.Join(parts, hopMark)
}

// ParseHops reads the text form. Text that HopsText did not write counts as a
// call that was sent nowhere.
func ParseHops(text string) (dialled string, hops []Destination) {
	parts := strings.Split(text, hopMark)
	for _, p := range parts[1:] {
		d, err := ParseDestination("", p)
		if err != nil || d.IsZero() || len(hops) == MaxHops {
			return "", nil
		}
		hops = append(hops, d)
	}
	if len(hops) == 0 {
		return "", nil
	}
	return parts[0], hops
}

// At is the number at which the call continues in a context, so that the
// fallback is that of where it is now and not of what was dialled.
func (c Call) At(s *Snapshot) string {
	if g := c.RingGroup(s); g != nil {
		return g.Number
	}
	if len(c.Hops) == 0 {
		return c.Dialled
	}
	last := c.Hops[len(c.Hops)-1]
	if q := c.Queue(s); q != nil {
		return q.Number
	}
	if last.Kind == ToAnnouncement || last.Kind == ToApplication { // which has no number
		c.Hops = c.Hops[:len(c.Hops)-1]
		return c.At(s)
	}
	return last.Key
}

// RingGroup returns the ring group that the call is at, or nil.
func (c Call) RingGroup(s *Snapshot) *RingGroup {
	if len(c.Hops) == 0 {
		return s.RingGroupAt(c.Tenant, c.Dialled)
	}
	if to := c.Hops[len(c.Hops)-1]; to.Kind == ToRingGroup {
		return s.RingGroup(c.Tenant, to.Key)
	}
	return nil
}

// Sent returns the call after it was sent on.
func (c Call) Sent(to Destination) Call {
	c.Hops, c.Order = append(slices.Clip(c.Hops), to), ""
	c.Resumed, c.Answer, c.Rang = false, 0, false
	return c
}

// way is every place a call has been at, in order.
func (r routing) way() []Destination {
	first := Destination{ToExtension, r.c.Dialled}
	if g := r.s.RingGroupAt(r.c.Tenant, r.c.Dialled); r.s.trunkOf(r.c) != nil {
		first = Destination{ToExternal, r.c.Dialled} // a number, even where an extension or a group is called so
	} else if g != nil {
		first = Destination{ToRingGroup, g.Name}
	} else if q := r.s.QueueAt(r.c.Tenant, r.c.Dialled); q != nil {
		first = Destination{ToQueue, q.Name}
	}
	return append([]Destination{first}, r.c.Hops...)
}

// barred says why a call may not be sent to a destination: it would go in a
// circle, or too far, or call for help. It returns "" when it may.
func (r routing) barred(to Destination) string {
	circle := ""
	if to.Kind == ToExternal {
		circle = r.circles(r.forwardsFrom(), to.Key)
	}
	switch {
	case to.Kind == ToExternal && CheckLedTo("", to.Key, r.s.CountriesOf(r.c.Tenant)) != nil:
		return fmt.Sprintf("not forwarded to %s, which is for emergencies", to)
	case circle != "":
		return fmt.Sprintf("not forwarded to %s, %s", to, circle)
	case slices.Contains(r.way(), to):
		return fmt.Sprintf("not forwarded to %s, where the call has been already", to)
	case len(r.c.Hops) >= MaxHops:
		return fmt.Sprintf("not forwarded to %s, because the call was forwarded %d times already", to, MaxHops)
	}
	return ""
}

// sendOn is the step that sends a call on.
func sendOn(to Destination, rule string, args ...any) Step {
	return Step{Kind: StepForward, To: to, Rule: fmt.Sprintf(rule, args...) + ": forwarded to " + to.String()}
}

// toDestination decides where a call goes that a rule has sent somewhere.
func toDestination(r routing, to Destination) Plan {
	switch to.Kind {
	case ToExtension:
		if e := r.s.Extension(r.c.Tenant, to.Key); e != nil {
			return toExtension(r, e)
		}
	case ToVoicemail:
		if m := r.s.Mailbox(r.c.Tenant, to.Key); m != nil {
			return Plan{Steps: []Step{{Kind: StepVoicemail, Mailbox: m.Number, Greeting: GreetUnavailable,
				Rule: "forwarded to mailbox " + m.Number}}}
		}
	case ToRingGroup:
		if g := r.s.RingGroup(r.c.Tenant, to.Key); g != nil {
			return toRingGroup(r, g)
		}
	case ToQueue:
		if q := r.s.Queue(r.c.Tenant, to.Key); q != nil {
			return toQueue(r, q)
		}
	case ToAnnouncement:
		if a := r.s.Announcement(r.c.Tenant, to.Key); a != nil && a.Sound != "" {
			return Plan{Steps: []Step{{Kind: StepAnnounce, Sound: a.Sound,
				Rule: "announcement " + a.Name + " is played, then the call ends"}}}
		}
	case ToApplication:
		if a := r.s.Application(r.c.Tenant, to.Key); a != nil {
			return r.toApplication(a)
		}
	case ToExternal:
		owner, door := r.owner()
		return toOutside(r, door, owner, to.Key)
	case ToHangup:
		return hangup(CauseNoAnswer, "forwarded to nowhere: the call ends")
	}
	return hangup(CauseUnallocated, "forwarded to %s, which does not exist", to)
}

// keep lets a mailbox take a call that was sent on and would end unanswered: that of the
// last extension on its way that has one. Forwards do not lose callers. Where somebody said
// that calls end, they do.
func (r routing) keep(p Plan) Plan {
	if r.c.Hops[len(r.c.Hops)-1].Kind == ToHangup {
		return p
	}
	way := r.way()
	for _, at := range slices.Backward(way[:len(way)-1]) {
		e := r.s.Extension(r.c.Tenant, at.Key)
		if at.Kind != ToExtension || e == nil || r.s.Mailbox(e.Tenant, e.Mailbox) == nil {
			continue
		}
		for i, s := range p.Steps {
			if s.Kind == StepHangup && s.Cause != CauseNormal {
				p.Steps[i] = Step{Kind: StepVoicemail, Mailbox: e.Mailbox, Greeting: GreetUnavailable,
					Rule: fmt.Sprintf("%s: mailbox %s of extension %s, which forwarded the call", s.Rule, e.Mailbox, e.Number)}
			}
		}
		break
	}
	return p
}

// owner is the extension whose rights a call outside uses, by the last place that it was
// sent on from: that extension, for a ring group, a queue or an application the tenant itself, and
// otherwise the caller's extension.
func (r routing) owner() (*Extension, Door) {
	way := r.way()
	for _, d := range slices.Backward(way[:len(way)-1]) {
		if d.Kind == ToRingGroup || d.Kind == ToQueue {
			return &Extension{Tenant: r.c.Tenant}, DoorGroup
		}
		if d.Kind == ToApplication {
			return &Extension{Tenant: r.c.Tenant}, DoorForward
		}
		if e := r.s.Extension(r.c.Tenant, d.Key); e != nil && d.Kind == ToExtension {
			return e, DoorForward
		}
	}
	return r.c.Extension(r.s), DoorForward
}
