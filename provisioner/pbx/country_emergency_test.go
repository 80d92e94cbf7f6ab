package pbx

import (
	"fmt"
	"math"
	"regexp/syntax"
	"slices"
	"testing"

	"github.com/nyaruka/phonenumbers"
)

// TestEmergencyNumbersAsLibphonenumber asks the library for every number of two and
// three digits, and for the longer ones that its patterns can mean. The lengths that
// the metadata lists play no part here; the table is made by them.
func TestEmergencyNumbersAsLibphonenumber(t *testing.T) {
	short, err := phonenumbers.ShortNumberMetadataCollection()
	if err != nil {
		t.Fatal(err)
	}
	var candidates []string
	for digits := 2; digits <= 3; digits++ {
		for n := range int(math.Pow10(digits)) {
			candidates = append(candidates, fmt.Sprintf("%0*d", digits, n))
		}
	}
	for _, m := range short.GetMetadata() {
		if text := m.GetEmergency().GetNationalNumberPattern(); text != "" && text != "NA" {
			re, err := syntax.Parse(text, syntax.Perl)
			if err != nil {
				t.Fatal(err)
			}
			candidates = append(candidates, meant(t, re)...)
		}
	}
	slices.Sort(candidates)
	candidates = slices.Compact(candidates)
	byName, _ := countries()
	for iso := range byName {
		var want []string
		for _, s := range candidates {
			if phonenumbers.IsEmergencyNumber(s, iso) {
				want = append(want, s)
			}
		}
		got := slices.Sorted(slices.Values(EmergencyNumbers(iso)))
		if len(want) == 0 {
			want = []string{"112", "911"}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %v reach help, want %v", iso, got, want)
		}
		for _, s := range want {
			if r, ok := ReadDialled(iso, s); !ok || !r.Emergency || !outwardPattern.MatchString(r.Number) {
				t.Errorf("%s: %s is read as %+v, %v", iso, s, r, ok)
			}
		}
	}
	if len(byName) < 240 {
		t.Errorf("only %d countries", len(byName))
	}
}

// TestEmergencyNumbersByHand are from the countries' own authorities.
func TestEmergencyNumbersByHand(t *testing.T) {
	for iso, want := range map[string][]string{
		"PH": {"911", "112"}, "RU": {"112"}, "TH": {"191"}, "VN": {"113"}, "PE": {"105"}, "PK": {"15"}, "MA": {"19"}, "TN": {"197"}, "JM": {"119"}, "TT": {"999"},
		"PR": {"911"}, "EC": {"911"}, "BY": {"112"}, "RE": {"15"}, "MC": {"112"}, "VA": {"112"}, "DE": {"110", "112"}, "US": {"911"}, "GB": {"999", "112"}, "": {"112", "911"},
	} {
		for _, n := range want {
			if !slices.Contains(EmergencyNumbers(iso), n) {
				t.Errorf("%s: %s is none of %v", iso, n, EmergencyNumbers(iso))
			}
		}
	}
}

// meant lists what a regular expression without unbounded repetition matches.
func meant(t *testing.T, re *syntax.Regexp) []string {
	switch re.Op {
	case syntax.OpLiteral:
		return []string{string(re.Rune)}
	case syntax.OpEmptyMatch:
		return []string{""}
	case syntax.OpCapture:
		return meant(t, re.Sub[0])
	case syntax.OpQuest:
		return append([]string{""}, meant(t, re.Sub[0])...)
	case syntax.OpCharClass:
		var out []string
		for i := 0; i < len(re.Rune); i += 2 {
			for c := re.Rune[i]; c <= re.Rune[i+1]; c++ {
				out = append(out, string(c))
			}
		}
		return out
	case syntax.OpAlternate:
		var out []string
		for _, sub := range re.Sub {
			out = append(out, meant(t, sub)...)
		}
		return out
	case syntax.OpRepeat:
		return slices.Concat(repeated(t, re)...)
	case syntax.OpConcat:
		out := []string{""}
		for _, sub := range re.Sub {
			out = pairs(out, meant(t, sub))
		}
		return out
	}
	t.Fatalf("%s is nothing that can be listed", re)
	return nil
}

// repeated lists what a repetition matches, by the number of turns.
func repeated(t *testing.T, re *syntax.Regexp) (turns [][]string) {
	once, all := meant(t, re.Sub[0]), []string{""}
	for n := 0; n <= re.Max; n++ {
		if n >= re.Min {
			turns = append(turns, all)
		}
		all = pairs(all, once)
	}
	return turns
}

func pairs(as, bs []string) (out []string) {
	for _, a := range as {
		for _, b := range bs {
			out = append(out, a+b)
		}
	}
	return out
}
