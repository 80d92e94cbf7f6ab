package asteriskconf

import (
	"regexp"
	"strings"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// The names of sections, contexts and extensions need no escaping because their
// constructors let nothing through that has a meaning in any file or in the
// dialplan: no blank, comma, bracket, parenthesis, '$', ';' or '&'.

// endpointName names a PJSIP endpoint, its AOR and its auth.
type endpointName struct{ text string }

var endpointPattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,39}$`)

// ownPrefix begins the names of our own sections; no device may be named so.
const ownPrefix = "dialtone-"

// nobodyEndpoint is an endpoint of ours that nobody registers as.
const nobodyEndpoint = ownPrefix + "nobody"

// newEndpointName refuses what is not 1–40 letters, digits, '-' and '_'.
func newEndpointName(field, s string) (endpointName, *pbx.Error) {
	if !endpointPattern.MatchString(s) || strings.HasPrefix(s, ownPrefix) {
		return endpointName{}, pbx.Invalidf(field, "is not an endpoint name: use 1 to 40 letters, digits, '-' and '_'")
	}
	return endpointName{s}, nil
}

func (n endpointName) String() string { return n.text }

// contextName names a dialplan or voicemail context of a tenant.
type contextName struct{ text string }

// newContextName builds the context of a tenant; of is one of pbx's functions.
func newContextName(field, tenant string, of func(string) string) (contextName, *pbx.Error) {
	if err := pbx.CheckTenantName(field, tenant); err != nil {
		return contextName{}, err
	}
	return contextName{of(tenant)}, nil
}

// newVoicemailContext is newContextName for voicemail.conf, where the tenant's
// name is the section's and two sections mean something else.
func newVoicemailContext(field, tenant string) (contextName, *pbx.Error) {
	if tenant == "general" || tenant == "zonemessages" {
		return contextName{}, pbx.Invalidf(field, "%q has a meaning of its own in Asterisk's voicemail.conf", tenant)
	}
	return newContextName(field, tenant, plainName)
}

func (n contextName) String() string { return n.text }

// Any reports whether there is one.
func (n contextName) Any() bool { return n.text != "" }

// extenName is an extension number in dialplan text.
type extenName struct{ text string }

// newExtenName refuses what pbx refuses as a number.
func newExtenName(field, s string) (extenName, *pbx.Error) {
	if err := pbx.CheckNumber(field, s); err != nil {
		return extenName{}, err
	}
	return extenName{s}, nil
}

func (n extenName) String() string { return n.text }

// Any reports whether there is a name.
func (n extenName) Any() bool { return n.text != "" }

// Lettered reports whether the name starts with a letter, so that no digit
// pattern matches it.
func (n extenName) Lettered() bool { return n.text[0] > '9' }

// mailboxName is number@context, as voicemail's applications and options take it.
type mailboxName struct{ text string }

func newMailboxName(field, tenant, number string) (mailboxName, *pbx.Error) {
	if err := pbx.CheckTenantName(field, tenant); err != nil {
		return mailboxName{}, err
	}
	if err := pbx.CheckNumber(field, number); err != nil {
		return mailboxName{}, err
	}
	return mailboxName{pbx.MailboxName(tenant, number)}, nil
}

// messageBox is a mailbox in which callers leave messages.
type messageBox struct {
	Name     mailboxName
	Greeting soundName // that is played before the beep
}

func newMessageBox(es *pbx.Errors, s *pbx.Snapshot, field, tenant, number string) (v messageBox) {
	into(es, &v.Name)(newMailboxName(field, tenant, number))
	if sound := s.SoundOfMailbox(tenant, number); sound != "" {
		into(es, &v.Greeting)(newSoundName("greeting", sound))
	}
	return v
}

func (n mailboxName) String() string { return n.text }

// dialArg is what Dial and a hint ring: PJSIP/a&Local/b@dialtone-legs/n. The zero
// value rings nothing.
type dialArg struct{ text string }

// maxDialled bounds what one extension rings, as pbx.Snapshot.Rings does: with the
// longest names a line of it takes 6,200 of the 8,191 bytes that Asterisk reads.
const maxDialled = 100

// newDialArg joins the first maxDialled legs.
func newDialArg(field string, legs []pbx.Leg) (dialArg, *pbx.Error) {
	var b strings.Builder
	for i, l := range legs[:min(len(legs), maxDialled)] {
		if _, err := newLegName(field, l); err != nil {
			return dialArg{}, err
		}
		if i > 0 {
			b.WriteByte('&')
		}
		b.WriteString(l.Channel())
	}
	return dialArg{b.String()}, nil
}

func (a dialArg) String() string { return a.text }

// Any reports whether there is anything to ring.
func (a dialArg) Any() bool { return a.text != "" }

// groupList is the value of named_call_group and named_pickup_group. Its names
// need no escaping: the file gives commas a meaning, and they have none.
type groupList struct{ text string }

func newGroupList(field, tenant string, groups []string) (groupList, *pbx.Error) {
	if err := pbx.CheckTenantName(field, tenant); err != nil {
		return groupList{}, err
	}
	names := make([]string, len(groups))
	for i, g := range groups {
		if err := pbx.CheckName(field, g); err != nil {
			return groupList{}, err
		}
		names[i] = pbx.PickupGroup(tenant, g)
	}
	return groupList{strings.Join(names, ",")}, nil
}

func (l groupList) String() string { return l.text }

// Any reports whether there is a group.
func (l groupList) Any() bool { return l.text != "" }

// legName is the name of a leg in its context.
type legName struct{ text string }

// legPattern also allows the longer names of twin numbers' legs.
var legPattern = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9.-]{1,59}$`)

// newLegName is newEndpointName for a leg; a leg of its own may have a longer name.
func newLegName(field string, l pbx.Leg) (legName, *pbx.Error) {
	if l.Own != nil && legPattern.MatchString(l.Endpoint) {
		return legName{l.Endpoint}, nil
	}
	n, err := newEndpointName(field, l.Endpoint)
	return legName(n), err
}

func (n legName) String() string { return n.text }

// outsideNumber is a number that is dialled on a trunk, or shown to its carrier.
type outsideNumber struct{ text string }

// newOutsideNumber refuses what pbx refuses as an external number.
func newOutsideNumber(field, s string) (outsideNumber, *pbx.Error) {
	if err := pbx.CheckExternalNumber(field, s); err != nil {
		return outsideNumber{}, err
	}
	return outsideNumber{s}, nil
}

func (n outsideNumber) String() string { return n.text }

// sentNumber is what a carrier is asked for: an outsideNumber as a route writes it.
type sentNumber struct{ text string }

var sentPattern = regexp.MustCompile(`^\+?[0-9]{3,36}$`)

// newSentNumber refuses what has a meaning in a URI or an argument of Dial.
func newSentNumber(field, s string) (sentNumber, *pbx.Error) {
	if !sentPattern.MatchString(s) {
		return sentNumber{}, pbx.Invalidf(field, "is no number that a carrier can be asked for")
	}
	return sentNumber{s}, nil
}

func (n sentNumber) String() string { return n.text }

// Any reports whether there is a number.
func (n outsideNumber) Any() bool { return n.text != "" }
