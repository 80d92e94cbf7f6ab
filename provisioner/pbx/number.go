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
	Destination Destination // where calls to it go that no rule sends elsewhere, never outside; zero is nowhere
	// Rules are looked through in order: the first that holds says where a call goes. At most
	// MaxForwardRules.
	Rules []NumberRule
	// Timezone is the zone the rules are read in; "" is the tenant's.
	Timezone       string
	Anonymous      AnonymousCalls
	CallerIDPrefix string // put before the name of callers outside, with a space; "" for none
	Version        int64
	Revision       int64
}

// prefixPattern is how numbers of E.164 begin.
var prefixPattern = regexp.MustCompile(`^\+[1-9][0-9]{0,14}$`)

// Validate returns all broken rules.
func (n *Number) Validate() error {
	var es Errors
	es.Add(CheckE164("number", n.Number))
	es.Add(CheckText("description", n.Description, 0, 100, 0))
	n.checkRules(&es)
	es.Add(n.Anonymous.check("anonymous"))
	es.Add(CheckText("caller_id_prefix", n.CallerIDPrefix, 0, 20, maxPrefixBytes))
	for _, named := range n.Destinations() {
		if named.To.Kind == ToExternal {
			es.Add(Invalidf(named.Field,
				"leads outside: name an extension that is forwarded there, whose rights the call then has"))
		}
	}
	return es.Err()
}

// indexSent finds what carriers may call each number, within its tenant and among all.
func (s *Snapshot) indexSent() {
	ns := s.Numbers
	s.sent, s.sentToAny = map[key]*Number{}, map[string]*Number{}
	s.owned = make(map[string]*Number, len(ns))
	for _, n := range ns {
		s.owned[n.Number] = n
	}
	for _, number := range s.PortingIn {
		delete(s.owned, number)
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
			if w < len(ways[i]) && s.sentToAny[ways[i][w]] == nil {
				s.sentToAny[ways[i][w]] = n
			}
		}
	}
}

// NumberOf returns a tenant's number, or nil.
func (s *Snapshot) NumberOf(tenant, e164 string) *Number { return s.ownNumbers[key{tenant, e164}] }

// Owned returns the number of any tenant to which calls stay in the house, or nil. A number that
// is being ported is none until that is done: another carrier may still have it. Calls that
// carriers bring to it are led all the same.
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

// NumberCalled returns the number that a carrier means, of whichever tenant, or nil.
// Tenants may have trunks at the same carrier, whose addresses do not tell them apart, so
// the number does. Where numbers of several tenants are written alike, as without their
// calling codes, it is the one of tenant, to whose trunk the call came.
func (s *Snapshot) NumberCalled(tenant, called string) *Number {
	if n := s.NumberSent(tenant, called); n != nil {
		return n
	}
	return s.sentToAny[called]
}

// TenantCalled returns the tenant that a call from a trunk is for: that of the number
// called, or else that of the trunk. It returns "" if endpoint is no trunk's.
func (s *Snapshot) TenantCalled(endpoint, called string) string {
	t := s.TrunkOf(endpoint)
	if t == nil {
		return ""
	}
	if n := s.NumberCalled(t.Tenant, called); n != nil {
		return n.Tenant
	}
	return t.Tenant
}

// TrunkAt returns the trunk of a tenant that counts for a call which Asterisk takes for
// one from endpoint: that trunk, or the tenant's own where it is another tenant's. It
// may be nil.
func (s *Snapshot) TrunkAt(endpoint, tenant string) *Trunk {
	if t := s.TrunkOf(endpoint); t != nil && t.Tenant == tenant {
		return t
	}
	return s.TrunkFor(tenant, NumberSIP)
}

// SentNumber is a number in one way that carriers write it.
type SentNumber struct {
	Sent   string
	Number *Number
}

// SentToAny returns the numbers of all tenants in every way that carriers write them,
// sorted by that. It is what NumberCalled knows without the trunk's tenant.
func (s *Snapshot) SentToAny() []SentNumber {
	out := make([]SentNumber, 0, len(s.sentToAny))
	for sent, n := range s.sentToAny {
		out = append(out, SentNumber{sent, n})
	}
	slices.SortFunc(out, func(a, b SentNumber) int { return cmp.Compare(a.Sent, b.Sent) })
	return out
}

// SentOtherwise returns what NumberCalled says otherwise for trunks of a tenant, sorted.
func (s *Snapshot) SentOtherwise(tenant string) (out []SentNumber) {
	for _, n := range s.NumbersOf(tenant) {
		for _, way := range s.SentAs(n) {
			if s.sentToAny[way] != n {
				out = append(out, SentNumber{way, n})
			}
		}
	}
	slices.SortFunc(out, func(a, b SentNumber) int { return cmp.Compare(a.Sent, b.Sent) })
	return out
}

// trunkOf returns the trunk that a call comes in by, or nil. It may be another tenant's,
// at the same carrier.
func (s *Snapshot) trunkOf(c Call) *Trunk { return s.trunkEndpoints[c.actor()] }

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

// CheckPrefix refuses what no number of E.164 begins with.
func CheckPrefix(field, s string) *Error {
	if !prefixPattern.MatchString(s) {
		return Invalidf(field, "%s is not the begin of a number such as +4930", quote(s))
	}
	return nil
}
