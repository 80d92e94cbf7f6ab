package pbx

import (
	"strings"
	"testing"
	"time"
)

// menu is a tenant whose extension 101 answers for application menu: 102 forwards what it does not answer, 103 has a
// mailbox, 104 no device.
func menu() *Snapshot {
	return NewSnapshot(1, Rows{
		Tenants: []*Tenant{{Name: "acme", Country: "DE"}},
		Extensions: []*Extension{{Tenant: "acme", Number: "101"}, {Tenant: "acme", Number: "102", RingSeconds: 20},
			{Tenant: "acme", Number: "103", RingSeconds: 20, Mailbox: "103"}, {Tenant: "acme", Number: "104"},
			{Tenant: "acme", Number: "105", RingSeconds: 20, DoNotDisturb: true, Mailbox: "103"}},
		Devices: []*Device{{Tenant: "acme", Name: "b", Extension: "102", Endpoint: "db"},
			{Tenant: "acme", Name: "c", Extension: "103", Endpoint: "dc"}, {Tenant: "acme", Name: "e", Extension: "105", Endpoint: "de"}},
		Mailboxes: []*Mailbox{{Tenant: "acme", Number: "103"}},
		Forwards: []*Forward{{Tenant: "acme", Extension: "101", Mode: ForwardDestination, Destination: Destination{ToApplication, "menu"}},
			{Tenant: "acme", Extension: "102", Mode: ForwardOff, NoAnswer: Destination{ToExtension, "103"}}},
		Applications: []*Application{{Tenant: "acme", Name: "menu", Fallback: Destination{ToExtension, "103"}},
			{Tenant: "acme", Name: "other", Fallback: Destination{Kind: ToHangup}}},
		Announcements: []*Announcement{{Tenant: "acme", Name: "closed", Sound: strings.Repeat("0a", 32)},
			{Tenant: "acme", Name: "empty"}},
	})
}

// A call that gets to an application asks it, and has its fallback behind that.
func TestRouteToApplication(t *testing.T) {
	s := menu()
	place := Simulate(s, Call{Tenant: "acme", Dialled: "101", Caller: "+4930111"}, time.Time{})
	at := place.Then[0]
	if at == nil || at.Plan.Steps[0].Kind != StepApplication || at.Plan.Steps[0].Context("acme") != ApplicationContext ||
		at.Plan.Steps[0].Extension("101") != AskExtension {
		t.Fatalf("%+v", place)
	}
	if back := at.Then[1]; back == nil || back.Plan.Steps[0].Kind != StepDial || back.Plan.Steps[0].GoesOn {
		t.Errorf("the fallback: %+v", at)
	}
	circle := Call{Tenant: "acme", Dialled: "103", Hops: []Destination{{ToExtension, "101"}, {ToApplication, "menu"}}}
	if step := Route(s, circle, time.Time{}).Steps[1]; step.Kind == StepForward {
		t.Errorf("a fallback to where the call has been: %+v", step)
	}
}

// What an application dials comes back to it, with a word for how it ended.
func TestDialsOfApplicationsComeBack(t *testing.T) {
	s := menu()
	at := Call{Tenant: "acme", Dialled: "101", Hops: []Destination{{ToApplication, "menu"}}, Application: "menu"}
	for _, c := range []struct {
		to      string
		outcome Outcome
		want    CallOutcome
	}{
		{"102", OutcomeBusy, CallBusy}, {"102", OutcomeUnreachable, CallUnreachable}, {"102", OutcomeAnswer, CallAnswered},
		{"102", OutcomeNoAnswer, ""}, // it is forwarded
		{"103", OutcomeNoAnswer, CallNoAnswer}, {"103", OutcomeBusy, CallBusy}, {"103", OutcomeUnreachable, CallUnreachable},
		{"104", OutcomePlayed, CallUnreachable}, {"105", OutcomePlayed, CallBusy},
	} {
		call := at.Sent(Destination{ToExtension, c.to})
		p := Route(s, call, time.Time{})
		step := p.Steps[0]
		if step.Kind == StepDial {
			if !strings.Contains(step.Options(), "g") {
				t.Errorf("%s: the caller does not stay: %s", c.to, step.Options())
			}
			step = p.Steps[p.After(0, c.outcome)]
		}
		if step.Said != c.want || step.Kind == StepVoicemail || step.Kind == StepHangup {
			t.Errorf("%s %s: %+v, want %q", c.to, c.outcome, step, c.want)
		}
		if step.Kind != StepApplication {
			continue
		}
		if back := call.AtApplication(step.To); len(back.Hops) != 1 || back.Application != "menu" {
			t.Errorf("%s: back at %+v", c.to, back)
		}
	}
	if why := at.Barred(s, Destination{ToExternal, "112"}); why == "" {
		t.Error("an application calls for help")
	}
}

