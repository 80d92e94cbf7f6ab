package pbx

import "regexp"

// ExternalNumber is a number outside the tenant, such as a mobile's, that devices
// and extensions may ring.
type ExternalNumber struct {
	Tenant      string
	Number      string // key within the tenant, never changed: with its prefix, as it is dialled
	Description string // for people, at most 100 characters; may be empty
	Available   bool   // users may choose it as their device; otherwise only by assignment
	Type        NumberType
	Version     int64
	Revision    int64
}

// NumberType says through which kind of trunk a number is reached.
type NumberType string

// The types of number.
const (
	NumberSIP   NumberType = "sip"   // any number: through the trunk that is not for Teams
	NumberTeams NumberType = "teams" // a Microsoft Teams number: through the trunk for Teams
)

// externalPattern leaves nothing that has a meaning in a SIP URI or in the
// argument of Dial.
var externalPattern = regexp.MustCompile(`^\+?[0-9]{3,20}$`)

// CheckExternalNumber refuses what cannot be dialled on a trunk.
func CheckExternalNumber(field, s string) *Error {
	if !externalPattern.MatchString(s) {
		return Invalidf(field, "%s is not a number: use 3 to 20 digits, with a + before them if the carrier wants it",
			quote(s))
	}
	return nil
}

// Validate returns all broken rules.
func (n *ExternalNumber) Validate() error {
	var es Errors
	es.Add(CheckExternalNumber("number", n.Number))
	es.Add(CheckText("description", n.Description, 0, 100, 0))
	if n.Type != NumberSIP && n.Type != NumberTeams {
		es.Add(Invalidf("type", "%s is not a type of number: use sip or teams", quote(string(n.Type))))
	}
	return es.Err()
}
