package pbx

import (
	"strings"
	"testing"
	"time"
)

// rulesOffice has a number that leads by rules: at weekends, at night of weekdays, over
// Christmas, and for callers from Munich.
func rulesOffice() *Snapshot {
	to := func(number string) Destination { return Destination{ToExtension, number} }
	return NewSnapshot(1, Rows{
		Tenants: []*Tenant{{Name: "acme", Timezone: "Europe/Berlin", Country: "DE"}},
		Extensions: []*Extension{{Tenant: "acme", Number: "101", RingSeconds: 20}, {Tenant: "acme", Number: "102", RingSeconds: 20},
			{Tenant: "acme", Number: "103", RingSeconds: 20}, {Tenant: "acme", Number: "104", RingSeconds: 20}},
		Devices: []*Device{{Tenant: "acme", Name: "a", Extension: "101", Endpoint: "d101"}, {Tenant: "acme", Name: "b",
			Extension: "102", Endpoint: "d102"},
			{Tenant: "acme", Name: "c", Extension: "103", Endpoint: "d103"}, {Tenant: "acme", Name: "d", Extension: "104", Endpoint: "d104"}},
		RingGroups: []*RingGroup{{Tenant: "acme", Name: "desk", Number: "200", Strategy: StrategyAll, RingSeconds: 20,
			Members: []RingMember{{Extension: "101"}}, Confirm: ConfirmExternal, Waiting: WaitRinging, CallerIDPrefix: "Desk"}},
		Trunks: []*Trunk{{Tenant: "acme", Name: "carrier", Endpoint: "tcarrier", Host: "192.0.2.1", Port: 5060, Transport: TransportUDP}},
		Numbers: []*Number{
			{Tenant: "acme", Number: "+493012345601", Destination: to("101"), CallerIDPrefix: "Sales:", Rules: []CallRule{
				{Destination: to("104"), Callers: []string{"+4989", "+43"}},
				{FirstDate: "2026-12-24", LastDate: "2026-12-26", Destination: Destination{Kind: ToHangup}},
				{Days: []string{"mon", "tue", "wed", "thu", "fri"}, From: "18:00", To: "08:00", Destination: to("102")},
				{Days: []string{"sat", "sun"}, Destination: to("103")},
			}},
			{Tenant: "acme", Number: "+493012345602", Timezone: "America/New_York", Rules: []CallRule{
				{From: "09:00", To: "17:00", Destination: to("101")}}},
			{Tenant: "acme", Number: "+493012345603", Destination: Destination{ToRingGroup, "desk"}, CallerIDPrefix: "Sales:"},
		},
	})
}

func TestNumbersLeadByRules(t *testing.T) {
	s := rulesOffice()
	for _, tt := range []struct{ called, caller, at, want string }{
		{"+493012345601", "+493055555", "2026-11-30T10:00:00+01:00", "extension:101"}, // Monday
		{"030 12345601", "+493055555", "2026-11-30T10:00:00+01:00", ""},               // no carrier writes blanks
		{"03012345601", "+493055555", "2026-11-30T18:00:00+01:00", "extension:102"},
		{"+493012345601", "+493055555", "2026-12-01T07:59:00+01:00", "extension:102"},
		{"+493012345601", "+493055555", "2026-11-30T07:59:00+01:00", "extension:101"}, // the night of a Sunday
		{"+493012345601", "+493055555", "2026-11-29T20:00:00+01:00", "extension:103"},
		{"+493012345601", "+493055555", "2026-12-24T20:00:00+01:00", "hangup"},
		{"+493012345601", "+498955555", "2026-12-24T20:00:00+01:00", "extension:104"},
		{"+493012345601", "089 123456", "2026-11-30T10:00:00+01:00", "extension:104"},
		{"+493012345601", "004989123456", "2026-11-30T10:00:00+01:00", "extension:104"},
		{"+493012345601", "4315123456", "2026-11-30T10:00:00+01:00", "extension:104"},
		{"+493012345601", "", "2026-11-30T10:00:00+01:00", "extension:101"},
		{"+493012345602", "+493055555", "2026-11-30T14:59:00+01:00", ""},
		{"+493012345602", "+493055555", "2026-11-30T15:00:00+01:00", "extension:101"},
	} {
		at, err := time.Parse(time.RFC3339, tt.at)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		p := Route(s, Call{Tenant: "acme", Dialled: tt.called, Endpoint: "tcarrier", Caller: tt.caller}, at)
		if p.Steps[0].Kind == StepForward {
			got = p.Steps[0].To.String()
		} else if p.Steps[0].Cause != CauseUnallocated {
			t.Errorf("%+v ends with cause %d", tt, p.Steps[0].Cause)
		}
		if got != tt.want {
			t.Errorf("%+v leads to %q: %s", tt, got, p.Steps[0].Rule)
		}
	}
}

