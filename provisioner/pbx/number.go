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
	Rules []CallRule
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

// indexOwned finds the numbers of all tenants, and the countries of tenants that have some.
func (s *Snapshot) indexOwned() {
	s.owned, s.portingIn = make(map[string]*Number, len(s.Numbers)), make(map[string]bool, len(s.PortingIn))
	for _, n := range s.Numbers {
		s.owned[n.Number] = n
		if t := s.Tenant(n.Tenant); t != nil && !slices.Contains(s.countries, t.Country) {
			s.countries = append(s.countries, t.Country)
		}
	}
	for _, number := range s.PortingIn {
		s.portingIn[number] = true
	}
}

// NumberOf returns a tenant's number, or nil.
func (s *Snapshot) NumberOf(tenant, e164 string) *Number { return s.ownNumbers[key{tenant, e164}] }

// Owned returns the number of any tenant to which calls stay in the house, or nil. A number that
// is being ported is none until that is done: another carrier may still have it. Calls that
// carriers bring to it are led all the same.
func (s *Snapshot) Owned(e164 string) *Number {
	if s.portingIn[e164] {
		return nil
	}
	return s.owned[e164]
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
