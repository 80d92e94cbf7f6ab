package pbx

import (
	"fmt"
	"regexp"
	"strings"
)

// A phone that answers 302 (RFC 3261, section 21.3.3) wants its call to go elsewhere. Dial
// is told to ignore it: it would call what the user part of Contact says, which may name a
// technology and a trunk, with nobody's rights. The dialplan keeps that text instead, and
// the plan decides, as if the extension had a forward there.
const (
	// RedirectedContext runs when a phone's channel ends, and keeps its redirection at the
	// channel that rang it.
	RedirectedContext = "dialtone-redirected"
	// RingsForVariable is handed on to all channels that are rung for a channel:
	// "101>PJSIP/acme-1-00000003", the number that it is at and its name.
	RingsForVariable = "DIALTONE_RINGS_FOR"
	// RedirectedVariable is shared by RedirectedContext at the channel that rang, see
	// ParseRedirection.
	RedirectedVariable = "DIALTONE_REDIRECTED"
)

// Redirection is what a phone of an extension answered instead of ringing. The last phone
// of several counts. The zero value is none.
type Redirection struct {
	At string // number of the extension, or of a ring group
	To string // user part of Contact; any text
}

// ParseRedirection reads "101>0301234567".
func ParseRedirection(text string) Redirection {
	at, to, _ := strings.Cut(text, hopMark)
	return Redirection{at, to}
}

// keyed is what a user types as the target of a forward on the phone.
var keyed = regexp.MustCompile(`^\+?[0-9A-Za-z]{1,24}$`)

// redirected is the step for a call that a phone of e has redirected and nobody has taken.
// It is false when none did. Only an extension's own call follows: in a ring group the
// other members go on ringing, and the group says what comes then.
func (r routing) redirected(e *Extension) (Step, bool) {
	if r.c.Redirected.At != e.Number || r.c.Redirected == (Redirection{}) {
		return Step{}, false
	}
	to, why := r.redirection(e, r.c.Redirected.To)
	if why == "" {
		why = r.barred(to)
	}
	if why == "" {
		return sendOn(to, "a phone of extension %s redirects the call", e.Number), true
	}
	return r.end(e, whenUnreachable, "has a phone that redirects the call: it is "+why), true
}

// redirection is where a number leads that a user of e has set at the phone, by the rights
// of the extension, or why it leads nowhere.
func (r routing) redirection(e *Extension, number string) (to Destination, why string) {
	f, _, code := r.s.CodesOf(e.Tenant).Read(number)
	if code && f == FeatureVoicemail && r.s.Mailbox(e.Tenant, e.Mailbox) != nil {
		return Destination{ToVoicemail, e.Mailbox}, ""
	}
	group, inside := r.s.RingGroupAt(e.Tenant, number), r.s.Extension(e.Tenant, number)
	queue := r.s.QueueAt(e.Tenant, number)
	switch {
	case code || !keyed.MatchString(number):
		return to, fmt.Sprintf("not forwarded to %s, which is no number", quote(number))
	case (group != nil || queue != nil || inside != nil && inside != e) && r.s.deniesInternal(e):
		return to, fmt.Sprintf("not forwarded to %s: class of service %s denies internal", quote(number),
			r.s.ClassOf(e).Name)
	case group != nil:
		return Destination{ToRingGroup, group.Name}, ""
	case queue != nil:
		return Destination{ToQueue, queue.Name}, ""
	case inside != nil:
		return Destination{ToExtension, inside.Number}, ""
	case CheckExternalNumber("", number) != nil:
		return to, fmt.Sprintf("not forwarded to %s, which is no number", quote(number))
	}
	if a := r.s.RightsOf(e).Ask(DoorForward, number, r.s.ExternalNumber(e.Tenant, number)); a.Refused != "" {
		return to, "not forwarded: " + a.Refused
	}
	return Destination{ToExternal, number}, ""
}
