package pbx

import (
	"regexp/syntax"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/nyaruka/phonenumbers"
)

// shortBeside are numbers that the library does not know, or whose price it has wrong, by
// the countries' own authorities: 113 Zelfmoordpreventie and 144 (ACM); the numbers of
// four digits that begin with 3, of which 3919 costs nothing (ARCEP); those of five digits
// that begin with 95 and 96, of banks and carriers (MIIT).
var shortBeside = map[string]struct{ known, free string }{
	"NL": {known: "1(?:13|44)", free: "1(?:13|44)"},
	"FR": {known: `3\d{3}`, free: "3919"},
	"CN": {known: `9[56]\d{3}`},
}

// TestNumberKinds compares numberkinds.tsv row by row with libphonenumber.
func TestNumberKinds(t *testing.T) {
	all, err := phonenumbers.MetadataCollection()
	if err != nil {
		t.Fatal(err)
	}
	short, err := phonenumbers.ShortNumberMetadataCollection()
	if err != nil {
		t.Fatal(err)
	}
	shorts := map[string]*phonenumbers.PhoneMetadata{}
	for _, m := range short.GetMetadata() {
		shorts[m.GetId()] = m
	}
	var rows []string
	for _, m := range all.GetMetadata() {
		rows = append(rows, kindRow(t, m, shorts[m.GetId()]))
	}
	checkTable(t, "numberkinds.tsv", numberKindsTSV, rows)
}

func kindRow(t *testing.T, m, short *phonenumbers.PhoneMetadata) string {
	ordinary := alternatives(m.GetFixedLine(), m.GetMobile(), m.GetTollFree(), m.GetVoip(), m.GetPersonalNumber(),
		m.GetPager(), m.GetUan(), m.GetVoicemail())
	premium, shared := alternatives(m.GetPremiumRate()), alternatives(m.GetSharedCost())
	row := []string{m.GetId(), strconv.Itoa(int(m.GetCountryCode())), premium, prefixesOf(t, premium, join(ordinary, shared)),
		shared, prefixesOf(t, shared, join(ordinary, premium))}
	known, free, costs := alternatives(short.GetShortCode()), alternatives(short.GetTollFree()), alternatives(short.GetPremiumRate())
	beside := shortBeside[m.GetId()]
	row = append(row, join(known, beside.known), join(free, beside.free), costs, beside.known)
	return strings.Join(row, "\t")
}

// alternatives is one expression for several descriptions; "" for numbers that are not there.
func alternatives(all ...*phonenumbers.PhoneNumberDesc) string {
	var texts []string
	for _, d := range all {
		if text := d.GetNationalNumberPattern(); text != "" && text != "NA" {
			texts = append(texts, text)
		}
	}
	return strings.Join(texts, "|")
}

func join(texts ...string) string {
	return strings.Join(slices.DeleteFunc(texts, func(s string) bool { return s == "" }), "|")
}

// maxPrefix bounds the prefixes: what longer numbers have in common is told by the pattern.
const maxPrefix = 4

// prefixesOf lists the shortest beginnings that numbers of one expression have and those of
// another have not: numbers of other lengths behind them cost as much where a carrier takes them.
func prefixesOf(t *testing.T, of, not string) string {
	if of == "" {
		return ""
	}
	var out []string
	var walk func(prefix string, a, b states)
	walk = func(prefix string, a, b states) {
		switch {
		case len(a.at) == 0 || len(prefix) > maxPrefix:
		case len(b.at) == 0:
			out = append(out, prefix)
		default:
			for d := '0'; d <= '9'; d++ {
				walk(prefix+string(d), a.after(d), b.after(d))
			}
		}
	}
	walk("", begin(t, of), begin(t, not))
	return strings.Join(out, " ")
}

// states are where an expression may be after a text was read.
type states struct {
	prog *syntax.Prog
	at   map[uint32]bool // instructions that read a rune, or match
}

func begin(t *testing.T, text string) states {
	if text == "" {
		return states{}
	}
	re, err := syntax.Parse("(?:"+text+")", syntax.Perl)
	if err != nil {
		t.Fatal(err)
	}
	prog, err := syntax.Compile(re.Simplify())
	if err != nil {
		t.Fatal(err)
	}
	s := states{prog, map[uint32]bool{}}
	s.enter(uint32(prog.Start), map[uint32]bool{})
	return s
}

// enter follows what reads nothing.
func (s states) enter(pc uint32, seen map[uint32]bool) {
	if seen[pc] {
		return
	}
	seen[pc] = true
	switch in := &s.prog.Inst[pc]; in.Op {
	case syntax.InstAlt, syntax.InstAltMatch:
		s.enter(in.Out, seen)
		s.enter(in.Arg, seen)
	case syntax.InstCapture, syntax.InstNop, syntax.InstEmptyWidth:
		s.enter(in.Out, seen)
	case syntax.InstFail:
	case syntax.InstMatch: // nothing goes on from here
	default:
		s.at[pc] = true
	}
}

func (s states) after(r rune) states {
	next := states{s.prog, map[uint32]bool{}}
	for pc := range s.at {
		if in := &s.prog.Inst[pc]; in.MatchRune(r) {
			next.enter(in.Out, map[uint32]bool{})
		}
	}
	return next
}