// Values of an answer are checked by their type, and each verb has its own.
func TestVerbs(t *testing.T) {
	s := menu()
	for answer, want := range map[string]string{
		`[{"verb":"play","sound":"announcement:closed"},{"verb":"hangup"}]`:                                                "",
		`{"verb":"reject","reason":"busy"}`:                                                                                "",
		`[{"verb":"gather","digits":4},{"verb":"dial","to":"extension:102"},{"verb":"redirect","to":"application:other"}]`: "",
		`[{"verb":"redirect","path":"/menu?level=2"}]`:                                                                     "",
		`[]`:                             "has no verb",
		`[{"verb":"explode"}]`:           "is no verb",
		`[{"verb":"answer","digits":3}]`: "[0].digits is no field of answer",
		`[{"verb":"play"}]`:              "[0].sound",
		`[{"verb":"play","sound":"announcement:empty"}]`:  "does not exist",
		`[{"verb":"play","sound":"../../etc/passwd"}]`:    "is not the name of a sound",
		`[{"verb":"play","sound":"a&b,noanswer"}]`:        "is not the name of a sound",
		`[{"verb":"play","sound":"a${SHELL(id)}"}]`:       "is not the name of a sound",
		`[{"verb":"gather","digits":33}]`:                 "[0].digits",
		`[{"verb":"pause"}]`:                              "[0].seconds",
		`[{"verb":"pause","seconds":1e9}]`:                "no JSON array of verbs",
		`[{"verb":"dial","to":"extension:999"}]`:          "does not exist",
		`[{"verb":"dial","to":"voicemail:103"}]`:          "cannot be dialled",
		`[{"verb":"dial","to":"external:1,2&SIP/x"}]`:     "[0].to",
		`[{"verb":"dial"}]`:                               "is required",
		`[{"verb":"voicemail","mailbox":"104"}]`:          "does not exist",
		`[{"verb":"voicemail"}]`:                          "does not exist",
		`[{"verb":"redirect","to":"hangup","path":"/x"}]`: "stands beside to",
		`[{"verb":"gather","path":"/keys"},{"verb":"record","path":"/r"},{"verb":"dial","to":"extension:102","path":"/d"}]`: "",
		`[{"verb":"gather","path":"https://evil.example/"}]`:                                                                "[0].path",
		`[{"verb":"dial","to":"extension:102","path":"d"}]`:                                                                 "[0].path",
		`[{"verb":"play","sound":"beep","path":"/p"}]`:                                                                      "[0].path is no field of play",
		`[{"verb":"redirect","to":"queue:absent"}]`:                                                                         "does not exist",
		`[{"verb":"redirect","path":"//evil.example/"}]`:                                                                    "is no path",
		`[{"verb":"redirect","path":"https://evil.example/"}]`:                                                              "is no path",
		`[{"verb":"reject","reason":"tired"}]`:                                                                              "is no reason",
		`[{"verb":"answer","extra":1}]`:                                                                                     "no JSON array of verbs",
		`"answer"`:                                                                                                          "no JSON array of verbs",
		`[{"verb":"answer"}] x`:                                                                                             "something follows",
		`[` + strings.Repeat(`{"verb":"answer"},`, 20) + `{"verb":"answer"}]`:                                               "21 verbs",
		strings.Repeat(" ", MostVerbBytes) + `[]`:                                                                           "longer than",
	} {
		verbs, err := ParseVerbs([]byte(answer))
		if err == nil {
			err = s.CheckVerbs("acme", verbs)
		}
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%.80s: %v, want %q", answer, err, want)
		}
	}
}

// An argument of the dialplan has what it was given, and defaults where that is nothing.
func TestVerbArguments(t *testing.T) {
	s := menu()
	for _, c := range []struct {
		v               Verb
		argument, sound string
	}{
		{Verb{Verb: VerbGather}, "1,,1,5", ""}, {Verb{Verb: VerbGather, Digits: 4, Seconds: 9, Sound: "beep"}, "4,,1,9", "beep"},
		{Verb{Verb: VerbPause, Seconds: 3}, "3", ""}, {Verb{Verb: VerbRecord}, "0,60,k", ""},
		{Verb{Verb: VerbRecord, Silence: 3, Seconds: 9, Quiet: true}, "3,9,kq", ""},
		{Verb{Verb: VerbPlay, Sound: "announcement:closed"}, "", OwnSound + strings.Repeat("0a", 32)},
	} {
		step, is := s.VerbStep("acme", "menu", c.v)
		if !is || step.Argument("acme") != c.argument || step.Sound != c.sound || step.Extension("101") != string(c.v.Verb) {
			t.Errorf("%+v: %+v", c.v, step)
		}
	}
	for _, v := range []Verb{{Verb: VerbHangup}, {Verb: VerbReject, Reason: "busy"}} {
		if step, is := s.VerbStep("acme", "menu", v); !is || step.Kind != StepHangup {
			t.Errorf("%+v: %+v", v, step)
		}
	}
}

func TestApplicationMark(t *testing.T) {
	for _, c := range [][3]string{{"acme", "menu", "acme*menu"}, {"a-b", "c.d_e-f", "a+b*c.d_e+f"}} {
		mark := ApplicationMark(c[0], c[1])
		tenant, name := ParseApplicationMark(mark)
		if mark != c[2] || tenant != c[0] || name != c[1] {
			t.Errorf("%v: %s, %s, %s", c, mark, tenant, name)
		}
	}
	if ApplicationMark("a-b", "c") == ApplicationMark("ab", "c") {
		t.Error("two applications have one mark")
	}
}
