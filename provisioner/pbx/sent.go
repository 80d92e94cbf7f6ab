package pbx

import (
	"cmp"
	"slices"
	"strings"
)

// sentWay is a way in which carriers write a number as the one called: what stands before its
// last digits, in place of the first ones of E.164.
type sentWay struct {
	writes string
	means  string   // without the +
	of     *country // that must have the number; nil for any
}

// sentWays are those of a country, best first: with and without +, as dialled from abroad and
// within the country.
func sentWays(iso string) []sentWay {
	byName, _ := countries()
	if c := byName[iso]; c != nil {
		return c.sent()
	}
	return sentAnywhere
}

var sentAnywhere = []sentWay{{writes: "+"}, {}, {writes: "00"}}

func (c *country) sentWays() []sentWay {
	return []sentWay{{writes: "+"}, {}, {writes: c.exit}, {writes: "00"}, {c.trunk, c.code, c}, {"", c.code, c}}
}

// write returns a number, digits of E.164, in one way; false where it is not written so.
func (w sentWay) write(digits string) (string, bool) {
	rest, begins := strings.CutPrefix(digits, w.means)
	return w.writes + rest, begins && (w.of == nil || w.of.has(digits))
}

// read finds the number that is written in one way; nil for none.
func (w sentWay) read(called string, find func(e164 string) *Number) *Number {
	rest, begins := strings.CutPrefix(called, w.writes)
	if !begins {
		return nil
	}
	if n := find("+" + w.means + rest); n != nil && (w.of == nil || w.of.has(n.Number[1:])) {
		return n
	}
	return nil
}

// sentAs returns the ways in which carriers may write one of our numbers, best first.
func sentAs(iso, number string) (out []string) {
	for _, w := range sentWays(iso) {
		if way, is := w.write(number[1:]); is {
			out = append(out, way)
		}
	}
	return out
}

// NumberSent returns the number of a tenant that a carrier means, or nil.
func (s *Snapshot) NumberSent(tenant, called string) *Number {
	t := s.Tenant(tenant)
	if t == nil {
		return nil
	}
	for _, w := range sentWays(t.Country) {
		if n := w.read(called, func(e164 string) *Number { return s.ownNumbers[key{tenant, e164}] }); n != nil {
			return n
		}
	}
	return nil
}

// NumberCalled returns the number that a carrier means, of whichever tenant, or nil.
// Tenants may have trunks at the same carrier, whose addresses do not tell them apart, so
// the number does. Where numbers of several tenants are written alike, as without their
// calling codes, it is the one of tenant, to whose trunk the call came.
func (s *Snapshot) NumberCalled(tenant, called string) *Number {
	if n := s.NumberSent(tenant, called); n != nil {
		return n
	}
	return s.sentToAny(called)
}

// sentToAny returns the number that a carrier means among those of all tenants, or nil: a
// better way of one number goes before a worse one of another.
func (s *Snapshot) sentToAny(called string) (best *Number) {
	for w := range sentWaysMost {
		for _, iso := range s.countries {
			ways := sentWays(iso)
			if w >= len(ways) {
				continue
			}
			n := ways[w].read(called, func(e164 string) *Number { return s.owned[e164] })
			if n != nil && s.sentIn(n, iso) && (best == nil || compareNumbers(n, best) < 0) {
				best = n
			}
		}
		if best != nil {
			return best
		}
	}
	return nil
}

// sentWaysMost is the most ways that a country has.
const sentWaysMost = 6

// sentIn reports whether the number's tenant is in a country.
func (s *Snapshot) sentIn(n *Number, iso string) bool {
	t := s.Tenant(n.Tenant)
	return t != nil && t.Country == iso
}

func compareNumbers(a, b *Number) int {
	return cmp.Or(cmp.Compare(a.Tenant, b.Tenant), cmp.Compare(a.Number, b.Number))
}

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

// SentNumber is a number in one way that carriers write it.
type SentNumber struct {
	Sent   string
	Number *Number
}

// SentToAny returns the numbers of all tenants in every way that carriers write them,
// sorted by that. It is what NumberCalled knows without the trunk's tenant.
func (s *Snapshot) SentToAny() []SentNumber {
	sent := map[string]*Number{}
	for w := range sentWaysMost {
		for _, n := range s.Numbers {
			t := s.Tenant(n.Tenant)
			if t == nil || w >= len(sentWays(t.Country)) {
				continue
			}
			if way, is := sentWays(t.Country)[w].write(n.Number[1:]); is && sent[way] == nil {
				sent[way] = n
			}
		}
	}
	out := make([]SentNumber, 0, len(sent))
	for way, n := range sent {
		out = append(out, SentNumber{way, n})
	}
	slices.SortFunc(out, func(a, b SentNumber) int { return cmp.Compare(a.Sent, b.Sent) })
	return out
}

// SentOtherwise returns what NumberCalled says otherwise for trunks of a tenant, sorted.
func (s *Snapshot) SentOtherwise(tenant string) (out []SentNumber) {
	for _, n := range s.NumbersOf(tenant) {
		for _, way := range s.SentAs(n) {
			if s.sentToAny(way) != n {
				out = append(out, SentNumber{way, n})
			}
		}
	}
	slices.SortFunc(out, func(a, b SentNumber) int { return cmp.Compare(a.Sent, b.Sent) })
	return out
}