// TestNumbersLabelCallers: phones show the prefix of the number called, and that of a group
// before it, once each, whatever comes back.
func TestNumbersLabelCallers(t *testing.T) {
	s := rulesOffice()
	monday := time.Date(2026, 11, 30, 10, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		call Call
		want string
	}{
		{Call{Dialled: "+493012345601", Name: "Jane", Hops: []Destination{{ToExtension, "101"}}}, "Sales: Jane"},
		{Call{Dialled: "+493012345601", Caller: "+4930555", Hops: []Destination{{ToExtension, "101"}}}, "Sales: +4930555"},
		{Call{Dialled: "+493012345601", Hops: []Destination{{ToExtension, "101"}}}, "Sales: Anonymous"},
		{Call{Dialled: "+493012345601", Name: "Sales: Jane", Resumed: true, Hops: []Destination{{ToExtension, "102"}}}, ""},
		{Call{Dialled: "+493012345602", Name: "Jane", Hops: []Destination{{ToExtension, "101"}}}, ""},
		{Call{Dialled: "+493012345603", Name: "Jane", Hops: []Destination{{ToRingGroup, "desk"}}}, "Desk Sales: Jane"},
		{Call{Dialled: "+493012345603", Name: "Desk Sales: Jane", Resumed: true, Hops: []Destination{{ToRingGroup, "desk"}}}, ""},
	} {
		tt.call.Tenant, tt.call.Endpoint = "acme", "tcarrier"
		got := ""
		for _, v := range Route(s, tt.call, monday).Steps[0].Set {
			if v.Name == "CALLERID(name)" {
				got = v.Value // the last one counts
			}
		}
		if got != tt.want {
			t.Errorf("%+v is shown as %q, want %q", tt.call, got, tt.want)
		}
	}
}

func TestNumberRulesThatAreNone(t *testing.T) {
	for want, change := range map[string]func(*Number){
		"rules[0].callers[0]":     func(n *Number) { n.Rules[0].Callers = []string{"089"} },
		"rules[0].callers[1]":     func(n *Number) { n.Rules[0].Callers = []string{"+49", "+49"} },
		"rules[0].destination":    func(n *Number) { n.Rules[0].Destination = Destination{ToExternal, "+4915112345678"} },
		"rules[1].from":           func(n *Number) { n.Rules[1].From = "8" },
		"rules[1].destination":    func(n *Number) { n.Rules[1].Devices = true },
		"timezone":                func(n *Number) { n.Timezone = "Berlin" },
		"timezone, has no effect": func(n *Number) { n.Timezone, n.Rules = "Europe/Berlin", nil },
		"caller_id_prefix":        func(n *Number) { n.CallerIDPrefix = strings.Repeat("x", 21) },
		"rules":                   func(n *Number) { n.Rules = make([]CallRule, MaxForwardRules+1) },
	} {
		n := *rulesOffice().NumberOf("acme", "+493012345601")
		n.Rules = append([]CallRule{}, n.Rules...)
		n.Rules[1].From, n.Rules[1].To = "10:00", "11:00"
		change(&n)
		err := n.Validate()
		field, text, _ := strings.Cut(want, ",")
		if err == nil || !strings.Contains(err.Error(), field) || !strings.Contains(err.Error(), text) {
			t.Errorf("%s: %v", want, err)
		}
	}
}

func TestNumberFollowsItsDestinations(t *testing.T) {
	n := *rulesOffice().NumberOf("acme", "+493012345601")
	n.Redirect(Destination{ToExtension, "102"}, Destination{ToExtension, "105"})
	n.Redirect(Destination{ToExtension, "103"}, Destination{})
	n.Redirect(Destination{ToExtension, "101"}, Destination{})
	var got []string
	for _, d := range n.Destinations() {
		got = append(got, d.Field+" "+d.To.String())
	}
	want := "rules[0].destination extension:104; rules[1].destination hangup; rules[2].destination extension:105"
	if strings.Join(got, "; ") != want {
		t.Errorf("got %q", got)
	}
}
