package pbx

import (
	"strings"
	"testing"
	"time"
)

// outwardOffice has a trunk and, in Germany, 101 without a class, 102 who may call
// Germany but not +49900, 103 anonymous in Switzerland, 104 who may call nobody
// inside, 105 with a forbidden and an allowed number outside, 106 and 107 with
// forwards to an allowed and a forbidden one, and a free desk.
func outwardOffice(more ...*Trunk) *Snapshot {
	es := []*Extension{{Number: "101", PresentationNumber: "+493011"}, {Number: "102", ClassOfService: "home"}, {Number: "103", Country: "CH", Anonymous: true, PresentationNumber: "+493012"},
		{Number: "104", ClassOfService: "lobby"}, {Number: "105", ClassOfService: "home", TwinNumber: "+4915111"}, {Number: "106", ClassOfService: "home"}, {Number: "107", ClassOfService: "home"}, {Number: "108", ClassOfService: "everything"}}
	ds := []*Device{{Tenant: "acme", Name: "free", Endpoint: "dfree", Shared: true}, {Tenant: "bolt", Name: "bolt", Endpoint: "dbolt", Extension: "101"}}
	for _, e := range es {
		e.Tenant, e.RingSeconds = "acme", 20
		ds = append(ds, &Device{Tenant: "acme", Name: "d" + e.Number, Endpoint: "d" + e.Number, Extension: e.Number})
	}
	ds = append(ds, &Device{Tenant: "acme", Name: "premium", Endpoint: "dpremium", Extension: "105", Kind: DeviceExternal, ExternalNumber: "0900111222"})
	return NewSnapshot(1, Rows{
		Tenants:    []*Tenant{{Name: "acme", Country: "DE"}, {Name: "bolt", ClassOfService: "everything"}},
		Extensions: append(es, &Extension{Tenant: "bolt", Number: "101", RingSeconds: 20}),
		Devices:    ds,
		Mailboxes:  []*Mailbox{{Tenant: "acme", Number: "101"}},
		Forwards: []*Forward{{Tenant: "acme", Extension: "106", Mode: ForwardDestination, Destination: to("external:089123456")},
			{Tenant: "acme", Extension: "107", Mode: ForwardDestination, Destination: to("external:0900123456")}},
		ExternalNumbers: []*ExternalNumber{{Tenant: "acme", Number: "+4915111", Type: NumberSIP}, {Tenant: "acme", Number: "0900111222", Type: NumberSIP}},
		Trunks: append(more, &Trunk{Tenant: "acme", Name: "carrier", Endpoint: "tcarrier", CallerNumber: "+493010",
			Host: "sip.example", Port: 5060, Transport: TransportTCP, QualifySeconds: 30}),
		Numbers: []*Number{{Tenant: "acme", Number: "+493011", Destination: to("extension:101")}, {Tenant: "acme", Number: "+493012"}, {Tenant: "acme", Number: "+493013", Destination: to("extension:106")},
			{Tenant: "acme", Number: "+493014", Destination: to("extension:107")}, {Tenant: "acme", Number: "+493015", Destination: to("voicemail:101")}, {Tenant: "bolt", Number: "+493099", Destination: to("extension:101")}},
		Classes: []*ClassOfService{{Tenant: "bolt", Name: "everything", Allow: []string{"any"}},
			{Tenant: "acme", Name: "everything", Allow: []string{"any"}}, {Tenant: "acme", Name: "home",
				Allow: []string{"national"}, Deny: []string{"+49900"}}, {Tenant: "acme", Name: "lobby",
				Deny: []string{"internal"}}},
		RingGroups: []*RingGroup{{Tenant: "acme", Name: "all", Number: "690", RingSeconds: 20, Strategy: StrategyAll,
			Members: []RingMember{{Extension: "101"}}}},
	})
}

