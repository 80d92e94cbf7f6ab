package pbx

import (
	"regexp/syntax"
	"strings"
	"sync"
)

// beginsOutside reports whether a number that leaves may begin with what is dialled in
// a country and be longer. It may say so of what no number begins with, never the other
// way round. Without a country no number leaves that a keypad can type.
func beginsOutside(iso, dialled string) bool {
	byName, _ := countries()
	c := byName[iso]
	if c == nil || dialled == "" || strings.Trim(dialled, "0123456789") != "" {
		return false
	}
	if c.code == "1" { // the North American plan: 1 and any area code of it, of which none ends in 11
		return dialled[0] != '0' && (len(dialled) < 3 || dialled[0] == '1' || dialled[1:3] != "11") ||
			strings.HasPrefix("011", dialled) || strings.HasPrefix(dialled, "011")
	}
	exit, trunk, national := beginning(c.texts[0]), beginning(c.texts[1]), beginning(c.texts[3]+"$")
	if exit.goesOn(dialled) || exit.whole(dialled) || trunk.goesOn(dialled) {
		return true
	}
	if trunk == nil {
		return national.goesOn(dialled)
	}
	p := c.patterns()
	if m := p.trunk.FindStringIndex(dialled); m != nil && m[1] > 0 && (m[1] == len(dialled) || national.goesOn(dialled[m[1]:])) {
		return true
	}
	for i := 1; i < len(p.bare); i += 2 {
		whole, leading := beginning(p.bare[i].String()), p.bare[i-1]
		if whole.goesOn(dialled) && national.goesOn(dialled) && (leading.MatchString(dialled) || beginning(leading.String()).goesOn(dialled)) {
			return true
		}
	}
	return false
}

// automaton runs a pattern over what a text may begin with.
type automaton struct{ prog *syntax.Prog }

// automata are by pattern: those of a country are compiled when a tenant is there.
var automata sync.Map

// beginning returns the automaton of a pattern that stands at the beginning; nil for "".
// A pattern of the table that does not compile is a programming error.
func beginning(pattern string) *automaton {
	if pattern == "" || pattern == "$" {
		return nil
	}
	if a, ok := automata.Load(pattern); ok {
		return a.(*automaton)
	}
	re, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		panic(err)
	}
	prog, err := syntax.Compile(re.Simplify())
	if err != nil {
		panic(err)
	}
	a, _ := automata.LoadOrStore(pattern, &automaton{prog})
	return a.(*automaton)
}

// goesOn reports whether a match can begin with text and be longer.
func (a *automaton) goesOn(text string) bool {
	more, _ := a.run(text)
	return more
}

// whole reports whether a match ends within text.
func (a *automaton) whole(text string) bool {
	_, ended := a.run(text)
	return ended
}

func (a *automaton) run(text string) (more, ended bool) {
	if a == nil {
		return false, false
	}
	at := a.closure(nil, uint32(a.prog.Start))
	for _, r := range text {
		var next []uint32
		for _, pc := range at {
			switch i := &a.prog.Inst[pc]; i.Op {
			case syntax.InstMatch:
				ended = true
			default:
				if i.MatchRune(r) {
					next = a.closure(next, i.Out)
				}
			}
		}
		at = next
	}
	for _, pc := range at {
		if a.prog.Inst[pc].Op == syntax.InstMatch {
			ended = true
		} else {
			more = true
		}
	}
	return more, ended
}

// closure adds what is reached without reading: instructions that read, and the end. An
// end of text is taken for reached, which whole alone can see.
func (a *automaton) closure(at []uint32, pc uint32) []uint32 {
	for _, seen := range at {
		if seen == pc {
			return at
		}
	}
	switch i := &a.prog.Inst[pc]; i.Op {
	case syntax.InstAlt, syntax.InstAltMatch:
		return a.closure(a.closure(at, i.Out), i.Arg)
	case syntax.InstCapture, syntax.InstNop, syntax.InstEmptyWidth:
		return a.closure(at, i.Out)
	case syntax.InstFail:
		return at
	}
	return append(at, pc)
}
