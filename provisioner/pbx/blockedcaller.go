package pbx

import "strings"

// BlockedCaller is a caller outside whose calls a tenant refuses.
type BlockedCaller struct {
	Tenant string
	// Number is the key within the tenant: a number as somebody writes it, without what means
	// nothing in it, or with Begins how numbers begin in E.164.
	Number      string
	Begins      bool   // blocks every number that begins so
	Description string // for people, at most 100 characters; may be empty
	Version     int64
	Revision    int64
}

// CheckBlocked refuses what is neither a number nor how one begins.
func CheckBlocked(field, s string) *Error {
	if prefixPattern.MatchString(s) {
		return nil
	}
	return CheckExternalNumber(field, s)
}

// Validate returns all broken rules.
func (b *BlockedCaller) Validate() error {
	var es Errors
	switch {
	case b.Begins && !prefixPattern.MatchString(b.Number):
		es.Add(Invalidf("number", "%s is not how a number in E.164 begins: write it as +4989", quote(b.Number)))
	case !b.Begins:
		es.Add(CheckExternalNumber("number", b.Number))
	}
	es.Add(CheckText("description", b.Description, 0, 100, 0))
	return es.Err()
}

// blocked is what a tenant refuses, prepared for calls.
type blocked struct {
	numbers map[string]*BlockedCaller // in E.164 where they are whole
	begins  map[string]*BlockedCaller
}

// indexBlocked prepares the blocked callers of each tenant.
func (s *Snapshot) indexBlocked() {
	s.blocked = map[string]blocked{}
	for _, b := range s.BlockedCallers {
		of, known := s.blocked[b.Tenant]
		if !known {
			of = blocked{map[string]*BlockedCaller{}, map[string]*BlockedCaller{}}
			s.blocked[b.Tenant] = of
		}
		if b.Begins {
			of.begins[b.Number] = b
		} else {
			of.numbers[b.Number], of.numbers[s.CallerOf(b.Tenant, b.Number)] = b, b
		}
	}
}

// CallerOf is a caller's number in E.164 where it is a whole one, as a tenant reads it.
func (s *Snapshot) CallerOf(tenant, number string) string {
	return CallerNumber(s.CountryOf(&Extension{Tenant: tenant}), number)
}

// BlocksCallers reports whether a tenant refuses callers by their numbers.
func (s *Snapshot) BlocksCallers(tenant string) bool {
	return len(s.blocked[tenant].numbers)+len(s.blocked[tenant].begins) > 0
}

// BlockedBy returns what blocks a caller, whose number is in E.164 where it is a whole one, or
// nil. The longest beginning counts.
func (s *Snapshot) BlockedBy(tenant, caller string) *BlockedCaller {
	of := s.blocked[tenant]
	if b := of.numbers[caller]; b != nil || caller == "" {
		return b
	}
	for n := len(caller); n > 1 && strings.HasPrefix(caller, "+"); n-- {
		if b := of.begins[caller[:n]]; b != nil {
			return b
		}
	}
	return nil
}
