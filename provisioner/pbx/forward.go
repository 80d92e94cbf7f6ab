package pbx

import (
	"fmt"
	"slices"
	"sync"
)

// Forward says where calls to an extension go instead of, or after, ringing it.
type Forward struct {
	Tenant    string
	Extension string // number of the extension; the key within the tenant
	Mode      ForwardMode
	// Destination is where all calls go in mode destination; zero in other modes.
	Destination Destination
	// Rules are looked through in order in mode schedule: the first that holds now
	// says where calls go. Empty in other modes; at most MaxForwardRules.
	Rules []CallRule
	// Timezone is the zone the rules are read in; "" is the tenant's.
	Timezone string
	// Exceptions are callers who are never forwarded, by number; at most
	// MaxExceptions, sorted. They ring the extension and then reach its mailbox.
	Exceptions []string
	// Where calls go that found it so. Zero leads to its mailbox, or ends the call.
	Unreachable, Busy, NoAnswer Destination
	// NoAnswerSeconds is how long it rings in all before NoAnswer, 5–300; 0 is as long as
	// its devices ring.
	NoAnswerSeconds int
	Version         int64
	Revision        int64
}

// ForwardMode is how unconditional forwarding goes. In its period it wins over
// what else a Forward says.
type ForwardMode string

// The modes.
const (
	ForwardOff         ForwardMode = "off"
	ForwardDestination ForwardMode = "destination"
	ForwardSchedule    ForwardMode = "schedule"
)

// The bounds of one extension's lists. Ten thousand exceptions are 160 kB of a request, which
// may have 1 MiB.
const (
	MaxForwardRules = 50
	MaxExceptions   = 10_000
)

// Validate returns all broken rules.
func (f *Forward) Validate() error {
	var es Errors
	es.Add(CheckNumber("extension", f.Extension))
	es.Add(f.checkMode())
	for i, r := range f.Rules {
		field := fmt.Sprintf("rules[%d]", i)
		es.Add(r.check(field))
		es.Add(r.checkCallers(field+".callers", true))
	}
	if f.Timezone != "" {
		es.Add(CheckTimezone("timezone", f.Timezone))
	}
	es.Add(f.checkExceptions())
	if f.NoAnswerSeconds != 0 {
		es.Add(CheckRange("no_answer_seconds", f.NoAnswerSeconds, 5, 300, "seconds"))
		if f.NoAnswer.IsZero() {
			es.Add(Invalidf("no_answer_seconds", "has no effect without no_answer"))
		}
	}
	for _, named := range f.Destinations() {
		if named.To == (Destination{ToExtension, f.Extension}) {
			es.Add(Invalidf(named.Field, "leads back to extension %s itself", f.Extension))
		}
	}
	return es.Err()
}

// NamedDestination is a destination and the field that holds it.
type NamedDestination struct {
	Field string
	To    Destination
}

// Destinations are all that are set.
func (f *Forward) Destinations() []NamedDestination {
	all := []NamedDestination{{"destination", f.Destination}, {"unreachable", f.Unreachable}, {"busy", f.Busy},
		{"no_answer", f.NoAnswer}}
	for i, r := range f.Rules {
		all = append(all, NamedDestination{fmt.Sprintf("rules[%d].destination", i), r.Destination})
	}
	return slices.DeleteFunc(all, func(n NamedDestination) bool { return n.To.IsZero() })
}

// redirectRules returns rules with another destination in the place of one, without those that
// then lead nowhere; nil when none is left.
func redirectRules(rules []CallRule, from, to Destination) (out []CallRule) {
	for _, r := range rules {
		if r.Destination == from && !r.Devices {
			r.Destination = to
		}
		if r.Devices || !r.Destination.IsZero() {
			out = append(out, r)
		}
	}
	return out
}

