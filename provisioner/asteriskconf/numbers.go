package asteriskconf

import (
	"regexp"
	"slices"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// dialplanNumber is one way in which carriers write a number of the tenant, and
// where calls to it go without a controller.
type dialplanNumber struct {
	Sent outsideNumber
	To   divertedTo
}

// dialplanHelp leads to emergency numbers without a controller: those of every
// country that an extension of the tenant is in. No extension, group or code hides one.
type dialplanHelp struct {
	Numbers []helpNumber
	Trunk   endpointName
	Caller  outsideNumber // what the trunk shows
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
	for _, n := range s.NumbersOf(t.Name) {
		to := leadingTo(&es, s, t.Name, n.Destination)
		if !to.Any {
			continue
		}
		for _, way := range s.SentAs(n) {
			d := dialplanNumber{To: to}
			into(&es, &d.Sent)(newOutsideNumber("number", way))
			v.Dialled = append(v.Dialled, d)
		}
	}
	trunk := s.TrunkFor(t.Name, pbx.NumberSIP)
	if trunk == nil {
		return es.Err()
	}
	into(&es, &v.Help.Trunk)(newEndpointName("trunk", trunk.Endpoint))
	if trunk.CallerNumber != "" {
		into(&es, &v.Help.Caller)(newOutsideNumber("caller_number", trunk.CallerNumber))
	}
	for _, number := range s.EmergencyNumbersOf(t.Name) {
		var n helpNumber
		into(&es, &n)(newHelpNumber("country", number))
		v.Help.Numbers = append(v.Help.Numbers, n)
	}
	return es.Err()
}
