package pbx

import (
	"fmt"
	"slices"
	"strings"
)

// ClassOfService says what the extensions that have it may call. Of the entries
// that fit a number the longest prefix decides, before the words; where both lists have
// it, deny wins; what no entry fits is refused. A number with a price of its own needs a
// prefix, or the word of its kind beside national or international. Emergency
// numbers are always allowed, and internal calls unless internal is denied.
type ClassOfService struct {
	Tenant      string
	Name        string   // key within the tenant
	Description string   // for people, at most 100 characters; may be empty
	Allow       []string // prefixes in E.164 (+4989) and words; sorted
	Deny        []string // the same but any, and internal; sorted
	Version     int64
	Revision    int64
}

// The words that a class of service may name beside prefixes.
const (
	CallInternal      = "internal"
	CallNational      = "national"
	CallInternational = "international"
	CallPremium       = string(KindPremium)
	CallSharedCost    = string(KindSharedCost)
	CallAny           = "any" // whatever the carrier takes, of any price and form
)

// standardClass holds where nobody chose a class of service. What costs more than a call
// within the country is off until somebody allows it.
var standardClass = ClassOfService{Allow: []string{CallNational}}

// maxEntries bounds each list of a class of service.
const maxEntries = 200

// Validate returns all broken rules.
func (c *ClassOfService) Validate() error {
	var es Errors
	es.Add(CheckName("name", c.Name))
	es.Add(CheckText("description", c.Description, 0, 100, 0))
	checkEntries(&es, "allow", c.Allow)
	checkEntries(&es, "deny", c.Deny)
	return es.Err()
}

func checkEntries(es *Errors, field string, entries []string) {
	if len(entries) > maxEntries {
		es.Add(Invalidf(field, "has %d entries, at most %d are allowed", len(entries), maxEntries))
		return
	}
	for i, e := range entries {
		at := fmt.Sprintf("%s[%d]", field, i)
		switch {
		case slices.Contains(entries[:i], e):
			es.Add(Invalidf(at, "%s is named twice", quote(e)))
		case e == CallNational, e == CallInternational, e == CallPremium, e == CallSharedCost,
			e == CallInternal && field == "deny", e == CallAny && field == "allow":
		case e == CallInternal:
			es.Add(Refusedf(at, "internal calls are always allowed unless deny names them"))
		case e == "emergency":
			es.Add(Refusedf(at, "emergency numbers are always allowed; no class can say otherwise"))
		case !prefixPattern.MatchString(e):
			es.Add(Invalidf(at,
				"%s is neither a prefix such as +4989 nor one of national, international, premium, shared-cost, %s",
				quote(e), map[bool]string{true: CallInternal, false: CallAny}[field == "deny"]))
		}
	}
}

// ClassOf returns the class of service of an extension: its own, or that of the
// tenant; nil when there is none, and the standard class holds.
func (s *Snapshot) ClassOf(e *Extension) *ClassOfService {
	name := e.ClassOfService
	if t := s.Tenant(e.Tenant); name == "" && t != nil {
		name = t.ClassOfService
	}
	return s.classes[key{e.Tenant, name}]
}

// decide finds the entry that decides about a number, and says which it was. A number
// that could not be read is the zero Reading.
func (c *ClassOfService) decide(r Reading) (bool, string) {
	best, allowed := "", false
	consider := func(entries []string, allow bool) {
		for _, e := range entries {
			if r.fits(e) && (best == "" || weight(e) > weight(best)) {
				best, allowed = e, allow
			}
		}
	}
	consider(c.Deny, false)
	consider(c.Allow, true)
	own := string(r.Kind)
	priced := r.Kind == KindPremium || r.Kind == KindSharedCost
	switch {
	case best == "":
		return false, "names nothing that fits it"
	case !allowed:
		return false, "denies " + best
	case !priced || weight(best) > 0:
		return true, "allows " + best
	case slices.Contains(c.Deny, own):
		return false, "denies " + own
	case best != CallAny && !slices.Contains(c.Allow, own):
		return false, "does not allow " + own
	}
	return true, "allows " + best + " and " + own
}

// fits reports whether an entry of a class is about a number.
func (r Reading) fits(entry string) bool {
	switch entry {
	case CallAny:
		return true
	case CallNational:
		return r.National || r.Kind == KindTollFree
	case CallInternational:
		return r.Number != "" && !r.National
	}
	return r.Number != "" && strings.HasPrefix(r.Number, entry)
}

// weight is the length of a prefix; a word has less than any, and any the least.
func weight(entry string) int {
	switch {
	case entry[0] == '+':
		return len(entry)
	case entry == CallAny:
		return -1
	}
	return 0
}

// deniesInternal reports whether the class keeps extensions from calling others of
// their tenant.
func (c *ClassOfService) deniesInternal() bool { return slices.Contains(c.Deny, CallInternal) }

// deniesInternal reports whether an extension may not call others of its tenant.
func (s *Snapshot) deniesInternal(e *Extension) bool {
	class := s.ClassOf(e)
	return class != nil && class.deniesInternal()
}