// TestHelpIsHiddenByNothing: what was in a database before the numbers were refused
// hides no call for help, and no rule makes one.
func TestHelpIsHiddenByNothing(t *testing.T) {
	s := with(outwardOffice(), func(r *Rows) {
		r.Extensions = append(r.Extensions, &Extension{Tenant: "acme", Number: "112", RingSeconds: 20},
			&Extension{Tenant: "acme", Number: "201", RingSeconds: 20, TwinNumber: "112"})
		r.RingGroups = append(r.RingGroups, &RingGroup{Tenant: "acme", Name: "help", Number: "110", RingSeconds: 20,
			Strategy: StrategyAll, Members: []RingMember{{Extension: "101"}, {External: "112"}}})
		r.Devices = append(r.Devices, &Device{Tenant: "acme", Name: "d112", Endpoint: "d112", Extension: "112"},
			&Device{Tenant: "acme", Name: "d201", Endpoint: "d201", Extension: "201"})
		r.ExternalNumbers = append(r.ExternalNumbers, &ExternalNumber{Tenant: "acme", Number: "112", Type: NumberTeams})
		codes := DefaultFeatureCodes("acme")
		codes.ParkSlots, codes.Codes[FeatureVoicemail] = "140-149", "117"
		r.FeatureCodes = append(r.FeatureCodes, codes)
		r.Forwards = append(r.Forwards, &Forward{Tenant: "acme", Extension: "103", Mode: ForwardDestination, Destination: to("external:110")},
			&Forward{Tenant: "acme", Extension: "104", Mode: ForwardDestination, Destination: to("external:+49112")})
	})
	for dialled, from := range map[string]string{"112": "d101", "110": "d102", "144": "d103", "117": "d103"} {
		if step := Route(s, Call{Tenant: "acme", Dialled: dialled, Endpoint: from},
			time.Time{}).Steps[0]; step.Kind != StepDial || step.Legs[0].Outside != dialled ||
			step.Legs[0].Endpoint != "tcarrier" {
			t.Errorf("%s from %s: %+v", dialled, from, step)
		}
	}
	for _, number := range []string{"103", "104", "201", "110"} {
		for c := (Call{Tenant: "acme", Dialled: number}); ; {
			step := Route(s, c, time.Time{}).Steps[0]
			for _, l := range step.Legs {
				if l.Outside != "" || l.Own != nil && l.Own.Number != "" {
					t.Errorf("a call to %s rings %+v", number, l)
				}
			}
			if c = c.Sent(step.To); step.Kind != StepForward {
				break
			}
			if step.To.Kind == ToExternal {
				t.Errorf("a call to %s goes to %s", number, step.To)
			}
		}
	}
}

