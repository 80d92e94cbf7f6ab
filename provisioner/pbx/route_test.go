package pbx

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// office is two tenants that use the same numbers.
//
//	acme  101 two devices, mailbox   102 one device, no mailbox
//	      103 no device, mailbox     104 neither     105 names a mailbox that is gone
//	bolt  101 one device, mailbox
func office() *Snapshot {
	at := func(tenant, name, number string) *Device {
		return &Device{Tenant: tenant, Name: name, Extension: number, Endpoint: "d" + tenant + name}
	}
	return NewSnapshot(7, Rows{
		Tenants: []*Tenant{{Name: "acme", ClassOfService: "everything"}, {Name: "bolt"}},
		Classes: []*ClassOfService{{Tenant: "acme", Name: "everything", Allow: []string{"any"}}},
		Extensions: []*Extension{
			{Tenant: "acme", Number: "101", RingSeconds: 20, Mailbox: "101"},
			{Tenant: "acme", Number: "102", RingSeconds: 15},
			{Tenant: "acme", Number: "103", RingSeconds: 20, Mailbox: "101"},
			{Tenant: "acme", Number: "104", RingSeconds: 20},
			{Tenant: "acme", Number: "105", RingSeconds: 20, Mailbox: "999"},
			{Tenant: "bolt", Number: "101", RingSeconds: 20, Mailbox: "101"},
		},
		Devices: []*Device{
			at("acme", "desk", "101"), at("acme", "mobile", "101"), at("acme", "hall", "102"),
			at("acme", "spare", ""), at("acme", "lab", "105"), at("bolt", "desk", "101"),
		},
		Mailboxes: []*Mailbox{{Tenant: "acme", Number: "101"}, {Tenant: "bolt", Number: "101"}, {Tenant: "bolt", Number: "999"}},
	})
}

// walk is a plan as its caller lives it: for one outcome of every step that
// returns, the contexts and arguments in the order they are carried out.
func walk(p Plan, o Outcome) []string {
	var seen []string
	for i := 0; len(seen) < 10; i = p.After(i, o) {
		seen = append(seen, p.Steps[i].Context("acme")+" "+p.Steps[i].Argument("acme"))
		if !p.Steps[i].Returns() {
			break
		}
	}
	return seen
}

