package directory

import (
	"strings"

	ber "github.com/go-asn1-ber/asn1-ber"
)

// truth is what a filter says of an entry, of three values: not of something undefined is
// undefined (RFC 4511, 4.5.1.7).
type truth int

const (
	no        truth = -1
	undefined truth = 0
	yes       truth = 1
)

func truthOf(b bool) truth {
	if b {
		return yes
	}
	return no
}

// The kinds of filter, by their tags.
const (
	filterAnd        ber.Tag = 0
	filterOr         ber.Tag = 1
	filterNot        ber.Tag = 2
	filterEqual      ber.Tag = 3
	filterSubstrings ber.Tag = 4
	filterPresent    ber.Tag = 7
	filterApprox     ber.Tag = 8
)

// matches asks a filter about an entry. What it does not know is undefined.
func matches(f *ber.Packet, e entry) truth {
	switch f.Tag {
	case filterAnd, filterOr:
		out := yes
		if f.Tag == filterOr {
			out = no
		}
		for _, part := range f.Children {
			if t := matches(part, e); f.Tag == filterAnd {
				out = min(out, t)
			} else {
				out = max(out, t)
			}
		}
		return out
	case filterNot:
		if len(f.Children) != 1 {
			return undefined
		}
		return -matches(f.Children[0], e)
	case filterPresent:
		return truthOf(len(e.values(text(f))) > 0)
	case filterEqual, filterApprox:
		return e.compare(f, func(value string, wanted *ber.Packet) bool { return value == fold(text(wanted)) })
	case filterSubstrings:
		return e.compare(f, holdsParts)
	}
	return undefined
}

// mostConditions is how many parts a filter may have. Phones ask for a name or a number in a
// handful of attributes.
const mostConditions = 64

// bounded reports whether the filter of a search is one that a phone would send.
func (r *request) bounded() bool { return conditions(r.filter) <= mostConditions }

func conditions(f *ber.Packet) int {
	n := 1
	for _, part := range f.Children {
		n += conditions(part)
	}
	return n
}

// compare asks about the values of the attribute that a filter names first.
func (e entry) compare(f *ber.Packet, is func(value string, wanted *ber.Packet) bool) truth {
	if len(f.Children) != 2 {
		return undefined
	}
	values := e.values(text(f.Children[0]))
	if len(values) == 0 {
		return undefined
	}
	for _, v := range values {
		if is(fold(v), f.Children[1]) {
			return yes
		}
	}
	return no
}

// The places of a part of a substring filter.
const (
	partInitial ber.Tag = 0
	partFinal   ber.Tag = 2
)

// holdsParts reports whether a value has all parts of a substring filter, one behind the other.
func holdsParts(value string, parts *ber.Packet) bool {
	for _, part := range parts.Children {
		wanted := fold(text(part))
		switch part.Tag {
		case partInitial:
			rest, is := strings.CutPrefix(value, wanted)
			if !is {
				return false
			}
			value = rest
		case partFinal:
			return strings.HasSuffix(value, wanted)
		default:
			_, rest, is := strings.Cut(value, wanted)
			if !is {
				return false
			}
			value = rest
		}
	}
	return true
}

// fold makes texts alike that people type alike: by case, and by blanks at the ends.
func fold(s string) string { return strings.TrimSpace(strings.ToLower(s)) }