// Redirect puts another destination in the place of one, wherever it stands. A
// zero one takes it away, and with it rules and a mode that would lead nowhere.
func (f *Forward) Redirect(from, to Destination) {
	for _, at := range []*Destination{&f.Destination, &f.Unreachable, &f.Busy, &f.NoAnswer} {
		if *at == from {
			*at = to
		}
	}
	f.Rules = redirectRules(f.Rules, from, to)
	if f.Mode == ForwardDestination && f.Destination.IsZero() || f.Mode == ForwardSchedule && f.Rules == nil {
		f.Mode = ForwardOff
	}
	if f.NoAnswer.IsZero() {
		f.NoAnswerSeconds = 0
	}
}

func (f *Forward) checkMode() *Error {
	switch {
	case f.Mode != ForwardOff && f.Mode != ForwardDestination && f.Mode != ForwardSchedule:
		return Invalidf("mode", "%s is not a mode: use off, destination or schedule", quote(string(f.Mode)))
	case f.Mode == ForwardDestination && f.Destination.IsZero():
		return Invalidf("destination", "is required in mode destination")
	case f.Mode != ForwardDestination && !f.Destination.IsZero():
		return Invalidf("destination", "has no effect in mode %s", f.Mode)
	case f.Mode == ForwardSchedule && len(f.Rules) == 0:
		return Invalidf("rules", "are required in mode schedule")
	case f.Mode != ForwardSchedule && len(f.Rules) > 0:
		return Invalidf("rules", "have no effect in mode %s", f.Mode)
	case len(f.Rules) > MaxForwardRules:
		return Invalidf("rules", "are %d, and at most %d are allowed", len(f.Rules), MaxForwardRules)
	}
	return nil
}

func (f *Forward) checkExceptions() *Error {
	if len(f.Exceptions) > MaxExceptions {
		return Invalidf("exceptions", "are %d, and at most %d are allowed", len(f.Exceptions), MaxExceptions)
	}
	seen := make(map[string]bool, len(f.Exceptions))
	for _, n := range f.Exceptions {
		if !externalPattern.MatchString(n) && !numberPattern.MatchString(n) {
			return Invalidf("exceptions", "%s is not a number: use an extension's, or 3 to 20 digits with or without +",
				quote(n))
		}
		if seen[n] {
			return Invalidf("exceptions", "%s is named twice", quote(n))
		}
		seen[n] = true
	}
	return nil
}

// excepted reports whether a caller is on the list.
func (f *Forward) excepted(r routing) bool {
	caller := r.c.Caller
	if e := r.c.Extension(r.s); e != nil && r.c.By == "" {
		caller = e.Number
	}
	if caller == "" || len(f.Exceptions) == 0 {
		return false
	}
	of := r.s.excepted[key{f.Tenant, f.Extension}]()
	return of[caller] || of[CallerNumber(r.s.CountryOf(&Extension{Tenant: f.Tenant}), caller)]
}

// indexExceptions prepares the lists of exceptions. Each is read when the first call needs it:
// a long one takes some milliseconds.
func (s *Snapshot) indexExceptions() {
	s.excepted = map[key]func() map[string]bool{}
	for _, f := range s.Forwards {
		if len(f.Exceptions) > 0 {
			s.excepted[key{f.Tenant, f.Extension}] = sync.OnceValue(func() map[string]bool { return s.readExceptions(f) })
		}
	}
}

// readExceptions returns the exceptions of a forward as they are written and, where they are
// numbers outside, in E.164.
func (s *Snapshot) readExceptions(f *Forward) map[string]bool {
	iso := s.CountryOf(&Extension{Tenant: f.Tenant})
	out := make(map[string]bool, 2*len(f.Exceptions))
	for _, n := range f.Exceptions {
		out[n], out[CallerNumber(iso, n)] = true, true
	}
	return out
}

