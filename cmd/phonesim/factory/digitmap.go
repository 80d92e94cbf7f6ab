package factory

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// DigitMap is how a phone decides, off hook, when a number that is being typed is
// whole: patterns in the form of RFC 3435 section 2.1.5, as Polycom reads them.
type DigitMap struct {
	patterns []digitPattern
	// Impossible is what happens at the first digit that fits no pattern any more: 0
	// sends what was typed so far, 1 plays a tone, 2 collects until the Send key.
	Impossible int
	// Pound reports whether '#' is a key that sends, unless a pattern has it written out
	// there; a set of keys with it does not count.
	Pound bool
}

type digitPattern struct {
	elements []digitElement
	timer    bool          // complete only after a pause
	pause    time.Duration // how long
}

// digitElement is one place of a pattern; a repeated one stands any number of times, or not.
type digitElement struct {
	set      string
	repeated bool
}

// usualPause is that of a pattern whose time the files do not say.
const usualPause = 3 * time.Second

// NewDigitMap reads patterns, and their pauses in seconds. Those that are not in the grammar are
// left out, as the phone does; their number is in the error, beside the map. A pause too many
// means nothing.
func NewDigitMap(text, pauses string, impossible int) (DigitMap, error) {
	m := DigitMap{Impossible: impossible}
	odd, times := 0, strings.Split(pauses, "|")
	for i, part := range strings.Split(text, "|") {
		p, ok := newDigitPattern(part)
		if !ok {
			odd++
			continue
		}
		p.pause = usualPause
		if i < len(times) {
			p.pause = seconds(times[i], p.pause)
		}
		m.patterns = append(m.patterns, p)
	}
	if odd > 0 {
		return m, fmt.Errorf("%d patterns of %q are not in the grammar", odd, text)
	}
	return m, nil
}

func newDigitPattern(text string) (p digitPattern, ok bool) {
	text, p.timer = strings.CutSuffix(text, "T")
	for text != "" {
		var e digitElement
		switch c := text[0]; {
		case c == '[':
			inside, rest, closed := strings.Cut(text[1:], "]")
			if e.set, ok = digitSet(inside); !closed || !ok {
				return p, false
			}
			text = rest
		case c == 'x':
			e.set, text = "0123456789", text[1:]
		case strings.IndexByte("0123456789*#+", c) >= 0:
			e.set, text = text[:1], text[1:]
		default:
			return p, false
		}
		if rest, found := strings.CutPrefix(text, "."); found {
			e.repeated, text = true, rest
		}
		p.elements = append(p.elements, e)
	}
	return p, len(p.elements) > 0
}

// digitSet reads what stands between brackets: keys, and ranges of digits.
func digitSet(text string) (set string, ok bool) {
	for i := 0; i < len(text); i++ {
		switch {
		case i+2 < len(text) && text[i+1] == '-' && text[i] >= '0' && text[i] < text[i+2] && text[i+2] <= '9':
			for d := text[i]; d <= text[i+2]; d++ {
				set += string(d)
			}
			i += 2
		case strings.IndexByte("0123456789*#", text[i]) >= 0:
			set += text[i : i+1]
		default:
			return "", false
		}
	}
	return set, set != ""
}

// read returns the places of a pattern that may come next after what was typed; one
// behind the last means that the pattern is complete.
func (p digitPattern) read(typed string) []int {
	at := p.skip(nil, 0)
	for i := range len(typed) {
		var next []int
		for _, n := range at {
			if n == len(p.elements) || strings.IndexByte(p.elements[n].set, typed[i]) < 0 {
				continue
			}
			if p.elements[n].repeated {
				next = p.skip(next, n)
			} else {
				next = p.skip(next, n+1)
			}
		}
		at = next
	}
	return at
}

// skip adds a place and those behind it that may be left out.
func (p digitPattern) skip(at []int, n int) []int {
	for at = append(at, n); n < len(p.elements) && p.elements[n].repeated; at = append(at, n) {
		n++
	}
	return at
}

// Sent is what a phone dials of what was typed.
type Sent struct {
	Number string        // "" while it waits for the Send key
	After  time.Duration // since the last of its digits; 0 is with it
	Left   string        // what was typed too late
}

// Type types a number digit by digit off hook, with a pause between two, and waits at the end.
func (m DigitMap) Type(number string, between time.Duration) Sent {
	for i := range len(number) {
		typed, left := number[:i+1], number[i+1:]
		possible, atOnce := false, false
		var ends []digitPattern
		for _, p := range m.patterns {
			at := p.read(typed)
			possible = possible || len(at) > 0
			switch {
			case !p.complete(at):
			case p.timer:
				ends = append(ends, p)
			default:
				atOnce = true
			}
		}
		byKey := m.Pound && number[i] == '#' && !m.hasPound(number[:i])
		if atOnce || byKey || !possible && m.Impossible == 0 {
			return Sent{Number: typed, Left: left}
		}
		if !possible {
			return Sent{}
		}
		if len(ends) == 0 {
			continue
		}
		p := slices.MinFunc(ends, func(a, b digitPattern) int { return cmp.Compare(a.pause, b.pause) })
		if left == "" || between > p.pause {
			return Sent{Number: typed, After: p.pause, Left: left}
		}
	}
	return Sent{}
}

// hasPound reports whether a pattern goes on with a '#' of its own behind what was typed.
func (m DigitMap) hasPound(typed string) bool {
	return slices.ContainsFunc(m.patterns, func(p digitPattern) bool {
		return slices.ContainsFunc(p.read(typed), func(n int) bool { return n < len(p.elements) && p.elements[n].set == "#" })
	})
}

func (p digitPattern) complete(at []int) bool {
	for _, n := range at {
		if n == len(p.elements) {
			return true
		}
	}
	return false
}
