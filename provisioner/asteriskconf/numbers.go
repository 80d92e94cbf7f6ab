package asteriskconf

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// dialplanNumber is one way in which carriers write a number, and where calls to it go
// without a controller.
type dialplanNumber struct {
	Sent     outsideNumber
	FromFrom bool      // the caller is the one in From, whatever the carrier asserts
	Label    labelText // put before the caller's name
	Ruled    ruledName // where its rules are; "" where it has none
	To       divertedTo
}

// numbersSent are numbers as the dialplan has them. A number that leads nowhere stays
// there, so that no other is taken for it.
func numbersSent(s *pbx.Snapshot, list []pbx.SentNumber) ([]dialplanNumber, error) {
	var out []dialplanNumber
	for _, n := range list {
		var es pbx.Errors
		d := dialplanNumber{To: leadingTo(&es, s, n.Number.Tenant, n.Number.Destination),
			Label: newLabelText(n.Number.CallerIDPrefix)}
		if asksCaller(s, n.Number) {
			into(&es, &d.Ruled)(newRuledName("number", n.Number.Number))
		}
		if trunk := s.TrunkAt("", n.Number.Tenant); trunk != nil {
			d.FromFrom = !trunk.TrustIDInbound
		}
		into(&es, &d.Sent)(newOutsideNumber("number", n.Sent))
		if err := es.Err(); err != nil {
			return nil, fmt.Errorf("number %s of tenant %s: %w", n.Number.Number, n.Number.Tenant, err)
		}
		out = append(out, d)
	}
	return out, nil
}

// dialplanHelp leads to emergency numbers without a controller: those of every
// country that an extension of the tenant is in. No extension, group or code hides one.
type dialplanHelp struct {
	Numbers []helpNumber
	Trunks  []dialplanHelpTrunk // tried in this order
}

// dialplanHelpTrunk is a trunk that calls for help try.
type dialplanHelpTrunk struct {
	Endpoint endpointName
	Server   confValue     // SIP URI of the carrier
	Caller   outsideNumber // what the trunk shows
}

// helpNumber is an emergency number.
type helpNumber struct{ text string }

var helpPattern = regexp.MustCompile(`^[0-9]{2,6}$`)

func newHelpNumber(field, s string) (helpNumber, *pbx.Error) {
	if !helpPattern.MatchString(s) {
		return helpNumber{}, pbx.Invalidf(field, "is not an emergency number: use 2 to 6 digits")
	}
	return helpNumber{s}, nil
}

func (n helpNumber) String() string { return n.text }

// Has reports whether a number leads to help.
func (h dialplanHelp) Has(n extenName) bool { return slices.Contains(h.Numbers, helpNumber(n)) }

// reach adds what leads to a tenant from outside, and to help.
func (v *dialplanTenant) reach(s *pbx.Snapshot, t *pbx.Tenant) error {
	var es pbx.Errors
	var err error
	if v.Otherwise, err = numbersSent(s, s.SentOtherwise(t.Name)); err != nil {
		return err
	}
	for _, trunk := range s.TrunksForHelp(t.Name) {
		var h dialplanHelpTrunk
		into(&es, &h.Endpoint)(newEndpointName("trunk", trunk.Endpoint))
		into(&es, &h.Server)(newConfValue("trunk", trunk.Server()))
		if trunk.CallerNumber != "" {
			into(&es, &h.Caller)(newOutsideNumber("caller_number", trunk.CallerNumber))
		}
		v.Help.Trunks = append(v.Help.Trunks, h)
	}
	if len(v.Help.Trunks) == 0 {
		return es.Err()
	}
	for _, number := range s.EmergencyNumbersOf(t.Name) {
		var n helpNumber
		into(&es, &n)(newHelpNumber("country", number))
		v.Help.Numbers = append(v.Help.Numbers, n)
	}
	return es.Err()
}

// accountName is a user name at carriers that the dialplan can compare with.
type accountName struct{ text string }

// accountPattern leaves out what a literal extension cannot begin with: a pattern does.
var accountPattern = regexp.MustCompile(`^[A-Za-z0-9.+][A-Za-z0-9._+-]{0,63}$`)

func newAccountName(field, s string) (accountName, *pbx.Error) {
	if !accountPattern.MatchString(s) {
		return accountName{}, pbx.Invalidf(field, "is no user name that an extension can have")
	}
	return accountName{s}, nil
}

func (n accountName) String() string { return n.text }

// accountsOf are the user names under which trunks register, which carriers may call
// instead of the number.
func accountsOf(s *pbx.Snapshot) []accountName {
	var out []accountName
	for _, t := range s.Trunks {
		if n, err := newAccountName("username", t.Username); err == nil && t.Register && !slices.Contains(out, n) {
			out = append(out, n)
		}
	}
	slices.SortFunc(out, func(a, b accountName) int { return cmp.Compare(a.text, b.text) })
	return out
}

// dialplanDefault is the number that calls from a trunk are for that name no number.
type dialplanDefault struct {
	Trunk  endpointName
	Number outsideNumber
}

func defaultNumbers(s *pbx.Snapshot) (out []dialplanDefault, err error) {
	for _, t := range s.Trunks {
		if s.NumberOf(t.Tenant, t.DefaultNumber) == nil {
			continue
		}
		var es pbx.Errors
		var d dialplanDefault
		into(&es, &d.Trunk)(newEndpointName("endpoint", t.Endpoint))
		into(&es, &d.Number)(newOutsideNumber("default_number", t.DefaultNumber))
		if err := es.Err(); err != nil {
			return nil, fmt.Errorf("default number of trunk %s of tenant %s: %w", t.Name, t.Tenant, err)
		}
		out = append(out, d)
	}
	return out, nil
}