// now returns where a call goes before the extension rings, and the rule that says so. With a
// rule and no destination the extension rings because of the rule.
func (f *Forward) now(r routing) (to Destination, rule string) {
	switch f.Mode {
	case ForwardDestination:
		return f.Destination, "every call"
	case ForwardSchedule:
		zone := f.Timezone
		if t := r.s.Tenant(f.Tenant); zone == "" && t != nil {
			zone = t.Timezone
		}
		local := r.now.In(locationOf(zone))
		caller, internal := r.caller()
		for i, rule := range f.Rules {
			if rule.holds(local) && rule.isFrom(caller, internal) {
				return rule.Destination, fmt.Sprintf("rule %d of its schedule", i+1)
			}
		}
	}
	return Destination{}, ""
}

// caller is the number of a caller outside, as callerNumber has it, and whether an extension
// calls. Of a call that was transferred it is the transferee, whose call it goes on to be.
func (r routing) caller() (number string, internal bool) {
	r.c.By = ""
	return r.callerNumber(), r.c.Extension(r.s) != nil
}

// forwarded returns the step that sends a call to the extension on, if it has a rule for it
// now, and the call may go there. Where a rule lets the extension ring, it says which.
func (r routing) forwarded(e *Extension) (step Step, is bool, rings string) {
	f := r.s.Forward(e.Tenant, e.Number)
	if f == nil || f.excepted(r) {
		return Step{}, false, ""
	}
	to, rule := f.now(r)
	switch {
	case to.IsZero():
		return Step{}, false, rule
	case r.barred(to) != "":
		return Step{}, false, ""
	}
	return sendOn(to, "extension %s forwards, by %s", e.Number, rule), true, ""
}

// Diverted returns where every call to an extension ends up by forwards that hold
// at any time and for everybody, for the fallback, which knows neither. It is
// false when there is no such forward, or it goes in a circle or outside.
func (s *Snapshot) Diverted(e *Extension) (Destination, bool) {
	at := Destination{ToExtension, e.Number}
	for range MaxHops {
		f := s.Forward(e.Tenant, at.Key)
		if at.Kind != ToExtension || f == nil || f.Mode != ForwardDestination || len(f.Exceptions) > 0 {
			break
		}
		at = f.Destination
	}
	f := s.Forward(e.Tenant, at.Key)
	circle := at.Kind == ToExtension && f != nil && f.Mode == ForwardDestination && len(f.Exceptions) == 0
	return at, !circle && at.Kind != ToExternal && at != Destination{ToExtension, e.Number}
}

// condition is what a call found at an extension.
type condition struct {
	forward  func(*Forward) Destination
	greeting Greeting
	cause    int
}

var (
	whenNoAnswer    = condition{func(f *Forward) Destination { return f.NoAnswer }, GreetUnavailable, CauseNoAnswer}
	whenUnreachable = condition{func(f *Forward) Destination { return f.Unreachable }, GreetUnavailable, CauseAbsent}
	whenBusy        = condition{func(f *Forward) Destination { return f.Busy }, GreetBusy, CauseBusy}
)

// end is the step after an extension was tried: where it forwards to in that
// condition, else its mailbox, else the end of the call.
func (r routing) end(e *Extension, when condition, why string) Step {
	if f := r.s.Forward(e.Tenant, e.Number); f != nil && !f.excepted(r) {
		to := when.forward(f)
		barred := r.barred(to)
		if !to.IsZero() && barred == "" {
			return sendOn(to, "extension %s %s", e.Number, why)
		}
		if !to.IsZero() {
			why += ", is " + barred
		}
	}
	if r.s.Mailbox(e.Tenant, e.Mailbox) != nil {
		return Step{Kind: StepVoicemail, Mailbox: e.Mailbox, Greeting: when.greeting,
			Rule: fmt.Sprintf("extension %s %s: mailbox %s", e.Number, why, e.Mailbox)}
	}
	return hangupStep(when.cause, "extension %s %s and has no mailbox", e.Number, why)
}

// ended is the plan of an extension that is not even tried.
func (r routing) ended(e *Extension, when condition, why string) Plan {
	return Plan{Steps: []Step{r.end(e, when, why)}}
}
