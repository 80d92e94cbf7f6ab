package pbx

import (
	"testing"
	"time"
)

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

// TestParseOutcomeWithCause: what a carrier says of a number is told from a line that is down.
func TestParseOutcomeWithCause(t *testing.T) {
	for said, want := range map[string]Outcome{
		"ANSWER": OutcomeAnswer, "BUSY": OutcomeBusy, "": OutcomePlayed, "CHANUNAVAIL": OutcomeUnreachable, "CHANUNAVAIL0": OutcomeUnreachable,
		"CHANUNAVAIL1": OutcomeUnallocated, "CONGESTION1": OutcomeUnallocated, "CHANUNAVAIL22": OutcomeChanged, "CONGESTION28": OutcomeIncomplete,
		"CHANUNAVAIL21": OutcomeDeclined, "CONGESTION21": OutcomeCongestion, "CONGESTION34": OutcomeCongestion, "CHANUNAVAIL20": OutcomeUnreachable,
		"DECLINED": OutcomeDeclined, "INVALIDARGS": OutcomeUnreachable, "1": OutcomeUnallocated, "99999999999999999999": OutcomePlayed,
	} {
		if got := ParseOutcome(said); got != want {
			t.Errorf("%q is %q, want %q", said, got, want)
		}
	}
}

// TestCarrierRefuses: the caller hears what the carrier said of the number; a call that an
// extension has forwarded is taken by its mailbox instead, unless the number is busy or
// does not answer.
func TestCarrierRefuses(t *testing.T) {
	s := NewSnapshot(1, Rows{
		Tenants: []*Tenant{{Name: "acme", Country: "DE"}},
		Extensions: []*Extension{{Tenant: "acme", Number: "101"}, {Tenant: "acme", Number: "102", Mailbox: "102"},
			{Tenant: "acme", Number: "103"}},
		Devices:   []*Device{{Tenant: "acme", Name: "desk", Extension: "101", Endpoint: "d101"}},
		Mailboxes: []*Mailbox{{Tenant: "acme", Number: "102"}},
		Trunks:    []*Trunk{{Tenant: "acme", Name: "carrier", Endpoint: "tcarrier"}},
	})
	const outside = "+4989123456"
	hops := func(from string) []Destination { return []Destination{{ToExtension, from}, {ToExternal, outside}} }
	for outcome, want := range map[Outcome]string{
		OutcomeUnallocated: "dialtone-hangup 1", OutcomeChanged: "dialtone-hangup 22", OutcomeIncomplete: "dialtone-hangup 28",
		OutcomeUnreachable: "dialtone-hangup 34", OutcomeCongestion: "dialtone-hangup 34", OutcomeDeclined: "dialtone-hangup 34",
		OutcomeBusy: "dialtone-hangup 17", OutcomeNoAnswer: "dialtone-hangup 19", OutcomeAnswer: "dialtone-hangup 16",
	} {
		for from, hops := range map[string][]Destination{"": nil, "103": hops("103"), "102": hops("102")} {
			p := Route(s, Call{Tenant: "acme", Dialled: outside, Endpoint: "d101", Hops: hops}, time.Time{})
			step := p.Steps[p.After(0, outcome)]
			wanted := want
			if from == "102" && outcome != OutcomeAnswer {
				wanted = "dialtone-voicemail 102@acme,u"
			}
			if got := step.Context("acme") + " " + step.Argument("acme"); got != wanted {
				t.Errorf("forwarded by %q and %q: %s, want %s", from, outcome, got, wanted)
			}
		}
	}
}
