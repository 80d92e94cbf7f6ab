package pbx

import (
	"slices"
)

// AnonymousCalls says what becomes of calls without a caller's number, or with one that is
// withheld: one of the words, or the text of a Destination. "" is what the tenant says.
type AnonymousCalls string

// The words.
const (
	AnonymousAllowed AnonymousCalls = "allow"
	AnonymousRefused AnonymousCalls = "refuse"
)

// The SIP answers to callers that are refused. Asterisk gives them by PJSIPHangup; without that
// application (before 18.17 and 20.2) it answers 403.
const (
	AnswerAnonymous = 433 // Anonymity Disallowed, RFC 5079
	AnswerBlocked   = 603 // Decline, RFC 3261: nobody else is to be tried
)

// Prohibited begins Asterisk's words for a caller's number that is not to be shown.
const Prohibited = "prohib"

// Destination is where such calls go; zero where a word says what becomes of them.
func (a AnonymousCalls) Destination() Destination {
	if a == AnonymousAllowed || a == AnonymousRefused {
		return Destination{}
	}
	d, err := ParseDestination("", string(a))
	if err != nil {
		return Destination{}
	}
	return d
}

// check refuses what is neither word nor destination.
func (a AnonymousCalls) check(field string) *Error {
	if a == "" || a == AnonymousAllowed || a == AnonymousRefused {
		return nil
	}
	if _, err := ParseDestination(field, string(a)); err != nil {
		return Invalidf(field,
			"%s is not allow, refuse or a destination: use extension:NUMBER, voicemail:NUMBER, ring-group:NAME, "+
				"queue:NAME, announcement:NAME or hangup",
			quote(string(a)))
	}
	return nil
}

// AnonymousOf is what becomes of anonymous calls to a number.
func (s *Snapshot) AnonymousOf(n *Number) AnonymousCalls {
	if t := s.Tenant(n.Tenant); n.Anonymous == "" && t != nil {
		return t.Anonymous
	}
	return n.Anonymous
}

// screened is the plan of a call from outside that the tenant refuses, or sends elsewhere,
// because of its caller. An emergency desk that shows its number always gets through.
func (r routing) screened(n *Number) (Plan, bool) {
	if r.c.Device(r.s) != nil {
		return Plan{}, false
	}
	caller := r.callerNumber()
	if slices.Contains(r.s.EmergencyNumbersOf(r.c.Tenant), r.c.Caller) {
		return Plan{}, false
	}
	if b := r.s.BlockedBy(r.c.Tenant, caller); b != nil {
		p := hangup(CauseRefused, "%s is refused: tenant %s blocks the caller by %s", quote(r.c.Caller), r.c.Tenant, b.Number)
		p.Steps[0].SIP = AnswerBlocked
		return p, true
	}
	if caller != "" && !r.c.Withheld {
		return Plan{}, false
	}
	switch a := r.s.AnonymousOf(n); a {
	case "", AnonymousAllowed:
		return Plan{}, false
	case AnonymousRefused:
		p := hangup(CauseRefused, "number %s takes no anonymous calls", n.Number)
		p.Steps[0].SIP = AnswerAnonymous
		return p, true
	default:
		to := a.Destination()
		if why := r.barred(to); why != "" {
			return hangup(CauseAbsent, "the anonymous call to %s is %s", n.Number, why), true
		}
		return Plan{Steps: []Step{sendOn(to, "%s is a number of tenant %s, and the caller is anonymous", n.Number, n.Tenant)}}, true
	}
}
