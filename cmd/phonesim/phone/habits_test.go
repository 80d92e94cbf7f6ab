package phone

import (
	"slices"
	"testing"
)

// Phones out of the box do what no office wants.
func TestFactoryHabits(t *testing.T) {
	polycom, yealink := &Config{Vendor: Polycom}, &Config{Vendor: Yealink}
	for _, tt := range []struct {
		what      string
		got, want any
	}{
		{"a Polycom dials 112", polycom.OffHook("112"), Sent{Number: "11"}},
		{"a Yealink dials 112", yealink.OffHook("112"), Sent{Number: "112", Paused: true}},
		{"a Yealink dials by #", yealink.OffHook("112#").Number, "112"},
		{"a Polycom takes a call", polycom.TakesRinging("102"), "*97102"},
		{"a Yealink takes a call", yealink.TakesRinging("102"), ""},
		{"a Yealink's caller", slices.Equal(yealink.CallerFrom(), []string{"From"}), true},
		{"a Polycom's caller", polycom.CallerFrom()[0], "P-Asserted-Identity"},
		{"strangers ring a Polycom", polycom.Strangers(), true}, {"strangers ring a Yealink", yealink.Strangers(), true},
		{"a Polycom forwards", polycom.Forwards(), true}, {"a Yealink forwards", yealink.Forwards(), true},
		{"do not disturb of a Polycom", polycom.DoNotDisturb(), 486}, {"do not disturb of a Yealink", yealink.DoNotDisturb(), 480},
		{"a Polycom refuses", polycom.Refused(), 603}, {"a Yealink refuses", yealink.Refused(), 486},
	} {
		if tt.got != tt.want {
			t.Errorf("%s: %v, want %v", tt.what, tt.got, tt.want)
		}
	}
	if in, out := polycom.RingsFor(); in != 60 || out != 60 {
		t.Errorf("a Polycom rings for %d s and waits %d s", in, out)
	}
}

// A Yealink whose digit map is switched on alone sends the first digit of most codes, and
// a rule of another system sends at once.
func TestYealinkDialRules(t *testing.T) {
	on := &Config{Vendor: Yealink, Values: map[string]string{"dialplan.digitmap.enable": "1"}}
	if got := on.OffHook("*97"); got != (Sent{Number: "*9"}) {
		t.Errorf("with its own map *97 leaves as %+v", got)
	}
	left := &Config{Vendor: Yealink, Values: map[string]string{"dialplan.dialnow.rule.2": "911", "dialplan.dialnow.rule.1": "%NULL%"}}
	if got := left.OffHook("91101"); got != (Sent{Number: "911"}) {
		t.Errorf("a rule left behind sends %+v", got)
	}
}