func TestRouteOutward(t *testing.T) {
	const refused, unknown = "dialtone-hangup 21", "dialtone-hangup 1"
	out := func(number, options string) string { return "dial-acme PJSIP/" + number + "@tcarrier,120,i" + options }
	// Help is dialled past the contact, which Asterisk may take for dead.
	help := func(number, options string) string {
		return "dial-acme PJSIP/" + number + "@tcarrier/sip:sip.example:5060;transport=tcp,120,i" + options
	}
	s := outwardOffice(&Trunk{Tenant: "bolt", Name: "theirs", Endpoint: "tbolt", CallerNumber: "+493099"})
	for _, tt := range []struct{ from, dialled, want, rule string }{
		{"d101", "089123456", out("+4989123456", "f(+493011)u(allowed)"), "extension 101 dials +4989123456 through trunk carrier: it has no class of service"},
		{"d101", "00442071838750", refused, "without one only numbers of its country are called that have no price of their own"},
		{"d101", "0900123456", refused, "without one only numbers of its country are called that have no price of their own"},
		{"d101", "0800123456", out("+49800123456", "f(+493011)u(allowed)"), "the number is national"},
		{"d108", "00442071838750", out("+442071838750", "f(+493010)u(allowed)"), "class of service everything allows any"},
		{"d108", "0900123456", out("+49900123456", "f(+493010)u(allowed)"), "class of service everything allows any"},
		{"d101", "116117", out("116117", "f(+493011)u(allowed)"), "the number is national"},
		{"d101", "112", help("112", "f(+493011)u(allowed)"), "an emergency number"},
		{"d102", "089123456", out("+4989123456", "f(+493010)u(allowed)"), "class of service home allows national"},
		{"d102", "0900123456", refused, "extension 102 may not call +49900123456: class of service home denies +49900"},
		{"d102", "00442071838750", refused, "class of service home names nothing that fits it"},
		{"d102", "110", help("110", "f(+493010)u(allowed)"), "an emergency number"},
		{"d103", "0446681800", out("+41446681800", "f(+493012)u(prohib)"), ""},
		{"d103", "144", help("144", "f(+493012)u(allowed)"), "an emergency number"},
		{"d104", "101", refused, "extension 104 may not call 101: class of service lobby denies internal"},
		{"d104", "690", refused, "extension 104 may not call 690: class of service lobby denies internal"},
		{"d104", "0049 30", unknown, ""},
		{"d104", "+493011", refused, "denies internal"},
		{"d104", "104", "dialtone-hangup 17", ""},
		{"d104", "112", help("112", "f(+493010)u(allowed)"), ""},
		{"d102", "03011", unknown, "none of the dialling rules of DE"},
		{"d102", "+493011", "> extension:101 > dial-acme PJSIP/d101,20,i", ""},
		{"d101", "+493012", unknown, "+493012 is a number of tenant acme and leads nowhere"},
		{"d101", "12345", unknown, "none of the dialling rules of DE"},
		{"dfree", "112", help("112", "f(+493010)u(allowed)"), "an emergency number"},
		{"dfree", "089123456", unknown, "only an extension may call outside"},
		{"", "112", unknown, ""},
		{"d101", "105", "dial-acme Local/d105@dialtone-legs/n&Local/twin.acme.105@dialtone-legs/n,36,i", ""},
		{"tcarrier", "+493011", "> extension:101 > dial-acme PJSIP/d101,20,i", ""},
		{"tcarrier", "493011", "> extension:101 > dial-acme PJSIP/d101,20,i", ""},
		{"tcarrier", "03011", "> extension:101 > dial-acme PJSIP/d101,20,i", ""},
		{"tcarrier", "+493012", unknown, "leads nowhere"},
		{"tcarrier", "+493099", unknown, "which is no number of tenant acme"},
		{"tcarrier", "101", unknown, ""},
		{"tcarrier", "112", unknown, ""},
		{"tcarrier", "*97", unknown, ""},
		{"tcarrier", "*8", unknown, ""},
		{"tcarrier", "*11", unknown, ""},
		{"tcarrier", "089123456", unknown, ""},
		{"tbolt", "+493011", "> extension:101 > dial-acme PJSIP/d101,20,i", ""}, // at the same carrier
		{"tbolt", "101", unknown, "trunk of a carrier brings a call"},
		{"tcarrier", "+493013", "> extension:106 > > external:089123456 > " + out("+4989123456", "f(+493010)u(allowed)"), "class of service home allows national"},
		{"tcarrier", "+493014", "> extension:107 > > external:0900123456 > " + refused, "extension 107 may not call +49900123456"},
		{"tcarrier", "+493015", "> voicemail:101 > dialtone-voicemail 101@acme,u", ""},
	} {
		c, got := Call{Tenant: "acme", Dialled: tt.dialled, Endpoint: tt.from}, ""
		step := Route(s, c, time.Time{}).Steps[0]
		for ; step.Kind == StepForward; step = Route(s, c, time.Time{}).Steps[0] {
			c, got = c.Sent(step.To), got+"> "+step.To.String()+" > "
		}
		if got += step.Context("acme") + " " + step.Argument("acme"); !strings.HasPrefix(got, tt.want) || !strings.Contains(step.Rule, tt.rule) {
			t.Errorf("%s dials %s:\n got %s (%s)\nwant %s (%s)", tt.from, tt.dialled, got, step.Rule, tt.want, tt.rule)
		}
	}
	if p := Route(s, Call{Tenant: "bolt", Dialled: "+493011", Endpoint: "dbolt"},
		time.Time{}); p.Steps[0].Argument("bolt") != "Local/+493011@inside-acme/n,120,if(+493099)u(allowed)" {
		t.Errorf("another tenant's number is reached by %+v", p.Steps[0])
	}
	var outcomes []string
	p := Route(s, Call{Tenant: "acme", Dialled: "089123456", Endpoint: "d101"}, time.Time{})
	for _, o := range []Outcome{OutcomeBusy, OutcomeNoAnswer, OutcomeCongestion, OutcomeUnreachable, OutcomeAnswer} {
		outcomes = append(outcomes, p.Steps[p.After(0, o)].Argument("acme"))
	}
	if got := strings.Join(outcomes, " "); got != "17 19 34 34 16" {
		t.Errorf("after the dial: %s", got)
	}
}

// TestClassDecides: the longest prefix decides, before the words; deny wins.
func TestClassDecides(t *testing.T) {
	for _, tt := range []struct {
		allow, deny, number string
		national, want      bool
	}{
		{"national", "", "+4930", true, true}, {"national", "", "+4430", false, false}, {"international", "", "+4430", false, true}, {"international", "", "+4930", true, false},
		{"national", "+49900", "+499001", true, false}, {"+499001", "+49900", "+4990012", true, true}, {"+49", "+49", "+4930", true, false},
		{"+44", "international", "+4420", false, true}, {"national", "national", "+4930", true, false}, {"", "", "+4930", true, false}, {"", "+44", "+4930", true, false},
	} {
		c := ClassOfService{Allow: strings.Fields(tt.allow), Deny: strings.Fields(tt.deny)}
		if got, why := c.decide(Reading{Number: tt.number, National: tt.national}); got != tt.want {
			t.Errorf("allow %q, deny %q: %s: %v, %s", tt.allow, tt.deny, tt.number, got, why)
		}
	}
}

