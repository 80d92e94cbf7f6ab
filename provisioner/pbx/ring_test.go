package pbx

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// ringOffice is one extension of each kind of ring:
//
//	101 all: desk, hall for 5 s   102 all: desk and a mobile for 30 s that asks
//	103 sequence: desk and hall, mobile, lab   104 all: desk and twin
//	105 a mobile without a trunk  106 two devices of the same mobile
func ringOffice(trunks ...*Trunk) *Snapshot {
	var ds []*Device
	device := func(number, name string, seconds, order int) *Device {
		d := &Device{Tenant: "acme", Name: name, Extension: number, Endpoint: "d" + number + name, RingSeconds: seconds, RingOrder: order, Kind: DeviceSIP}
		ds = append(ds, d)
		return d
	}
	mobile := func(number, name string, seconds, order int, confirm bool) {
		d := device(number, name, seconds, order)
		d.Kind, d.ExternalNumber, d.Confirm = DeviceExternal, "+4915111", confirm
	}
	device("101", "desk", 0, 1)
	device("101", "hall", 5, 1)
	device("102", "desk", 0, 1)
	mobile("102", "mobile", 30, 1, true)
	device("103", "hall", 10, 2)
	device("103", "desk", 0, 2)
	mobile("103", "mobile", 25, 5, false)
	device("103", "lab", 60, 9)
	device("104", "desk", 0, 1)
	mobile("105", "mobile", 0, 1, true)
	ds[len(ds)-1].ExternalNumber = "4915199" // in Teams
	mobile("106", "a", 0, 1, true)
	mobile("106", "b", 0, 1, true)
	es := []*Extension{{Number: "101", Ring: RingAll}, {Number: "102"}, {Number: "103", Ring: RingSequence, Mailbox: "103"},
		{Number: "104", TwinNumber: "+4915111"}, {Number: "105"}, {Number: "106", TwinNumber: "+4915111"}}
	for _, e := range es {
		e.Tenant, e.RingSeconds = "acme", 20
	}
	return NewSnapshot(1, Rows{
		Tenants:         []*Tenant{{Name: "acme", ClassOfService: "everything"}},
		Classes:         []*ClassOfService{{Tenant: "acme", Name: "everything", Allow: []string{"any"}}},
		Extensions:      es,
		Devices:         ds,
		Mailboxes:       []*Mailbox{{Tenant: "acme", Number: "103"}},
		ExternalNumbers: []*ExternalNumber{{Tenant: "acme", Number: "+4915111", Type: NumberSIP}, {Tenant: "acme", Number: "4915199", Type: NumberTeams}},
		Trunks:          trunks,
	})
}

