package pbx

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// MaxRuleCallers is the most beginnings of callers' numbers in one rule. In all their spellings
// they must fit into an expression of Asterisk (VAR_BUF_SIZE, 4,096 bytes).
const MaxRuleCallers = 20

// checkRules refuses what are no rules.
func (n *Number) checkRules(es *Errors) {
	if len(n.Rules) > MaxForwardRules {
		es.Add(Invalidf("rules", "are %d, and at most %d are allowed", len(n.Rules), MaxForwardRules))
		return
	}
	for i, r := range n.Rules {
		field := fmt.Sprintf("rules[%d]", i)
		es.Add(r.check(field))
		es.Add(r.checkCallers(field+".callers", false))
		if r.Devices {
			es.Add(Invalidf(field+".destination", "devices are an extension's, and a number has none"))
		}
	}
	switch {
	case n.Timezone == "":
	case len(n.Rules) == 0:
		es.Add(Invalidf("timezone", "has no effect without rules"))
	default:
		es.Add(CheckTimezone("timezone", n.Timezone))
	}
}

// checkCallers refuses what no caller is compared with. Only an extension is called by others of
// its tenant.
func (r CallRule) checkCallers(field string, internal bool) *Error {
	if len(r.Callers) > MaxRuleCallers {
		return Invalidf(field, "are %d, and at most %d are allowed", len(r.Callers), MaxRuleCallers)
	}
	for i, c := range r.Callers {
		at := fmt.Sprintf("%s[%d]", field, i)
		switch {
		case slices.Contains(r.Callers[:i], c):
			return Invalidf(at, "%s is named twice", quote(c))
		case internal && c == CallInternal:
		case !prefixPattern.MatchString(c):
			return Invalidf(at, "%s is not how a number in E.164 begins: write it as +4989", quote(c))
		}
	}
	return nil
}

// Destinations are all that are set.
func (n *Number) Destinations() []NamedDestination {
	var out []NamedDestination
	if !n.Destination.IsZero() {
		out = append(out, NamedDestination{"destination", n.Destination})
	}
	if to := n.Anonymous.Destination(); !to.IsZero() {
		out = append(out, NamedDestination{"anonymous", to})
	}
	for i, r := range n.Rules {
		if !r.Destination.IsZero() {
			out = append(out, NamedDestination{fmt.Sprintf("rules[%d].destination", i), r.Destination})
		}
	}
	return out
}

// Redirect puts another destination in the place of one, wherever it stands. A zero one
// takes it away, and with it the rules that would lead nowhere.
func (n *Number) Redirect(from, to Destination) {
	if n.Destination == from {
		n.Destination = to
	}
	if n.Anonymous.Destination() == from {
		n.Anonymous = AnonymousCalls(to.String())
	}
	n.Rules = redirectRules(n.Rules, from, to)
	if n.Rules == nil {
		n.Timezone = ""
	}
}

// Unassign takes away where the number leads.
func (n *Number) Unassign() {
	n.Destination, n.Rules, n.Timezone = Destination{}, nil, ""
	if !n.Anonymous.Destination().IsZero() {
		n.Anonymous = ""
	}
}

// Leads reports whether calls to the number go anywhere.
func (n *Number) Leads() bool { return !n.Destination.IsZero() || len(n.Rules) > 0 }

// leads returns where a call to a number goes now, and why. caller is in E.164 where it is
// a whole number.
func (s *Snapshot) leads(n *Number, caller string, now time.Time) (to Destination, why string) {
	local := now.In(locationOf(s.ZoneOf(n)))
	for i, r := range n.Rules {
		if r.holds(local) && r.isFrom(caller, false) {
			return r.Destination, fmt.Sprintf(", by rule %d", i+1)
		}
	}
	return n.Destination, ""
}

// ZoneOf is the time zone that the rules of a number are read in.
func (s *Snapshot) ZoneOf(n *Number) string {
	if t := s.Tenant(n.Tenant); n.Timezone == "" && t != nil {
		return t.Timezone
	}
	return n.Timezone
}

// isFrom reports whether the rule is about a caller: with a number outside, or internal.
func (r CallRule) isFrom(caller string, internal bool) bool {
	return len(r.Callers) == 0 || slices.ContainsFunc(r.Callers, func(c string) bool {
		return internal && c == CallInternal || strings.HasPrefix(caller, c)
	})
}

// callerNumber is the number of a caller outside, in E.164 where it is a whole one; "" where
// an extension calls, or no caller is named.
func (r routing) callerNumber() string {
	if r.c.Caller == "" || r.c.Extension(r.s) != nil {
		return ""
	}
	return r.s.CallerOf(r.c.Tenant, r.c.Caller)
}

// labelled lets the phones show the prefix of the number that was called before the caller's
// name, which a group may put its own before.
func (r routing) labelled(n *Number) routing {
	if n == nil || n.CallerIDPrefix == "" || strings.Contains(r.c.Name, n.CallerIDPrefix+" ") {
		return r
	}
	name := cmp.Or(r.c.Name, r.c.Caller)
	if name == "" { // with a name alone, Asterisk calls itself the caller
		name = "Anonymous"
		r.label = []Variable{{"CALLERID(num)", "anonymous"}}
	}
	r.c.Name = n.CallerIDPrefix + " " + name
	r.label = append(r.label, Variable{"CALLERID(name)", r.c.Name})
	return r
}

// show sets the caller's name at every step that shows it to somebody.
func (r routing) show(p Plan) Plan {
	if r.label == nil {
		return p
	}
	for i := range p.Steps {
		switch s := &p.Steps[i]; s.Kind {
		case StepDial, StepPage, StepPlay, StepQueue, StepVoicemail:
			s.Set = append(slices.Clone(r.label), s.Set...)
		}
	}
	return p
}