// What a carrier transfers has the trunk's rights, whichever leg is sent on: numbers of
// the tenant and nothing else.
func TestRouteTransferredByTrunk(t *testing.T) {
	s := outwardOffice()
	for dialled, want := range map[string]int{"089123456": CauseUnallocated, "0900123456": CauseUnallocated, "112": CauseUnallocated,
		"102": CauseUnallocated, "*97": CauseUnallocated, "+493011": 0} {
		step := Route(s, Call{Tenant: "acme", Dialled: dialled, Endpoint: "d101", By: "tcarrier"}, time.Time{}).Steps[0]
		if step.Cause != want || (step.Kind == StepForward) != (want == 0) {
			t.Errorf("the trunk transfers to %s: %s with cause %d, want cause %d (%s)", dialled, step.Kind, step.Cause, want, step.Rule)
		}
	}
}

// TestSilentCarrier: a carrier that is asked and does not answer is left out, except for help, which waits less for it.
func TestSilentCarrier(t *testing.T) {
	b := officeBehindDoors()
	b.silent()
	for dialled, want := range map[string]string{
		mobile: "dialtone-hangup 34: trunk carrier is out of order: its carrier does not answer OPTIONS",
		"112":  "dial-acme PJSIP/112@tcarrier/sip::0,120^15,i",
	} {
		c := b.call
		c.Dialled = dialled
		step := Route(NewSnapshot(1, b.rows), c, time.Time{}).Steps[0]
		got := step.Context("acme") + " " + step.Argument("acme")
		if step.Kind == StepHangup {
			got += ": " + step.Rule
		}
		if !strings.HasPrefix(got, want) {
			t.Errorf("%s: %s, want %s", dialled, got, want)
		}
	}
}

// TestForwardedCallerWithoutNumber: a call that is forwarded as its caller's shows that number, and the trunk's, hidden,
// where the caller has none.
func TestForwardedCallerWithoutNumber(t *testing.T) {
	for caller, want := range map[string]string{"+491701234567": "i", "201": "i", "": "if(+493010)u(prohib)",
		"anonymous": "if(+493010)u(prohib)"} {
		b := officeBehindDoors()
		b.rows.Tenants[0].ForwardCaller, b.rows.Trunks[0].CallerNumber = ShowCaller, "+493010"
		b.rows.Numbers = append(b.rows.Numbers, &Number{Tenant: "acme", Number: "+4930777", Destination: to("extension:101")})
		b.forward(func(f *Forward) { f.Mode, f.Destination = ForwardDestination, to("external:+4989123456") })
		c := Call{Tenant: "acme", Endpoint: "tcarrier", Dialled: "+4930777", Caller: caller}
		s := NewSnapshot(1, b.rows)
		step := Route(s, c, time.Time{}).Steps[0]
		for ; step.Kind == StepForward; step = Route(s, c, time.Time{}).Steps[0] {
			c = c.Sent(step.To)
		}
		options, _, _ := strings.Cut(step.Options(), "b(")
		if step.Kind != StepDial || options != want {
			t.Errorf("caller %q: %s %s (%s), want %s", caller, step.Kind, options, step.Rule, want)
		}
	}
}

// What a carrier calls is a number, even where an extension is called so: the default number of
// its trunk may lead to that very extension.
func TestDefaultNumberLeadsToWhatWasCalled(t *testing.T) {
	s := NewSnapshot(1, Rows{
		Tenants:    []*Tenant{{Name: "acme", Country: "DE"}},
		Extensions: []*Extension{{Tenant: "acme", Number: "101", Ring: RingAll, RingSeconds: 20}},
		Devices:    []*Device{{Tenant: "acme", Name: "desk", Kind: DeviceSIP, Endpoint: "d101", Extension: "101"}},
		Numbers:    []*Number{{Tenant: "acme", Number: "+493011", Destination: Destination{ToExtension, "101"}}},
		Trunks:     []*Trunk{{Tenant: "acme", Name: "carrier", Endpoint: "tcarrier", Host: "192.0.2.9", DefaultNumber: "+493011"}},
	})
	for _, dialled := range []string{"101", "102", "+4930999"} {
		c := Call{Tenant: "acme", Dialled: dialled, Endpoint: "tcarrier"}
		step := Route(s, c, time.Time{}).Steps[0]
		if step.Kind != StepForward {
			t.Errorf("a call to %s: %s", dialled, step.Rule)
			continue
		}
		if dial := Route(s, c.Sent(step.To), time.Time{}).Steps[0]; dial.Kind != StepDial || dial.Legs[0].Endpoint != "d101" {
			t.Errorf("a call to %s, sent on: %s", dialled, dial.Rule)
		}
	}
}
