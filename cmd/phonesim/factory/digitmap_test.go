package factory

import (
	"testing"
	"time"
)

// What a Polycom out of the box sends off hook, by the vendor's rules: part of an
// emergency number, of every code, of numbers abroad.
func TestFactoryDigitMap(t *testing.T) {
	m, err := NewDigitMap(FactoryMap, "3|3|3|3|3|3", 0)
	if err != nil {
		t.Fatal(err)
	}
	for typed, want := range map[string]Sent{
		"112": {Number: "11", Left: "2"}, "110": {Number: "11", Left: "0"}, "101": {Number: "10", Left: "1"}, "*97": {Number: "*", Left: "97"}, "**102": {Number: "*", Left: "*102"}, "0049301234567": {Number: "00", Left: "49301234567"}, "01711234567": {Number: "017", Left: "11234567"},
		"411": {Number: "411"}, "911": {Number: "911"}, "2001": {Number: "2001", After: 3 * time.Second}, "12025550123": {Number: "12025550123"}, "3012345678": {Number: "3012345678"}, "201": {}, "0": {Number: "0", After: 3 * time.Second},
		"011441234567": {Number: "011441234567", After: 3 * time.Second}, "000": {Number: "00", Left: "0"}, "+49": {Number: "+", Left: "49"},
	} {
		if got := m.Type(typed, 0); got != want {
			t.Errorf("%s: sent %+v, want %+v", typed, got, want)
		}
	}
}

// A pattern outside of the grammar matches nothing.
func TestDigitMapLeavesOutWhatIsNotInTheGrammar(t *testing.T) {
	for _, text := range []string{"[x*#+]x.T", "[1", "[]", "", "1,2", "T", "[3-1]"} {
		m, err := NewDigitMap(text, "", 2)
		if got := m.Type("112", 0); err == nil || got != (Sent{}) {
			t.Errorf("%q: %v, sent %+v", text, err, got)
		}
	}
	m, err := NewDigitMap("112|[0123456789*#].T", "3", 2)
	if err != nil || m.Type("112", 0) != (Sent{Number: "112"}) || m.Type("**102", 0) != (Sent{"**102", 3 * time.Second, ""}) {
		t.Error(m.Type("112", 0), m.Type("**102", 0), err)
	}
}
