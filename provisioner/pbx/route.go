package pbx

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Call is what is known about a call when its way is decided.
type Call struct {
	Tenant   string // whose entry context the call came through
	Dialled  string // what the caller dialled; any text
	Endpoint string // the caller's PJSIP endpoint; "" when it is not one
}

// Device returns the caller's device, or nil when the call does not come from a
// device of its tenant.
func (c Call) Device(s *Snapshot) *Device {
	if d := s.DeviceOf(c.Endpoint); d != nil && d.Tenant == c.Tenant {
		return d
	}
	return nil
}

// Extension returns the extension the caller's device belongs to, or nil.
func (c Call) Extension(s *Snapshot) *Extension {
	if d := c.Device(s); d != nil && d.Extension != "" {
		return s.Extension(c.Tenant, d.Extension)
	}
	return nil
}

// maxLegs bounds the devices that ring at once: Asterisk cuts an application's
// argument at 8,192 bytes (EXT_DATA_SIZE), and each leg is a call of its own.
const maxLegs = 100

// Route decides what happens to a call. It is a pure function: live calls, the
// simulator and the tests get their answers here. Whatever is dialled, only
// devices and mailboxes of the caller's tenant take part, never the calling
// device itself. The time is for rules that depend on it; none does yet.
func Route(s *Snapshot, c Call, _ time.Time) Plan {
	switch {
	case s.Tenant(c.Tenant) == nil:
		return hangup(CauseRefused, "there is no tenant %s", quote(c.Tenant))
	case c.Endpoint != "" && c.Device(s) == nil:
		return hangup(CauseRefused, "the calling endpoint %s is not a device of tenant %s", quote(c.Endpoint), c.Tenant)
	case c.Endpoint != "" && s.Forbidden(c.Device(s)):
		return hangup(CauseRefused, "the calling device's class is not allowed at extension %s", c.Device(s).Extension)
	case c.Dialled == VoicemailCode:
		return ownMessages(s, c)
	case c.Dialled == PickupCode:
		return pickup(s, c)
	case c.Dialled == SignInCode || c.Dialled == SignOutCode:
		return desk(s, c)
	}
	e := s.Extension(c.Tenant, c.Dialled)
	if e == nil {
		return hangup(CauseUnallocated, "no extension of tenant %s has the number %s", c.Tenant, quote(c.Dialled))
	}
	return toExtension(s, c, e)
}

// hangup is the plan that only ends the call.
func hangup(cause int, rule string, args ...any) Plan {
	return Plan{Steps: []Step{hangupStep(cause, rule, args...)}}
}

func hangupStep(cause int, rule string, args ...any) Step {
	return Step{Kind: StepHangup, Cause: cause, Rule: fmt.Sprintf(rule, args...)}
}

// ownMessages lets a caller hear the mailbox of the extension he calls from.
func ownMessages(s *Snapshot, c Call) Plan {
	e := c.Extension(s)
	if e == nil {
		return hangup(CauseRefused, "%s opens the caller's own mailbox, and the caller is no extension's device", VoicemailCode)
	}
	if s.Mailbox(e.Tenant, e.Mailbox) == nil {
		return hangup(CauseRefused, "%s opens the caller's own mailbox, and extension %s has none", VoicemailCode, e.Number)
	}
	rule := fmt.Sprintf("%s opens mailbox %s of the caller's extension %s", VoicemailCode, e.Mailbox, e.Number)
	return Plan{Steps: []Step{{Kind: StepMessages, Mailbox: e.Mailbox, Rule: rule}}}
}

// pickup takes a call that rings at another member of the caller's groups. Which
// one, only Asterisk knows: its endpoints carry the groups.
func pickup(s *Snapshot, c Call) Plan {
	e := c.Extension(s)
	if e == nil || len(e.Groups) == 0 {
		return hangup(CauseRefused, "%s picks up a call of the caller's groups, and the caller is in none", PickupCode)
	}
	rule := fmt.Sprintf("%s picks up a call that rings in a group of extension %s: %s", PickupCode, e.Number, strings.Join(e.Groups, ", "))
	return Plan{Steps: []Step{{Kind: StepPickup, Cause: CauseAbsent, Rule: rule}}}
}

