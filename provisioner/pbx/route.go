package pbx

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Call is what is known about a call when its way is decided.
type Call struct {
	Tenant   string // whose entry context the call came through
	Dialled  string // what the caller dialled; any text
	Endpoint string // the caller's endpoint, or the one on whose behalf a channel calls; "" for none
	Caller   string // the caller's number as Asterisk knows it; any text
	Name     string // the caller's name as Asterisk knows it; any text
	Withheld bool   // the caller outside wants to be anonymous, whatever Caller is
	// By is the endpoint that transferred the call to Dialled, whose rights count
	// then; "" when the caller dialled himself.
	By string
	// Hops are where rules have sent the call to since, the last being where it is.
	Hops []Destination
	// Application is the one that the call is at, or that has dialled; "" when there is none. What it
	// dials comes back to it.
	Application string
	// Order is what an earlier plan for the same place said as its Order: a choice
	// among members that must stay the same until the call leaves.
	Order string
	// Resumed says that a step of its plan has come back: what the plan itself rang counts
	// for nothing.
	Resumed bool
	// Answer is the final SIP answer of the only leg of the step that came back; 0 where it is
	// not known.
	Answer int
	// Rang says that something rang, or was heard, before that answer.
	Rang bool
	// Carriers are the SIP answers that carriers are taken to give, and Out the trunks taken to
	// be out of order, by endpoint: of a simulation, and nil for live calls.
	Carriers map[string]int
	Out      map[string]bool
	// Diverted is what it brought along about its way before it came here.
	Diverted Diversions
	// Redirected is what a phone that was rung answered instead of taking the call.
	Redirected Redirection
	Live       Live // nil when nothing is known
}

// actor is the endpoint whose call it is.
func (c Call) actor() string { return cmp.Or(c.By, c.Endpoint) }

// Device returns the device that makes or transfers the call, or nil when it does
// not come from a device of its tenant.
func (c Call) Device(s *Snapshot) *Device {
	if d := s.DeviceOf(c.actor()); d != nil && d.Tenant == c.Tenant {
		return d
	}
	return nil
}

// Extension returns the extension that device belongs to, or nil.
func (c Call) Extension(s *Snapshot) *Extension {
	if d := c.Device(s); d != nil && d.Extension != "" {
		return s.Extension(c.Tenant, d.Extension)
	}
	return nil
}

// routing is one decision.
type routing struct {
	s     *Snapshot
	c     Call
	now   time.Time
	label []Variable // what lets phones show which number was called
}

// maxLegs bounds the devices that ring at once: Asterisk cuts an application's
// argument at 8,192 bytes (EXT_DATA_SIZE), and each leg is a call of its own.
const maxLegs = 100

// Route decides what happens to a call. It is a pure function: live calls, the
// simulator and the tests get their answers here. Whatever is dialled, only
// devices and mailboxes of the caller's tenant take part, never the calling
// device itself.
//
// A plan ends the call or sends it on (StepForward); then the way goes on with the
// plan for Call.Sent, at most MaxHops times.
func Route(s *Snapshot, c Call, now time.Time) Plan {
	r := routing{s: s, c: c, now: now}
	r = r.labelled(r.calledNumber())
	return r.greet(r.show(r.charged(r.route())))
}