func TestRoute(t *testing.T) {
	const both, mobile = "dial-acme PJSIP/dacmedesk&PJSIP/dacmemobile,20,i", "dial-acme PJSIP/dacmemobile,20,i"
	tests := []struct {
		name    string
		call    Call
		outcome Outcome
		want    []string
	}{
		{"no answer, mailbox", Call{Tenant: "acme", Dialled: "101", Endpoint: "dacmehall"}, OutcomeNoAnswer, []string{both, "dialtone-voicemail 101@acme,u"}},
		{"busy, mailbox", Call{Tenant: "acme", Dialled: "101", Endpoint: "dacmehall"}, OutcomeBusy, []string{both, "dialtone-voicemail 101@acme,b"}},
		{"unreachable, mailbox", Call{Tenant: "acme", Dialled: "101", Endpoint: "dacmehall"}, OutcomeUnreachable, []string{both, "dialtone-voicemail 101@acme,u"}},
		{"congestion, mailbox", Call{Tenant: "acme", Dialled: "101", Endpoint: "dacmehall"}, OutcomeCongestion, []string{both, "dialtone-voicemail 101@acme,u"}},
		{"answered, back after all", Call{Tenant: "acme", Dialled: "101", Endpoint: "dacmehall"}, OutcomeAnswer, []string{both, "dialtone-hangup 16"}},
		{"caller hung up", Call{Tenant: "acme", Dialled: "101", Endpoint: "dacmehall"}, OutcomeCancel, []string{both, "dialtone-hangup 16"}},
		{"no word from a dial", Call{Tenant: "acme", Dialled: "101", Endpoint: "dacmehall"}, "", []string{both, "dialtone-voicemail 101@acme,u"}},
		{"no answer, no mailbox", Call{Tenant: "acme", Dialled: "102", Endpoint: "dacmedesk"}, OutcomeNoAnswer, []string{"dial-acme PJSIP/dacmehall,15,i", "dialtone-hangup 19"}},
		{"unreachable, no mailbox", Call{Tenant: "acme", Dialled: "102", Endpoint: "dacmedesk"}, OutcomeUnreachable, []string{"dial-acme PJSIP/dacmehall,15,i", "dialtone-hangup 20"}},
		{"busy, no mailbox", Call{Tenant: "acme", Dialled: "102", Endpoint: "dacmedesk"}, OutcomeBusy, []string{"dial-acme PJSIP/dacmehall,15,i", "dialtone-hangup 17"}},
		{"mailbox of another tenant only", Call{Tenant: "acme", Dialled: "105", Endpoint: ""}, OutcomeNoAnswer, []string{"dial-acme PJSIP/dacmelab,20,i", "dialtone-hangup 19"}},
		{"no device, mailbox", Call{Tenant: "acme", Dialled: "103", Endpoint: "dacmedesk"}, "", []string{"dialtone-voicemail 101@acme,u"}},
		{"no device, no mailbox", Call{Tenant: "acme", Dialled: "104", Endpoint: "dacmedesk"}, "", []string{"dialtone-hangup 20"}},
		{"own extension, other device", Call{Tenant: "acme", Dialled: "101", Endpoint: "dacmedesk"}, OutcomeNoAnswer, []string{mobile, "dialtone-voicemail 101@acme,u"}},
		{"own extension, only device", Call{Tenant: "acme", Dialled: "102", Endpoint: "dacmehall"}, "", []string{"dialtone-hangup 17"}},
		{"transferred to the own extension: the phone that let go of the call does not ring", Call{Tenant: "acme", Dialled: "101", Endpoint: "dacmehall", By: "dacmedesk"}, OutcomeNoAnswer, []string{mobile, "dialtone-voicemail 101@acme,u"}},
		{"transferred to the own extension, only device", Call{Tenant: "acme", Dialled: "102", Endpoint: "dacmedesk", By: "dacmehall"}, "", []string{"dialtone-hangup 20"}},
		{"device without extension calls", Call{Tenant: "acme", Dialled: "102", Endpoint: "dacmespare"}, OutcomeNoAnswer, []string{"dial-acme PJSIP/dacmehall,15,i", "dialtone-hangup 19"}},
		{"caller is no endpoint", Call{Tenant: "acme", Dialled: "101", Endpoint: ""}, OutcomeBusy, []string{both, "dialtone-voicemail 101@acme,b"}},
		{"own messages", Call{Tenant: "acme", Dialled: "*97", Endpoint: "dacmemobile"}, "", []string{"dialtone-messages 101@acme"}},
		{"own messages without mailbox", Call{Tenant: "acme", Dialled: "*97", Endpoint: "dacmehall"}, "", []string{"dialtone-hangup 21"}},
		{"own messages, mailbox of another tenant only", Call{Tenant: "acme", Dialled: "*97", Endpoint: "dacmelab"}, "", []string{"dialtone-hangup 21"}},
		{"own messages without extension", Call{Tenant: "acme", Dialled: "*97", Endpoint: "dacmespare"}, "", []string{"dialtone-hangup 21"}},
		{"own messages of nobody", Call{Tenant: "acme", Dialled: "*97", Endpoint: ""}, "", []string{"dialtone-hangup 21"}},
		{"unknown number", Call{Tenant: "acme", Dialled: "199", Endpoint: "dacmedesk"}, "", []string{"dialtone-hangup 1"}},
		{"nothing dialled", Call{Tenant: "acme", Dialled: "", Endpoint: "dacmedesk"}, "", []string{"dialtone-hangup 1"}},
		{"odd characters", Call{Tenant: "acme", Dialled: "101&PJSIP/x,9\n", Endpoint: "dacmedesk"}, "", []string{"dialtone-hangup 1"}},
		{"device of another tenant", Call{Tenant: "acme", Dialled: "101", Endpoint: "dboltdesk"}, "", []string{"dialtone-hangup 21"}},
		{"endpoint nobody knows", Call{Tenant: "acme", Dialled: "101", Endpoint: "dstranger"}, "", []string{"dialtone-hangup 21"}},
		{"tenant nobody knows", Call{Tenant: "corp", Dialled: "101"}, "", []string{"dialtone-hangup 21"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := Route(office(), tt.call, time.Time{})
			if diff := cmp.Diff(tt.want, walk(p, tt.outcome)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// The simulator shows rules to people: each step has one, on one line, however
// odd the dialled text is.
func TestRouteRules(t *testing.T) {
	for _, dialled := range []string{"101", "102", "103", "104", "199", "*97", "x\r\ny", strings.Repeat("9", 4000)} {
		for _, s := range Route(office(), Call{Tenant: "acme", Dialled: dialled, Endpoint: "dacmedesk"}, time.Time{}).Steps {
			if s.Rule == "" || len(s.Rule) > 200 || strings.ContainsAny(s.Rule, "\r\n") {
				t.Errorf("%.20q: rule %q", dialled, s.Rule)
			}
		}
	}
	got := Route(office(), Call{Tenant: "acme", Dialled: "101", Endpoint: "dacmedesk"}, time.Time{}).Steps[0].Rule
	if want := "extension 101 rings 1 of its 2 devices for 20 seconds"; got != want {
		t.Errorf("rule is %q, want %q", got, want)
	}
}

func TestRouteLegsBounded(t *testing.T) {
	var devices []*Device
	for range 150 {
		name := NewEndpointName()
		devices = append(devices, &Device{Tenant: "acme", Name: name, Extension: "1", Endpoint: name})
	}
	s := NewSnapshot(1, Rows{
		Tenants:    []*Tenant{{Name: "acme"}},
		Extensions: []*Extension{{Tenant: "acme", Number: "1", RingSeconds: 300}},
		Devices:    devices,
	})
	step := Route(s, Call{Tenant: "acme", Dialled: "1"}, time.Time{}).Steps[0]
	if len(step.Legs) != maxLegs || len(step.Argument("acme")) > 8000 {
		t.Errorf("%d legs, argument of %d bytes", len(step.Legs), len(step.Argument("acme")))
	}
}

// An endpoint name is our own random text; should a foreign one ever get in, it
// must not add legs or options; one that two devices claim rings once.
func TestRouteSkipsUndialableEndpoints(t *testing.T) {
	s := NewSnapshot(1, Rows{
		Tenants:    []*Tenant{{Name: "acme"}},
		Extensions: []*Extension{{Tenant: "acme", Number: "1"}},
		Devices: []*Device{
			{Tenant: "acme", Name: "a", Extension: "1", Endpoint: "a&PJSIP/evil"},
			{Tenant: "acme", Name: "b", Extension: "1", Endpoint: "b,300,U(x)"},
			{Tenant: "acme", Name: "c", Extension: "1", Endpoint: "${c}"},
			{Tenant: "acme", Name: "d", Extension: "1", Endpoint: ""},
			{Tenant: "acme", Name: "e", Extension: "1", Endpoint: "good-1.x_y"},
			{Tenant: "acme", Name: "f", Extension: "1", Endpoint: "good-1.x_y"},
		},
	})
	got := Route(s, Call{Tenant: "acme", Dialled: "1"}, time.Time{}).Steps[0].Argument("acme")
	if want := "PJSIP/good-1.x_y,20,i"; got != want {
		t.Errorf("argument %q, want %q", got, want)
	}
}

func TestParseOutcome(t *testing.T) {
	for in, want := range map[string]Outcome{
		"ANSWER": OutcomeAnswer, "NOANSWER": OutcomeNoAnswer, "BUSY": OutcomeBusy, "CANCEL": OutcomeCancel, "": OutcomePlayed,
		"CHANUNAVAIL": OutcomeUnreachable, "CONGESTION": OutcomeCongestion, "DONTCALL": OutcomeUnreachable,
		"TORTURE": OutcomeUnreachable, "INVALIDARGS": OutcomeUnreachable, "answer": OutcomeUnreachable, "x,y": OutcomeUnreachable,
	} {
		if got := ParseOutcome(in); got != want {
			t.Errorf("%q is %q, want %q", in, got, want)
		}
	}
}

// A plan made anew from a newer snapshot may be shorter or of other steps than
// the one the call began with.
func TestPlanAfterChanged(t *testing.T) {
	gone := hangup(CauseUnallocated, "gone")
	play := Plan{Steps: []Step{{Kind: StepPlay, Sound: "vm-sorry", Next: NextIs(1, OutcomePlayed)}, hangupStep(CauseNormal, "end")}}
	for _, tt := range []struct {
		plan Plan
		at   int
		o    Outcome
		want int
	}{
		{gone, 0, OutcomeNoAnswer, 0}, {gone, 5, OutcomeNoAnswer, 0}, {gone, -1, OutcomeBusy, 0},
		{play, 0, OutcomePlayed, 1}, {play, 0, OutcomeNoAnswer, 1}, {play, 9, OutcomePlayed, 1}, {play, 1, OutcomePlayed, 1},
		{Route(office(), Call{Tenant: "acme", Dialled: "101"}, time.Time{}), 2, OutcomeBusy, 2},
	} {
		if got := tt.plan.After(tt.at, tt.o); got != tt.want {
			t.Errorf("After(%d, %s) is %d, want %d", tt.at, tt.o, got, tt.want)
		}
	}
	if got := play.Steps[0].Context("acme") + " " + play.Steps[0].Argument("acme"); got != "play-acme vm-sorry" {
		t.Errorf("play is carried out by %q", got)
	}
}

func TestCallFindsCaller(t *testing.T) {
	s := office()
	for _, tt := range []struct {
		call              Call
		device, extension string
	}{
		{Call{Tenant: "acme", Endpoint: "dacmedesk"}, "desk", "101"}, {Call{Tenant: "acme", Endpoint: "dacmespare"}, "spare", ""},
		{Call{Tenant: "acme", Endpoint: "dboltdesk"}, "", ""}, {Call{Tenant: "acme", Endpoint: ""}, "", ""},
	} {
		var device, extension string
		if d := tt.call.Device(s); d != nil {
			device = d.Name
		}
		if e := tt.call.Extension(s); e != nil {
			extension = e.Number
		}
		if device != tt.device || extension != tt.extension {
			t.Errorf("%+v is device %q extension %q", tt.call, device, extension)
		}
	}
}

func TestDialOutcomesComplete(t *testing.T) {
	for _, number := range []string{"101", "102"} {
		var got []Outcome
		for o := range Route(office(), Call{Tenant: "acme", Dialled: number}, time.Time{}).Steps[0].Next.All() {
			got = append(got, o)
		}
		if diff := cmp.Diff(dialOutcomes, got, cmpopts.SortSlices(func(a, b Outcome) bool { return a < b })); diff != "" {
			t.Errorf("%s: -want +got:\n%s", number, diff)
		}
		if slices.Contains(got, OutcomePlayed) {
			t.Error("a dial has no empty outcome")
		}
	}
}

// with returns a snapshot with other rows.
func with(s *Snapshot, change func(*Rows)) *Snapshot {
	r := s.Rows
	change(&r)
	return NewSnapshot(s.Revision, r)
}
