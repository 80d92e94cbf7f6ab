package phone

import "testing"

// What a Polycom out of the box sends off hook, by the vendor's rules: part of an
// emergency number, of every code, of numbers abroad.
func TestFactoryDigitMap(t *testing.T) {
	m, err := NewDigitMap(FactoryDigitMap, 0)
	if err != nil {
		t.Fatal(err)
	}
	for typed, want := range map[string]Sent{
		"112": {Number: "11"}, "110": {Number: "11"}, "101": {Number: "10"}, "*97": {Number: "*"}, "**102": {Number: "*"}, "0049301234567": {Number: "00"}, "01711234567": {Number: "017"},
		"411": {Number: "411"}, "911": {Number: "911"}, "2001": {Number: "2001", Paused: true}, "12025550123": {Number: "12025550123"}, "3012345678": {Number: "3012345678"}, "201": {}, "0": {Number: "0", Paused: true},
		"011441234567": {Number: "011441234567", Paused: true}, "000": {Number: "00"}, "+49": {Number: "+"},
	} {
		if got := m.Type(typed); got != want {
			t.Errorf("%s: sent %+v, want %+v", typed, got, want)
		}
	}
}

// A pattern outside of the grammar matches nothing.
func TestDigitMapLeavesOutWhatIsNotInTheGrammar(t *testing.T) {
	for _, text := range []string{"[x*#+]x.T", "[1", "[]", "", "1,2", "T", "[3-1]"} {
		m, err := NewDigitMap(text, 2)
		if got := m.Type("112"); err == nil || got != (Sent{}) {
			t.Errorf("%q: %v, sent %+v", text, err, got)
		}
	}
	m, err := NewDigitMap("112|[0123456789*#].T", 2)
	if err != nil || m.Type("112") != (Sent{Number: "112"}) || m.Type("**102") != (Sent{"**102", true}) {
		t.Error(m.Type("112"), m.Type("**102"), err)
	}
}