// route is the plan of a call, without what lets phones show the number called, and without
// the charges of legs of their own.
func (r routing) route() Plan {
	s, c := r.s, r.c
	trunk := s.trunkOf(c)
	switch {
	case s.Tenant(c.Tenant) == nil:
		return hangup(CauseRefused, "there is no tenant %s", quote(c.Tenant))
	case trunk != nil && len(c.Hops) == 0:
		return inbound(r, trunk)
	case trunk == nil && c.actor() != "" && c.Device(s) == nil:
		return hangup(CauseRefused, "the calling endpoint %s is not a device of tenant %s", quote(c.actor()), c.Tenant)
	case trunk == nil && c.actor() != "" && s.Forbidden(c.Device(s)):
		return hangup(CauseRefused, "the calling device's class is not allowed at extension %s", c.Device(s).Extension)
	case c.Application != "" && len(c.Hops) > 0 && !c.atApplication():
		return r.comesBack(toDestination(r, c.Hops[len(c.Hops)-1]))
	case len(c.Hops) > 0:
		return r.keep(toDestination(r, c.Hops[len(c.Hops)-1]))
	}
	if plan, is := r.testsHelp(); is {
		return plan
	}
	if plan, is := r.callsForHelp(); is {
		return plan
	}
	codes := s.CodesOf(c.Tenant)
	if f, number, is := codes.Read(c.Dialled); is {
		return toFeature(r, f, number)
	}
	if codes.IsSlot(c.Dialled) {
		return parked(r)
	}
	g, q := s.RingGroupAt(c.Tenant, c.Dialled), s.QueueAt(c.Tenant, c.Dialled)
	e, from := s.Extension(c.Tenant, c.Dialled), c.Extension(s)
	switch {
	case g == nil && q == nil && e == nil:
		return toOutside(r, DoorDialled, from, c.Dialled)
	case from != nil && from != e && s.deniesInternal(from):
		return hangup(CauseRefused, "extension %s may not call %s: class of service %s denies internal", from.Number,
			c.Dialled, s.ClassOf(from).Name)
	case g != nil:
		return toRingGroup(r, g)
	case q != nil:
		return toQueue(r, q)
	}
	return toExtension(r, e)
}

// hangup is the plan that only ends the call.
func hangup(cause int, rule string, args ...any) Plan {
	return Plan{Steps: []Step{hangupStep(cause, rule, args...)}}
}

func hangupStep(cause int, rule string, args ...any) Step {
	return endStep(cause, fmt.Sprintf(rule, args...))
}

func endStep(cause int, rule string) Step { return Step{Kind: StepHangup, Cause: cause, Rule: rule} }

// ownMessages lets a caller hear the mailbox of the extension he calls from.
func ownMessages(s *Snapshot, c Call) Plan {
	e := c.Extension(s)
	if e == nil {
		return hangup(CauseRefused, "%s opens the caller's own mailbox, and the caller is no extension's device", c.Dialled)
	}
	if s.Mailbox(e.Tenant, e.Mailbox) == nil {
		return hangup(CauseRefused, "%s opens the caller's own mailbox, and extension %s has none", c.Dialled, e.Number)
	}
	rule := fmt.Sprintf("%s opens mailbox %s of the caller's extension %s", c.Dialled, e.Mailbox, e.Number)
	return Plan{Steps: []Step{{Kind: StepMessages, Mailbox: e.Mailbox, Rule: rule}}}
}

// pickup takes a call that rings at another member of the caller's groups. Which
// one, only Asterisk knows: its endpoints carry the groups.
func pickup(s *Snapshot, c Call) Plan {
	e := c.Extension(s)
	if e == nil || len(e.Groups) == 0 {
		return hangup(CauseRefused, "%s picks up a call of the caller's groups, and the caller is in none", c.Dialled)
	}
	rule := fmt.Sprintf("%s picks up a call that rings in a group of extension %s: %s", c.Dialled, e.Number,
		strings.Join(e.Groups, ", "))
	return Plan{Steps: []Step{{Kind: StepPickup, Cause: CauseAbsent, Rule: rule}}}
}

// toExtension rings an extension, unless it is forwarded or does not want calls,
// and then leads to where its rules say.
func toExtension(r routing, e *Extension) Plan {
	step, is, rule := r.forwarded(e)
	switch {
	case is:
		return Plan{Steps: []Step{step}}
	case e.DoNotDisturb:
		return r.ended(e, whenBusy, "does not want to be disturbed")
	case r.engaged(e):
		return r.ended(e, whenBusy, "is in a call, or rings, and wants no second one")
	case r.atLimit(e):
		return r.ended(e, whenBusy, "has "+count(e.MaxCalls, "call")+" already, as many as it may at once")
	}
	rings := ringsFor(r.s, r.c, e)
	if len(rings) > 0 {
		p := r.ring(e, rings)
		if rule != "" {
			p.Steps[0].Rule += ", by " + rule
		}
		return p
	}
	// Callers leave themselves no message because their only phone is the one they call from.
	// A transferee is somebody else.
	if r.c.By == "" && r.c.Extension(r.s) == e && len(r.c.Hops) == 0 {
		return hangup(CauseBusy, "extension %s is the caller's own and has no other device", e.Number)
	}
	return r.ended(e, whenUnreachable, "has no device that could ring")
}