func TestRouteRings(t *testing.T) {
	carrier := &Trunk{Tenant: "acme", Name: "carrier", Endpoint: "tcarrier", CallerNumber: "+4930"}
	foreign := &Trunk{Tenant: "bolt", Name: "teams", Endpoint: "tforeign", Teams: true}
	s := ringOffice(carrier, foreign)
	const gone, busy = "dialtone-hangup 20", "dialtone-hangup 17"
	for _, tt := range []struct {
		number, caller string
		outcome        Outcome
		want           []string
	}{
		{"101", "", OutcomeBusy, []string{"dial-acme PJSIP/d101desk&Local/d101hall@dialtone-legs/n,20,i", busy}},
		{"102", "", OutcomeUnreachable, []string{"dial-acme Local/d102desk@dialtone-legs/n&Local/d102mobile@dialtone-legs/n,46,i", gone}},
		{"103", "", OutcomeNoAnswer, []string{"dial-acme PJSIP/d103desk&Local/d103hall@dialtone-legs/n,20,i", "dial-acme Local/d103mobile@dialtone-legs/n,25,i",
			"dial-acme PJSIP/d103lab,60,i", "dialtone-voicemail 103@acme,u"}},
		{"103", "d103lab", OutcomeBusy, []string{"dial-acme PJSIP/d103desk&Local/d103hall@dialtone-legs/n,20,i", "dial-acme Local/d103mobile@dialtone-legs/n,25,i",
			"dialtone-voicemail 103@acme,b"}},
		{"103", "", OutcomeCancel, []string{"dial-acme PJSIP/d103desk&Local/d103hall@dialtone-legs/n,20,i", "dialtone-hangup 16"}},
		{"104", "", OutcomeNoAnswer, []string{"dial-acme Local/d104desk@dialtone-legs/n&Local/twin.acme.104@dialtone-legs/n,36,i", "dialtone-hangup 19"}},
		{"104", "d104desk", OutcomeNoAnswer, []string{"dial-acme Local/twin.acme.104@dialtone-legs/n,36,i", "dialtone-hangup 19"}},
		{"105", "", "", []string{gone}},
		{"106", "", OutcomeNoAnswer, []string{"dial-acme Local/d106a@dialtone-legs/n,36,i", "dialtone-hangup 19"}},
	} {
		p := Route(s, Call{Tenant: "acme", Dialled: tt.number, Endpoint: tt.caller}, time.Time{})
		if diff := cmp.Diff(tt.want, walk(p, tt.outcome)); diff != "" {
			t.Errorf("%s from %q, %s: -want +got:\n%s", tt.number, tt.caller, tt.outcome, diff)
		}
	}
	legs := s.Rings(s.Extension("acme", "102"))[0].Legs
	if diff := cmp.Diff([]*OwnLeg{{Seconds: 20}, {Seconds: 30, Number: "+4915111", Ways: []Way{{"tcarrier", "+4915111", "+4930"}},
		Confirm: true, Owner: "102"}}, []*OwnLeg{legs[0].Own, legs[1].Own}); diff != "" {
		t.Errorf("legs of 102: -want +got:\n%s", diff)
	}
	if got := Route(s, Call{Tenant: "acme", Dialled: "103", Endpoint: ""}, time.Time{}).Steps[1].Rule; got != "extension 103 rings 1 of its 4 devices for 25 seconds, number 2 of 3 in sequence" {
		t.Errorf("rule %q", got)
	}
}

// A trunk for Teams reaches Teams alone, and no number has to do without a trunk.
func TestRouteTakesTheTrunkOfTheNumber(t *testing.T) {
	s := ringOffice(&Trunk{Tenant: "acme", Name: "teams", Endpoint: "tteams", Teams: true})
	if legs := s.Rings(s.Extension("acme", "105"))[0].Legs; legs[0].Own.Ways[0].Trunk != "tteams" {
		t.Errorf("a Teams number rings through %+v", legs[0].Own)
	}
	if rings := s.Rings(s.Extension("acme", "106")); rings != nil {
		t.Errorf("another number rings through %+v", rings[0].Legs[0].Own)
	}
}

// The longest line there can be still fits into one argument.
func TestRouteOwnLegsBounded(t *testing.T) {
	var ds []*Device
	for i := range 150 {
		ds = append(ds, &Device{Tenant: "acme", Name: fmt.Sprintf("d%03d", i), Extension: "1", Endpoint: fmt.Sprintf("d%039d", i), RingSeconds: 5 + i%2, RingOrder: 1})
	}
	s := NewSnapshot(1, Rows{
		Tenants:    []*Tenant{{Name: "acme", ClassOfService: "everything"}},
		Classes:    []*ClassOfService{{Tenant: "acme", Name: "everything", Allow: []string{"any"}}},
		Extensions: []*Extension{{Tenant: "acme", Number: "1", RingSeconds: 300}},
		Devices:    ds,
	})
	step := Route(s, Call{Tenant: "acme", Dialled: "1"}, time.Time{}).Steps[0]
	if arg := step.Argument("acme"); len(step.Legs) != maxLegs || len(arg) > 8000 || strings.Count(arg, "Local/") != maxLegs/2 {
		t.Errorf("%d legs, argument of %d bytes", len(step.Legs), len(arg))
	}
}
