package pbx

import (
	"cmp"
	"regexp"
	"slices"
)

// Rate is what a minute costs that has begun, to numbers with a prefix: of the platform or of
// a reseller, for the tenants below it. The currency is the owner's to choose; all tables above
// a tenant have the same.
type Rate struct {
	Reseller string // owner; "" is the platform
	Prefix   string // of E.164, with +; "+" is every number
	Price    int    // in thousandths of a unit, 0–1,000,000,000
	Version  int64
	Revision int64
}

// MaxRates bounds the rates of an owner.
const MaxRates = 20_000

var ratePattern = regexp.MustCompile(`^\+([1-9][0-9]{0,14})?$`)

// Validate returns all broken rules.
func (r *Rate) Validate() error {
	var es Errors
	es.Add(CheckRatePrefix("prefix", r.Prefix))
	if r.Price < 0 || r.Price > 1_000_000_000 {
		es.Add(Invalidf("price", "must be 0 to 1000000000 thousandths"))
	}
	if r.Reseller != "" {
		es.Add(CheckResellerName("reseller", r.Reseller))
	}
	return es.Err()
}

// CheckRatePrefix refuses what no number in E.164 begins with.
func CheckRatePrefix(field, s string) *Error {
	if !ratePattern.MatchString(s) {
		return Invalidf(field, "%s is not + and the first digits of a number in E.164, such as +4989; + alone is every number",
			quote(s))
	}
	return nil
}

// rateTable are the rates of one owner.
type rateTable struct {
	byPrefix map[string]int
	dearest  int
}

func (s *Snapshot) indexRates() {
	s.rates, s.parents = map[string]*rateTable{}, make(map[string]string, len(s.Resellers))
	slices.SortFunc(s.Resellers, func(a, b *Reseller) int { return cmp.Compare(a.Name, b.Name) })
	for _, r := range s.Resellers {
		s.parents[r.Name] = r.Parent
	}
	byKey(s.Rates, func(r *Rate) key { return key{r.Reseller, r.Prefix} })
	for _, r := range s.Rates {
		t := s.rates[r.Reseller]
		if t == nil {
			t = &rateTable{byPrefix: map[string]int{}}
			s.rates[r.Reseller] = t
		}
		t.byPrefix[r.Prefix], t.dearest = r.Price, max(t.dearest, r.Price)
	}
}

// PriceOf returns what a minute to a number costs a tenant. The nearest account above that has
// a prefix of the number says it, by the longest one; where none has, the dearest price of all
// of them holds. Without any table it is 0.
func (s *Snapshot) PriceOf(tenant, number string) int {
	t := s.Tenant(tenant)
	if t == nil {
		return 0
	}
	dearest, owner := 0, t.Reseller
	for range len(s.parents) + 1 { // a tree of resellers is no deeper
		if table := s.rates[owner]; table != nil {
			for n := min(len(number), 16); n > 0; n-- {
				if price, known := table.byPrefix[number[:n]]; known {
					return price
				}
			}
			dearest = max(dearest, table.dearest)
		}
		if owner == "" {
			break
		}
		owner = s.parents[owner]
	}
	return dearest
}