// ring is the plan that rings one ring after the other until somebody answers,
// and goes on by what came of the last.
func (r routing) ring(e *Extension, rings []Ring) Plan {
	var p Plan
	last, from := len(rings)-1, r.c.Extension(r.s)
	for i, ring := range rings {
		dial := Step{Kind: StepDial, Legs: ring.Legs, Seconds: ring.Seconds, Record: e.Record || from != nil && from.Record,
			Next: follow(i+1, i+1, i+1, last+4), Set: r.passVariable(ring.Legs)}
		if r.s.Borrows(e) {
			dial.Called = e.Number
		}
		dial.Rule = fmt.Sprintf("extension %s rings %d of its %d devices for %d seconds",
			e.Number, len(ring.Legs), len(r.s.DevicesOf(e.Tenant, e.Number)), ring.Seconds)
		if last > 0 {
			dial.Rule += fmt.Sprintf(", number %d of %d in sequence", i+1, len(rings))
		}
		p.Steps = append(p.Steps, dial)
	}
	p.Steps[last].Next = follow(last+1, last+2, last+3, last+4)
	p.Steps = append(p.Steps,
		r.end(e, whenNoAnswer, "did not answer"), r.end(e, r.failed(), "cannot be reached"+r.said()),
		r.end(e, whenBusy, "is busy"),
		hangupStep(CauseNormal, "the call to extension %s has ended", e.Number))
	if step, is := r.redirected(e); is {
		p.Steps[last+1], p.Steps[last+2], p.Steps[last+3] = step, step, step
	}
	return p
}

// follow names the steps after a dial, for every outcome.
func follow(noAnswer, unreachable, busy, done int) Next {
	n := NextIs(done, OutcomeAnswer, OutcomeCancel)
	n.set(OutcomeNoAnswer, noAnswer)
	n.set(OutcomeBusy, busy)
	n.set(OutcomeUnreachable, unreachable)
	n.set(OutcomeCongestion, unreachable)
	return n
}

// ringsFor returns what an extension rings for a call: all but the calling device, and but
// the one that transferred the call. That one has let go of it, or was rung again in vain.
func ringsFor(s *Snapshot, c Call, e *Extension) []Ring {
	rings := s.Rings(e)
	out := rings[:0]
	for _, r := range rings {
		r.Legs = slices.DeleteFunc(r.Legs, func(l Leg) bool {
			return l.Endpoint == c.Endpoint || l.Endpoint == c.By || !(routing{s: s, c: c}).leads(e, l)
		})
		if len(r.Legs) > 0 {
			out = append(out, r)
		}
	}
	return out
}

// isCaller reports whether a leg leads to the number that the call comes from, or that has
// diverted it to here: the caller there would be called by its own call.
func (r routing) isCaller(e *Extension, l Leg) bool {
	return l.Own != nil && l.Own.Number != "" &&
		(r.sameNumber(e, l.Own.Number, r.c.Caller) || r.wasDiverted(e, l.Own.Number))
}

// dialable refuses an endpoint name that would mean more than itself inside the
// argument of Dial, where '&' adds a leg and ',' ends the list.
func dialable(endpoint string) bool {
	for i := range len(endpoint) {
		switch c := endpoint[i]; {
		case c >= '0' && c <= '9', c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c == '.', c == '_', c == '-':
		default:
			return false
		}
	}
	return endpoint != ""
}
