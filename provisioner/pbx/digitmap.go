package pbx

import (
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Dialling is what a phone must know of a tenant's numbers to send one while it is typed.
type Dialling struct {
	// Map is a digit map (RFC 3435 section 2.1.5): patterns of what is sent at once, best
	// first, and at the end one that sends anything after a pause. What begins another
	// number is in none but the last, so that nothing is sent in part.
	Map string
	// Pound reports whether a code has '#', which phones take for their key to send.
	Pound bool
	// Emergency are the numbers that reach help, sorted.
	Emergency []string
}

const (
	// anyDigits matches whatever can be typed, and is sent after a pause. It is the
	// form that runs on every Polycom: x stands for no star, and not inside of brackets.
	anyDigits = "[0123456789*#].T"
	// maxMap and maxPatterns are the limits of Polycom's first software, 512 bytes and 20
	// patterns, less those for what a template adds.
	maxMap      = 480
	maxPatterns = 17
)

// indexDialling prepares DiallingOf, which costs something for tenants with phones alone.
func (s *Snapshot) indexDialling() {
	s.dialling = make(map[string]func() Dialling, len(s.Tenants))
	for _, t := range s.Tenants {
		s.dialling[t.Name] = sync.OnceValue(func() Dialling { return newNumbering(s, t.Name).dialling() })
	}
}

// DiallingOf returns what phones of a tenant must know of its numbers.
func (s *Snapshot) DiallingOf(tenant string) Dialling {
	if of := s.dialling[tenant]; of != nil {
		return of()
	}
	return Dialling{Map: anyDigits}
}

// numbering is everything that is dialled in a tenant.
type numbering struct {
	countries []string
	codes     map[Feature]string
	emergency []string
	own       []string // extensions, groups and park slots, of digits
	longer    []string // all that is dialled as it stands: own numbers, external ones, codes, emergency numbers

	ownLengths, lengths map[string]int // of own and longer: of the longest by its first digit, and by two
}

func newNumbering(s *Snapshot, tenant string) *numbering {
	c := s.CodesOf(tenant)
	n := &numbering{countries: s.CountriesOf(tenant), codes: c.Codes, emergency: s.EmergencyNumbersOf(tenant)}
	for _, e := range s.ExtensionsOf(tenant) {
		n.own = append(n.own, e.Number)
	}
	for _, g := range rowsOf(s.RingGroups, tenant, func(g *RingGroup) string { return g.Tenant }) {
		n.own = append(n.own, g.Number)
	}
	for _, q := range rowsOf(s.Queues, tenant, func(q *Queue) string { return q.Tenant }) {
		n.own = append(n.own, q.Number)
	}
	for slot, last := c.Slots(); slot > 0 && slot <= last; slot++ {
		n.own = append(n.own, strconv.Itoa(slot))
	}
	n.own = slices.DeleteFunc(n.own, func(number string) bool {
		return number == "" || strings.Trim(number, digits) != "" // a keypad types no letters
	})
	n.longer = append(slices.Clone(n.own), n.emergency...)
	for _, e := range rowsOf(s.ExternalNumbers, tenant, func(e *ExternalNumber) string { return e.Tenant }) {
		n.longer = append(n.longer, e.Number)
	}
	for _, f := range Features {
		if code := n.codes[f.Feature]; code != "" && !f.Feature.pressed() {
			n.longer = append(n.longer, code)
		}
	}
	n.ownLengths, n.lengths = longest(n.own), longest(n.longer)
	return n
}

// rowsOf returns the rows of a tenant among rows sorted by tenant.
func rowsOf[T any](rows []*T, tenant string, of func(*T) string) []*T {
	first, _ := slices.BinarySearchFunc(rows, tenant, func(r *T, t string) int { return strings.Compare(of(r), t) })
	last := first
	for last < len(rows) && of(rows[last]) == tenant {
		last++
	}
	return rows[first:last]
}

// dialling puts the patterns together. What the limits leave out waits for the pause.
func (n *numbering) dialling() Dialling {
	out := Dialling{Emergency: n.emergency}
	for _, code := range n.codes {
		out.Pound = out.Pound || strings.Contains(code, "#")
	}
	size := 0
	var kept []string
	for _, p := range slices.Concat(n.help(), n.poundCodes(), n.extensions(), n.behindCodes(), n.bareCodes()) {
		if len(kept) < maxPatterns && size+len(p) < maxMap {
			kept, size = append(kept, p), size+len(p)+1
		}
	}
	out.Map = strings.Join(append(kept, anyDigits), "|")
	return out
}

// help lists the emergency numbers that begin nothing else.
func (n *numbering) help() []string {
	return slices.DeleteFunc(slices.Clone(n.emergency), n.goesOn)
}

// extensions are patterns for own numbers, by what they begin with and their length: by
// the first digit, and by two where numbers that leave may begin with it.
func (n *numbering) extensions() []string {
	var out, two []string
	for d := range digits {
		if !n.open(digits[d : d+1]) {
			out = append(out, n.whole("", digits[d:d+1])...)
			continue
		}
		for e := range digits {
			if begin := digits[d:d+1] + digits[e:e+1]; !n.open(begin) {
				two = append(two, n.whole("", begin)...)
			}
		}
		out, two = append(out, merged(two, 1)...), nil
	}
	return merged(out, 0)
}

// whole is the pattern of the longest own numbers that begin so, behind a code or not;
// nothing where something else is longer.
func (n *numbering) whole(code, begin string) []string {
	length := n.ownLengths[begin]
	if length == 0 || code == "" && length < n.lengths[begin] {
		return nil
	}
	return []string{code + begin + strings.Repeat("x", length-len(begin))}
}

// behindCodes are patterns for codes that are dialled before a number of the tenant.
func (n *numbering) behindCodes() []string {
	var out []string
	for _, f := range []Feature{FeatureDirectedPickup, FeatureIntercom, FeatureMonitor} {
		code := n.codes[f]
		if code == "" || n.leaves(code) {
			continue
		}
		var at []string
		for d := range digits {
			at = append(at, n.whole(code, digits[d:d+1])...)
		}
		out = append(out, merged(at, len(code))...)
	}
	return out
}

// poundCodes are patterns for codes with '#'. Older phones take that for their key to send,
// unless a pattern has it where it was typed, so these come before others.
func (n *numbering) poundCodes() []string {
	var out []string
	for _, f := range Features {
		code := n.codes[f.Feature]
		switch {
		case !strings.Contains(code, "#") || f.Feature.pressed():
		case f.Takes || n.goesOn(code):
			out = append(out, code+"x.T")
		default:
			out = append(out, code)
		}
	}
	slices.Sort(out)
	return out
}

// bareCodes are the codes that no number follows and that begin nothing else; those with '#'
// are among poundCodes.
func (n *numbering) bareCodes() []string {
	var out []string
	for _, f := range Features {
		if code := n.codes[f.Feature]; code != "" && !f.Takes && !f.Feature.pressed() && !n.goesOn(code) &&
			!strings.Contains(code, "#") {
			out = append(out, code)
		}
	}
	slices.Sort(out)
	var groups []string
	for len(out) > 0 {
		same := out[:1]
		for len(same) < len(out) && len(out[len(same)]) == len(out[0]) &&
			out[len(same)][:len(out[0])-1] == out[0][:len(out[0])-1] {
			same = out[:len(same)+1]
		}
		groups = append(groups, merged(same, len(out[0])-1)...)
		out = out[len(same):]
	}
	return groups
}

const digits = "0123456789"

// longest returns the length of the longest of the numbers by their first digit, and by
// two.
func longest(numbers []string) map[string]int {
	out := map[string]int{}
	for _, number := range numbers {
		for n := 1; n <= min(2, len(number)); n++ {
			out[number[:n]] = max(out[number[:n]], len(number))
		}
	}
	return out
}

// goesOn reports whether what is dialled begins something longer.
func (n *numbering) goesOn(dialled string) bool {
	return n.leaves(dialled) || slices.ContainsFunc(n.longer, func(longer string) bool {
		return len(longer) > len(dialled) && strings.HasPrefix(longer, dialled)
	})
}

// open reports whether what begins so has no known end: a number that leaves, or one
// behind a code of digits.
func (n *numbering) open(begin string) bool {
	return n.leaves(begin) || slices.ContainsFunc(Features, func(f FeatureKind) bool {
		code := n.codes[f.Feature]
		return f.Takes && code != "" && (strings.HasPrefix(code, begin) || strings.HasPrefix(begin, code))
	})
}

// leaves reports whether numbers that leave may begin so in one of the countries.
func (n *numbering) leaves(dialled string) bool {
	return slices.ContainsFunc(n.countries, func(iso string) bool { return beginsOutside(iso, dialled) })
}

// merged writes patterns that differ in the character at that place alone as one, in
// their order.
func merged(patterns []string, at int) []string {
	byRest := map[string]string{}
	var order []string
	for _, p := range patterns {
		rest := p[:at] + "\x00" + p[at+1:]
		if byRest[rest] == "" {
			order = append(order, rest)
		}
		byRest[rest] += p[at : at+1]
	}
	out := make([]string, len(order))
	for i, rest := range order {
		set := byRest[rest]
		if len(set) > 1 {
			set = "[" + set + "]"
		}
		out[i] = strings.Replace(rest, "\x00", set, 1)
	}
	return out
}