// toExtension rings an extension and then leads to its mailbox.
func toExtension(s *Snapshot, c Call, e *Extension) Plan {
	rings := ringsFor(s, c, e)
	if len(rings) > 0 {
		return ring(s, c, e, rings)
	}
	// Nobody leaves himself a message because his only phone is the one in his hand.
	if c.Extension(s) == e {
		return hangup(CauseBusy, "extension %s is the caller's own and has no other device", e.Number)
	}
	if s.Mailbox(e.Tenant, e.Mailbox) != nil {
		return Plan{Steps: []Step{voicemail(e, GreetUnavailable, "extension %s has no device that could ring", e.Number)}}
	}
	return hangup(CauseAbsent, "extension %s has neither a device that could ring nor a mailbox", e.Number)
}

// ring is the plan that rings one ring after the other until somebody answers,
// and goes on by what came of the last.
func ring(s *Snapshot, c Call, e *Extension, rings []Ring) Plan {
	var p Plan
	last, from := len(rings)-1, c.Extension(s)
	done := last + 4
	hasMailbox := s.Mailbox(e.Tenant, e.Mailbox) != nil
	if hasMailbox {
		done = last + 3
	}
	for i, r := range rings {
		dial := Step{Kind: StepDial, Legs: r.Legs, Seconds: r.Seconds, Record: e.Record || from != nil && from.Record, Next: follow(i+1, i+1, i+1, done)}
		if e.Type == TypeSIPVirtual {
			dial.Called = e.Number
		}
		dial.Rule = fmt.Sprintf("extension %s rings %d of its %d devices for %d seconds",
			e.Number, len(r.Legs), len(s.DevicesOf(e.Tenant, e.Number)), r.Seconds)
		if last > 0 {
			dial.Rule += fmt.Sprintf(", number %d of %d in sequence", i+1, len(rings))
		}
		p.Steps = append(p.Steps, dial)
	}
	ended := hangupStep(CauseNormal, "the call to extension %s has ended", e.Number)
	if hasMailbox {
		p.Steps[last].Next = follow(last+1, last+1, last+2, done)
		p.Steps = append(p.Steps,
			voicemail(e, GreetUnavailable, "extension %s did not answer or cannot be reached", e.Number),
			voicemail(e, GreetBusy, "extension %s is busy", e.Number), ended)
		return p
	}
	p.Steps[last].Next = follow(last+1, last+2, last+3, done)
	p.Steps = append(p.Steps,
		hangupStep(CauseNoAnswer, "extension %s did not answer and has no mailbox", e.Number),
		hangupStep(CauseAbsent, "extension %s cannot be reached and has no mailbox", e.Number),
		hangupStep(CauseBusy, "extension %s is busy and has no mailbox", e.Number), ended)
	return p
}

// follow names the steps after a dial, for every outcome.
func follow(noAnswer, unreachable, busy, done int) map[Outcome]int {
	return map[Outcome]int{
		OutcomeNoAnswer: noAnswer, OutcomeBusy: busy, OutcomeAnswer: done, OutcomeCancel: done,
		OutcomeUnreachable: unreachable, OutcomeCongestion: unreachable,
	}
}

func voicemail(e *Extension, g Greeting, rule string, args ...any) Step {
	return Step{Kind: StepVoicemail, Mailbox: e.Mailbox, Greeting: g,
		Rule: fmt.Sprintf(rule, args...) + ": mailbox " + e.Mailbox}
}

// ringsFor returns what an extension rings for a call: all but the calling device.
func ringsFor(s *Snapshot, c Call, e *Extension) []Ring {
	rings := s.Rings(e)
	out := rings[:0]
	for _, r := range rings {
		r.Legs = slices.DeleteFunc(r.Legs, func(l Leg) bool { return l.Endpoint == c.Endpoint })
		if len(r.Legs) > 0 {
			out = append(out, r)
		}
	}
	return out
}

// dialable refuses an endpoint name that would mean more than itself inside the
// argument of Dial, where '&' adds a leg and ',' ends the list.
func dialable(endpoint string) bool {
	const plain = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ._-"
	return endpoint != "" && strings.Trim(endpoint, plain) == ""
}
