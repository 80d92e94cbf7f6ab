package pbx

import (
	"strings"
	"testing"
	"time"
)

func TestParseAnswer(t *testing.T) {
	for in, want := range map[string]int{"CHANUNAVAIL21/603": 603, "CONGESTION34/503": 503, "BUSY/486": 486, "CHANUNAVAIL21/": 0,
		"CHANUNAVAIL21": 0, "": 0, "/": 0, "ANSWER/200": 0, "CHANUNAVAIL/1e3": 0, "CHANUNAVAIL/ 403": 0, "X/700": 0, "X/-403": 0} {
		if got, rang := ParseAnswer(in); got != want || rang {
			t.Errorf("%q is %d, rang %v, want %d", in, got, rang, want)
		}
		if got, rang := ParseAnswer(in + "r"); strings.Contains(in, "/") && (got != want || !rang) {
			t.Errorf("%sr is %d, rang %v, want %d", in, got, rang, want)
		}
	}
}

// TestAnswersAreHandedOn: what a carrier says ends the call as it was said, with the SIP code
// in the rule. A call that was forwarded there goes to the mailbox all the same.
func TestAnswersAreHandedOn(t *testing.T) {
	for text, want := range map[string]string{
		"CHANUNAVAIL21/403": "21 SIP 403", "CHANUNAVAIL21/401": "21 SIP 401", "CHANUNAVAIL21/603": "17 SIP 603",
		"CHANUNAVAIL58/488": "58 SIP 488", "CHANUNAVAIL38/500": "38 SIP 500", "CHANUNAVAIL18/408": "18 SIP 408",
		"CONGESTION34/503": "34 SIP 503", "CHANUNAVAIL102/504": "34 SIP 504", "CHANUNAVAIL127/433": "34 SIP 433",
		"CHANUNAVAIL18/": "34 through", "CHANUNAVAIL3": "34 through", "CHANUNAVAIL1/604": "1 SIP 604", "BUSY/600": "17 SIP 600",
	} {
		b := officeBehindDoors()
		c := b.call
		c.Dialled, c.Resumed = mobile, true
		c.Answer, c.Rang = ParseAnswer(text)
		p := Route(NewSnapshot(1, b.rows), c, time.Time{})
		step := p.Steps[p.After(0, ParseOutcome(text))]
		if got := strings.Fields(want); step.Kind != StepHangup || step.Argument("acme") != got[0] ||
			!strings.HasSuffix(step.Rule, strings.Join(got[1:], " ")) {
			t.Errorf("%s ends with %s %s (%s), want %s", text, step.Kind, step.Argument("acme"), step.Rule, want)
		}
	}
}
