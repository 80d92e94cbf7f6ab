package pbx

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestExceptionsAreNumbers: a caller stays the same however a carrier writes them.
func TestExceptionsAreNumbers(t *testing.T) {
	s := with(forwarding(&Forward{Extension: "102", Mode: ForwardDestination, Destination: to("hangup"),
		Exceptions: []string{"+491701234567", "030987654"}}), func(r *Rows) { r.Tenants[0].Country = "DE" })
	f := s.Forward(s.Tenants[0].Name, "102")
	for caller, want := range map[string]bool{"+491701234567": true, "491701234567": true, "00491701234567": true,
		"01701234567": true, "+49 (0)170 1234567": true,
		"03098765-4": true, "+4930987654": true, "4930987654": true, "1701234567": false, "+4917012345678": false, "": false, "101": false} {
		if got := f.excepted(routing{s: s, c: Call{Tenant: f.Tenant, Caller: caller}}); got != want {
			t.Errorf("%q: excepted is %v", caller, got)
		}
	}
}

// forwarding is the office with forwards; 104 and 105 have no device that rings.
func forwarding(fs ...*Forward) *Snapshot {
	for _, f := range fs {
		f.Tenant = "acme"
		if f.Mode == "" {
			f.Mode = ForwardOff
		}
	}
	return with(office(), func(r *Rows) { r.Forwards = fs })
}

func to(text string) Destination {
	d, err := ParseDestination("to", text)
	if err != nil {
		panic(err)
	}
	return d
}

// journey is a call as its caller lives it, over all places it is sent to, each
// step coming back with the same outcome.
func journey(s *Snapshot, c Call, now time.Time, o Outcome) []string {
	var seen []string
	for range MaxHops + 2 {
		p := Route(s, c, now)
		i := 0
		for p.Steps[i].Returns() {
			seen = append(seen, p.Steps[i].Context("acme")+" "+p.Steps[i].Argument("acme"))
			i = p.After(i, o)
		}
		if p.Steps[i].Kind != StepForward {
			return append(seen, p.Steps[i].Context("acme")+" "+p.Steps[i].Argument("acme"))
		}
		seen = append(seen, "> "+p.Steps[i].To.String())
		c = c.Sent(p.Steps[i].To)
	}
	return append(seen, "does not end")
}

type talking map[string]bool

func (t talking) Ringing(string) bool           { return false }
func (t talking) Registered(string) bool        { return true }
func (t talking) Answers(string) bool           { return true }
func (t talking) SignedIn(string) bool          { return true }
func (t talking) Calls(string) int              { return 0 }
func (t talking) CallsAt([]string) int          { return 0 }
func (talking) Usage(string, string) Usage      { return Usage{} }
func (talking) CalledForHelp(string) []HelpCall { return nil }

func (t talking) InUse(endpoint string) bool { return t[endpoint] }

