package pbx

import (
	"testing"
	"time"
)

// helped is a Live in which devices have called for help.
type helped struct {
	used
	calls []HelpCall
}

func (h helped) CalledForHelp(tenant string) (out []HelpCall) {
	for _, c := range h.calls {
		if c.Tenant == tenant {
			out = append(out, c)
		}
	}
	return out
}

// TestCallBackReachesThePhone: for 30 minutes a call to the number that was shown, or to a
// number of the extension, rings the device, whatever was set for the extension.
func TestCallBackReachesThePhone(t *testing.T) {
	const shown = "+493010"
	noon := time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
	everything := func(b *behind) {
		b.extension().DoNotDisturb, b.extension().MaxCalls = true, 1
		b.forward(func(f *Forward) { f.Mode, f.Destination = ForwardDestination, to("hangup") })
		b.rows.Trunks[0].MaxCalls = 1
	}
	for name, tt := range map[string]struct {
		called string
		after  time.Duration
		set    func(b *behind)
		back   bool
	}{
		"the number that was shown": {shown, time.Minute, everything, true},
		"it leads to a group": {shown, time.Minute,
			func(b *behind) { b.group(&RingGroup{Members: []RingMember{{Extension: "102"}}}) }, true},
		"a number of the extension":  {calledNumber, 29 * time.Minute, everything, true},
		"another number":             {ownNumber, time.Minute, everything, false},
		"half an hour later":         {shown, 30 * time.Minute, func(*behind) {}, false},
		"the device is not allowed":  {shown, time.Minute, func(b *behind) { b.extension().AllowedDevices = []DeviceClass{Mobile} }, false},
		"the device is gone":         {shown, time.Minute, func(b *behind) { b.rows.Devices = b.rows.Devices[1:] }, false},
		"the shown number is no row": {shown, time.Minute, func(b *behind) { b.rows.Numbers = b.rows.Numbers[:len(b.rows.Numbers)-1] }, true},
		"the caller is anonymous": {shown, time.Minute,
			func(b *behind) { b.rows.Tenants[0].Anonymous = AnonymousRefused; b.call.Caller = "" }, true},
		"the shown number leads nowhere": {shown, time.Minute,
			func(b *behind) { b.rows.Numbers[len(b.rows.Numbers)-1].Destination = Destination{} }, true},
	} {
		b := officeBehindDoors()
		b.rows.Numbers = append(b.rows.Numbers, &Number{Tenant: "acme", Number: shown, Destination: to("extension:102")})
		tt.set(&b)
		b.call = Call{Tenant: "acme", Dialled: tt.called, Endpoint: "tcarrier", Caller: "+4930112",
			Live: helped{used{lines: lines{"tcarrier": 1}}, []HelpCall{
				{Tenant: "acme", Device: "d101", Shown: []string{shown}, At: noon}, {Tenant: "bolt", Device: "d102",
					Shown: []string{shown}, At: noon}}}}
		p := Route(NewSnapshot(1, b.rows), b.call, noon.Add(tt.after))
		first := p.Steps[0]
		if back := first.Kind == StepDial && first.Legs[0].Endpoint == "d101" && len(first.Legs) == 1; back != tt.back {
			t.Errorf("%s: %+v", name, first)
		}
		if tt.back && len(p.Steps) != 3 {
			t.Errorf("%s: %+v", name, p.Steps)
		}
		if after := p.Steps[p.After(0, OutcomeNoAnswer)]; tt.back && after.Kind != StepForward && after.Kind != StepHangup {
			t.Errorf("%s: not answered, %+v", name, after)
		}
	}
}

// TestHelpTells: a call for help tells what was dialled and shown; a test calls nobody, and
// says the number and whether the location is known.
func TestHelpTells(t *testing.T) {
	b := officeBehindDoors()
	b.rows.Tenants[0].EmergencyTestNumber = "933"
	b.extension().DoNotDisturb = true
	b.call.Endpoint, b.call.Dialled = "d101", "112"
	s := NewSnapshot(1, b.rows)
	if help := Route(s, b.call, time.Time{}).Steps[0].Help; help == nil || *help != (Help{Number: "112", Shown: "+493010"}) {
		t.Errorf("help is told %+v", help)
	}
	b.call.Dialled = "+491701234567"
	if step := Route(s, b.call, time.Time{}).Steps[0]; step.Help != nil {
		t.Errorf("an ordinary call tells %+v", step.Help)
	}
	b.call.Dialled = "933"
	for location, sound := range map[string]string{"": "digits/1&digits/0&digits/1&de-activated",
		"Room 4": "digits/1&digits/0&digits/1&activated"} {
		b.rows.Devices[0].Location = location
		p := Route(s, b.call, time.Time{})
		if step := p.Steps[0]; step.Kind != StepPlay || step.Sound != sound || step.Help == nil || !step.Help.Test ||
			p.Steps[1].Kind != StepHangup {
			t.Errorf("a test with location %q: %+v", location, p.Steps)
		}
	}
	for _, other := range []Call{{Tenant: "bolt", Dialled: "933", Endpoint: "d101"}, {Tenant: "acme", Dialled: "933"},
		{Tenant: "acme", Dialled: "933", Endpoint: "tcarrier"}} {
		if step := Route(s, other, time.Time{}).Steps[0]; step.Help != nil {
			t.Errorf("%+v tests a call for help: %+v", other, step)
		}
	}
	for number, bad := range map[string]bool{"933": false, "112": true, "911": true, "9": true, "9x": true, "": false} {
		tenant := Tenant{EmergencyTestNumber: number}
		var es Errors
		if tenant.checkHelp(&es); (len(es) > 0) != bad {
			t.Errorf("test number %q: %v", number, es)
		}
	}
}

// TestCountryCalled: a number in E.164 names its country, also where several share a code.
func TestCountryCalled(t *testing.T) {
	for number, want := range map[string]string{"+4930123456": "DE", "+12125551234": "US", "+441234567890": "GB",
		"+79161234567": "RU", "+80012345678": "+800", "116117": "", "030123": "", "+999123": ""} {
		if got := CountryCalled(number); got != want {
			t.Errorf("%s is in %q, want %q", number, got, want)
		}
	}
}
