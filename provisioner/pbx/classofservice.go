package pbx

import (
	"fmt"
	"slices"
	"strings"
)

// ClassOfService says what the extensions that have it may call. Of the entries
// that fit a number the longest prefix decides, before national and international;
// where both lists have it, deny wins; what no entry fits is refused. Emergency
// numbers are always allowed, and internal calls unless internal is denied.
type ClassOfService struct {
	Tenant      string
	Name        string   // key within the tenant
	Description string   // for people, at most 100 characters; may be empty
	Allow       []string // prefixes in E.164 (+4989), national, international; sorted
	Deny        []string // the same, and internal; sorted
	Version     int64
	Revision    int64
}

// The words that a class of service may name beside prefixes.
const (
	CallInternal      = "internal"
	CallNational      = "national"
	CallInternational = "international"
)

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
		case e == CallNational || e == CallInternational || e == CallInternal && field == "deny":
		case e == CallInternal:
			es.Add(Refusedf(at, "internal calls are always allowed unless deny names them"))
		case e == "emergency":
			es.Add(Refusedf(at, "emergency numbers are always allowed; no class can say otherwise"))
		case !prefixPattern.MatchString(e):
			es.Add(Invalidf(at, "%s is neither a prefix such as +4989 nor one of national, international%s", quote(e),
				map[bool]string{true: ", internal"}[field == "deny"]))
		}
	}
}

// ClassOf returns the class of service of an extension: its own, or that of the
// tenant; nil when there is none, and everything is allowed.
func (s *Snapshot) ClassOf(e *Extension) *ClassOfService {
	name := e.ClassOfService
	if t := s.Tenant(e.Tenant); name == "" && t != nil {
		name = t.ClassOfService
	}
	return s.classes[key{e.Tenant, name}]
}

// forbids says why an extension may not call a number, "" if it may.
func (s *Snapshot) forbids(e *Extension, r Reading) string {
	class := s.ClassOf(e)
	if class == nil || r.Emergency {
		return ""
	}
	if allowed, why := class.decide(r); !allowed {
		return fmt.Sprintf("extension %s may not call %s: class of service %s %s", e.Number, r.Number, class.Name, why)
	}
	return ""
}

// permits says why an extension may call a number that nothing forbids.
func (s *Snapshot) permits(e *Extension, r Reading) string {
	class := s.ClassOf(e)
	switch {
	case r.Emergency:
		return "an emergency number"
	case class == nil:
		return "it has no class of service"
	}
	_, why := class.decide(r)
	return fmt.Sprintf("class of service %s %s", class.Name, why)
}

// decide finds the entry that decides about a number, and says which it was.
func (c *ClassOfService) decide(r Reading) (bool, string) {
	best, allowed := "", false
	consider := func(entries []string, allow bool) {
		for _, e := range entries {
			fits := strings.HasPrefix(r.Number, e) || e == CallNational && r.National || e == CallInternational && !r.National
			if fits && (best == "" || weight(e) > weight(best)) {
				best, allowed = e, allow
			}
		}
	}
	consider(c.Deny, false)
	consider(c.Allow, true)
	switch {
	case best == "":
		return false, "names nothing that fits it"
	case allowed:
		return true, "allows " + best
	}
	return false, "denies " + best
}

// weight is the length of a prefix; a word has less than any.
func weight(entry string) int {
	if entry[0] != '+' {
		return 0
	}
	return len(entry)
}

// deniesInternal reports whether an extension may not call others of its tenant.
func (s *Snapshot) deniesInternal(e *Extension) bool {
	class := s.ClassOf(e)
	return class != nil && slices.Contains(class.Deny, CallInternal)
}
