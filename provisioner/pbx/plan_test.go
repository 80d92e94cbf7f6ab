package pbx

import "testing"

// TestDeclined: who declines is busy; a carrier that does has not put the call through.
func TestDeclined(t *testing.T) {
	next := follow(1, 2, 3, 4)
	for _, c := range []struct {
		leg  Leg
		want int
	}{{Leg{Endpoint: "desk"}, 3}, {Leg{Endpoint: "trunk", Outside: "+49301234"}, 2}} {
		p := Plan{Steps: []Step{{Kind: StepDial, Legs: []Leg{c.leg}, Next: next}, {}, {}, {}, {}}}
		if got := p.After(0, ParseOutcome("DECLINED")); got != c.want {
			t.Errorf("after %+v declined comes step %d, want %d", c.leg, got, c.want)
		}
	}
}