func TestForwards(t *testing.T) {
	const desk, hall = "dial-acme PJSIP/dacmedesk&PJSIP/dacmemobile,20,i", "dial-acme PJSIP/dacmehall,15,i"
	all := func(n, dest string) *Forward {
		return &Forward{Extension: n, Mode: ForwardDestination, Destination: to(dest)}
	}
	when := &Forward{Extension: "102", Unreachable: to("voicemail:101"), Busy: to("extension:101"), NoAnswer: to("hangup")}
	for _, tt := range []struct {
		name    string
		s       *Snapshot
		call    Call
		outcome Outcome
		want    []string
	}{
		{"every call", forwarding(all("102", "extension:101")), Call{Dialled: "102"}, OutcomeBusy, []string{"> extension:101", desk, "dialtone-voicemail 101@acme,b"}},
		{"to a mailbox", forwarding(all("102", "voicemail:101")), Call{Dialled: "102"}, "", []string{"> voicemail:101", "dialtone-voicemail 101@acme,u"}},
		{"to nowhere", forwarding(all("102", "hangup")), Call{Dialled: "102"}, "", []string{"> hangup", "dialtone-hangup 19"}},
		{"not for an exception", forwarding(&Forward{Extension: "102", Mode: ForwardDestination, Destination: to("hangup"), NoAnswer: to("extension:101"), Exceptions: []string{"+4930123", "101"}}),
			Call{Dialled: "102", Endpoint: "dacmedesk"}, OutcomeNoAnswer, []string{hall, "dialtone-hangup 19"}},
		{"an exception from outside", forwarding(&Forward{Extension: "102", Mode: ForwardDestination, Destination: to("hangup"), Exceptions: []string{"+4930123"}}),
			Call{Dialled: "102", Caller: "004930123"}, OutcomeNoAnswer, []string{hall, "dialtone-hangup 19"}},
		{"no answer", forwarding(when), Call{Dialled: "102"}, OutcomeNoAnswer, []string{hall, "> hangup", "dialtone-hangup 19"}},
		{"busy", forwarding(when), Call{Dialled: "102"}, OutcomeBusy, []string{hall, "> extension:101", desk, "dialtone-voicemail 101@acme,b"}},
		{"unreachable", forwarding(when), Call{Dialled: "102"}, OutcomeUnreachable, []string{hall, "> voicemail:101", "dialtone-voicemail 101@acme,u"}},
		{"own ring time", forwarding(&Forward{Extension: "102", NoAnswer: to("extension:101"), NoAnswerSeconds: 7}), Call{Dialled: "102"}, OutcomeNoAnswer,
			[]string{"dial-acme PJSIP/dacmehall,7,i", "> extension:101", desk, "dialtone-voicemail 101@acme,u"}},
		{"answered", forwarding(when), Call{Dialled: "102"}, OutcomeAnswer, []string{hall, "dialtone-hangup 16"}},
		{"in a circle", forwarding(all("101", "extension:102"), all("102", "extension:101")), Call{Dialled: "101"}, OutcomeNoAnswer, []string{"> extension:102", hall, "dialtone-voicemail 101@acme,u"}},
		{"to somebody without a mailbox: the first one's takes it", forwarding(all("101", "extension:102")), Call{Dialled: "101"}, OutcomeBusy, []string{"> extension:102", hall, "dialtone-voicemail 101@acme,u"}},
		{"to nowhere, with a mailbox", forwarding(all("101", "hangup")), Call{Dialled: "101"}, "", []string{"> hangup", "dialtone-hangup 19"}},
		{"outside without a trunk", forwarding(all("101", "external:+4930123456")), Call{Dialled: "101"}, "", []string{"> external:+4930123456", "dialtone-voicemail 101@acme,u"}},
		{"nothing there", forwarding(all("102", "extension:999")), Call{Dialled: "102"}, "", []string{"> extension:999", "dialtone-hangup 1"}},
		{"no device", forwarding(&Forward{Extension: "104", Unreachable: to("extension:102")}), Call{Dialled: "104"}, OutcomeNoAnswer, []string{"> extension:102", hall, "dialtone-hangup 19"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.call.Tenant = "acme"
			if diff := cmp.Diff(tt.want, journey(tt.s, tt.call, time.Time{}, tt.outcome)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// A chain that is too long ends where its last link cannot be followed.
func TestForwardChainEnds(t *testing.T) {
	var fs []*Forward
	var es []*Extension
	for i := range 20 {
		es = append(es, &Extension{Tenant: "acme", Number: fmt.Sprint(100 + i)})
		fs = append(fs, &Forward{Tenant: "acme", Extension: fmt.Sprint(100 + i), Mode: ForwardDestination, Destination: Destination{ToExtension, fmt.Sprint(101 + i)}})
	}
	s := NewSnapshot(1, Rows{Tenants: []*Tenant{{Name: "acme", ClassOfService: "everything"}}, Extensions: es,
		Forwards: fs, Classes: []*ClassOfService{{Tenant: "acme", Name: "everything", Allow: []string{"any"}}}})
	got := journey(s, Call{Tenant: "acme", Dialled: "100"}, time.Time{}, "")
	if len(got) != MaxHops+1 || got[MaxHops] != "dialtone-hangup 20" {
		t.Errorf("got %q", got)
	}
	text := HopsText("100", []Destination{to("extension:101"), to("hangup")})
	if dialled, hops := ParseHops(text); dialled != "100" || len(hops) != 2 || hops[0] != to("extension:101") {
		t.Errorf("%q is read as %q %v", text, dialled, hops)
	}
	for _, bad := range []string{"", "100", "100>", "100>x:1", "100>extension:1,2", strings.Repeat(">hangup", MaxHops+1)} {
		if dialled, hops := ParseHops(bad); dialled != "" || hops != nil {
			t.Errorf("%q is read as %q %v", bad, dialled, hops)
		}
	}
}

func TestWantsNoCall(t *testing.T) {
	s := forwarding(&Forward{Extension: "101", Busy: to("extension:102")})
	e := s.Extension("acme", "101")
	call := Call{Tenant: "acme", Dialled: "101", Live: talking{"dacmedesk": true}}
	if got := journey(s, call, time.Time{}, OutcomeNoAnswer); got[0] == "> extension:102" {
		t.Errorf("call waiting is on: %q", got)
	}
	e.NoCallWaiting = true
	if got := journey(s, call, time.Time{}, OutcomeNoAnswer); got[0] != "> extension:102" {
		t.Errorf("call waiting is off, in a call: %q", got)
	}
	call.Endpoint = "dacmedesk" // its own call is not a second one
	if got := journey(s, call, time.Time{}, OutcomeNoAnswer); got[0] == "> extension:102" {
		t.Errorf("the calling device itself: %q", got)
	}
	e.NoCallWaiting, e.DoNotDisturb = false, true
	if got := journey(s, Call{Tenant: "acme", Dialled: "101"}, time.Time{}, OutcomeNoAnswer); got[0] != "> extension:102" {
		t.Errorf("do not disturb: %q", got)
	}
}

// TestForwardsByCaller: the first rule that is about the caller counts; one for the devices lets
// them ring, and says so.
func TestForwardsByCaller(t *testing.T) {
	s := forwarding(&Forward{Extension: "102", Mode: ForwardSchedule, Busy: to("voicemail:101"), Rules: []CallRule{
		{Callers: []string{"+4989", CallInternal}, Devices: true},
		{Callers: []string{"+49"}, Destination: to("extension:101")}, {Destination: to("hangup")}}})
	for _, tt := range []struct{ endpoint, caller, want string }{
		{"by dacmedesk", "+493012345", "forwards, by rule 2 of its schedule"}, {"by dacmedesk", "+498912345", "by rule 1 of its"},
		{"", "+498912345", "rings 1 of its 1 devices for 15 seconds, by rule 1 of its schedule"},
		{"", "00498912345", "rings 1 of its 1 devices for 15 seconds, by rule 1 of its schedule"},
		{"dacmedesk", "101", "rings 1 of its 1 devices for 15 seconds, by rule 1 of its schedule"},
		{"", "+493012345", "forwards, by rule 2 of its schedule: forwarded to extension:101"},
		{"", "+431234567", "forwards, by rule 3 of its schedule: forwarded to hangup"}, {"", "", "forwards, by rule 3 of its schedule"},
		{"", "anonymous", "forwards, by rule 3 of its schedule"},
	} {
		call := Call{Tenant: "acme", Dialled: "102", Endpoint: tt.endpoint, Caller: tt.caller}
		if by, transferred := strings.CutPrefix(tt.endpoint, "by "); transferred {
			call.Endpoint, call.By = "", by
		}
		p := Route(s, call, time.Time{})
		if !strings.Contains(p.Steps[0].Rule, tt.want) {
			t.Errorf("%q calls: %s, want %s", tt.caller, p.Steps[0].Rule, tt.want)
		}
	}
	f := *s.Forward("acme", "102")
	f.Redirect(to("extension:101"), Destination{})
	if f.Redirect(to("hangup"), Destination{}); len(f.Rules) != 1 || !f.Rules[0].Devices || f.Mode != ForwardSchedule {
		t.Errorf("without its destinations the forward is %+v", f)
	}
}

func TestForwardValidate(t *testing.T) {
	rule := CallRule{Destination: to("hangup")}
	for want, f := range map[string]Forward{
		"mode":                 {Mode: "sometimes"},
		"destination":          {Mode: ForwardDestination},
		"rules":                {Mode: ForwardSchedule},
		"no_answer_seconds":    {Mode: ForwardOff, NoAnswerSeconds: 20},
		"busy":                 {Mode: ForwardOff, Busy: to("extension:102")},
		"timezone":             {Mode: ForwardOff, Timezone: "Mars/Olympus"},
		"exceptions":           {Mode: ForwardOff, Exceptions: []string{"a b"}},
		"rules[0].days":        {Mode: ForwardSchedule, Rules: []CallRule{{Days: []string{"mon", "mon"}, Destination: rule.Destination}}},
		"rules[0].from":        {Mode: ForwardSchedule, Rules: []CallRule{{From: "25:00", To: "26:00", Destination: rule.Destination}}},
		"rules[0].to":          {Mode: ForwardSchedule, Rules: []CallRule{{From: "08:00", To: "08:00", Destination: rule.Destination}}},
		"rules[0].first_date":  {Mode: ForwardSchedule, Rules: []CallRule{{FirstDate: "2026-02-30", Destination: rule.Destination}}},
		"rules[0].last_date":   {Mode: ForwardSchedule, Rules: []CallRule{{FirstDate: "2026-02-03", LastDate: "2026-02-02", Destination: rule.Destination}}},
		"rules[0].destination": {Mode: ForwardSchedule, Rules: []CallRule{{}}},
		"rules[0].callers[0]":  {Mode: ForwardSchedule, Rules: []CallRule{{Callers: []string{"101"}, Devices: true}}},
		"rules[0].callers[1]":  {Mode: ForwardSchedule, Rules: []CallRule{{Callers: []string{"internal", "internal"}, Devices: true}}},
	} {
		f.Extension = "102"
		if err := f.Validate(); err == nil || !strings.Contains(fmt.Sprintf("%+v", err), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
	for _, text := range []string{"extension", "extension:a b", "hangup:1", "102", "external:12", "voicemail:", ":"} {
		if d, err := ParseDestination("to", text); err == nil {
			t.Errorf("%q is %v", text, d)
		}
	}
}

func (talking) Turn(string, string) Turn { return Turn{} }
