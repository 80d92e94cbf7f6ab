package pbx

import (
	"cmp"
	"regexp"
	"slices"
)

// Number is a number of the public network that belongs to a tenant. Calls to it
// lead to its destination, and extensions may show it as theirs.
type Number struct {
	Tenant      string
	Number      string      // key, of one tenant only: E.164 with +
	Description string      // for people, at most 100 characters; may be empty
	Destination Destination // where calls to it go, never outside; zero is nowhere
	Version     int64
	Revision    int64
}

// prefixPattern is how numbers of E.164 begin.
var prefixPattern = regexp.MustCompile(`^\+[1-9][0-9]{0,14}$`)

// Validate returns all broken rules.
func (n *Number) Validate() error {
	var es Errors
	es.Add(CheckE164("number", n.Number))
	es.Add(CheckText("description", n.Description, 0, 100, 0))
	if n.Destination.Kind == ToExternal {
		es.Add(Invalidf("destination",
			"leads outside: name an extension that is forwarded there, whose rights the call then has"))
	}
	return es.Err()
}

// indexSent finds what carriers may call each number.
func (s *Snapshot) indexSent() {
	ns := s.Numbers
	s.sent, s.owned = map[key]*Number{}, make(map[string]*Number, len(ns))
	for _, n := range ns {
		s.owned[n.Number] = n
	}
	most := 0
	ways := make([][]string, len(ns))
	for i, n := range ns {
		if t := s.Tenant(n.Tenant); t != nil {
			ways[i] = sentAs(t.Country, n.Number)
		}
		most = max(most, len(ways[i]))
	}
	for w := range most { // a better way of one number goes before a worse one of another
		for i, n := range ns {
			if w < len(ways[i]) && s.sent[key{n.Tenant, ways[i][w]}] == nil {
				s.sent[key{n.Tenant, ways[i][w]}] = n
			}
		}
	}
}

// NumberOf returns a tenant's number, or nil.
func (s *Snapshot) NumberOf(tenant, e164 string) *Number { return s.ownNumbers[key{tenant, e164}] }

// Owned returns the number of any tenant, or nil.
func (s *Snapshot) Owned(e164 string) *Number { return s.owned[e164] }

// NumberSent returns the number of a tenant that a carrier means, or nil.
func (s *Snapshot) NumberSent(tenant, called string) *Number { return s.sent[key{tenant, called}] }

// SentAs returns the ways in which carriers may write a number, those that mean
// another one left out.
func (s *Snapshot) SentAs(n *Number) []string {
	var out []string
	if t := s.Tenant(n.Tenant); t != nil {
		for _, way := range sentAs(t.Country, n.Number) {
			if s.NumberSent(n.Tenant, way) == n && !slices.Contains(out, way) {
				out = append(out, way)
			}
		}
	}
	return out
}

// trunkOf returns the trunk that a call comes in by, or nil.
func (s *Snapshot) trunkOf(c Call) *Trunk {
	t := s.trunkEndpoints[c.actor()]
	if t == nil || t.Tenant != c.Tenant {
		return nil
	}
	return t
}

// NumbersOf returns the numbers of a tenant, in their order.
func (s *Snapshot) NumbersOf(tenant string) []*Number {
	first, _ := slices.BinarySearchFunc(s.Numbers, tenant, func(n *Number,
		t string) int {
		return cmp.Compare(n.Tenant, t)
	})
	last := first
	for last < len(s.Numbers) && s.Numbers[last].Tenant == tenant {
		last++
	}
	return s.Numbers[first:last]
}
