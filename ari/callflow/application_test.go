package callflow

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/dialtone-pbx/dialtone/ari/aritest"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// withApplication is the office with an application at 101, which falls back to 103 without a
// device: what ends there gets to the mailbox of 101, where the call was first.
func withApplication() *pbx.Snapshot {
	return with(office(), func(r *pbx.Rows) {
		r.Applications = []*pbx.Application{{Tenant: "acme", Name: "menu",
			Fallback: pbx.Destination{Kind: pbx.ToExtension, Key: "103"}}}
		r.Forwards = []*pbx.Forward{{Tenant: "acme", Extension: "101", Mode: pbx.ForwardDestination,
			Destination: pbx.Destination{Kind: pbx.ToApplication, Key: "menu"}}}
	})
}

const (
	atMenu = "101>application:menu"
	goesTo = "POST 1/continue "
)

// asksOf are the arguments of a call that has come to ask.
func asksOf(outcome string) []string {
	return []string{"application", "acme*menu", outcome, atMenu, "", "PJSIP/dccc-0000002a", ""}
}

// A call that gets to an application goes to where it is asked about, and leaves nothing here.
func TestEntersApplication(t *testing.T) {
	r := newRig(t, func(o *Options) { o.Snapshot = withApplication }).run()
	r.enters(caller("1", "101"), "call", "acme")
	if v := r.verdict(); v != Decided {
		t.Errorf("verdict %s", v)
	}
	r.stop()
	trace := r.trace()
	for _, want := range []string{"POST 1/variable DIALTONE_HOPS=" + atMenu,
		"POST 1/variable DIALTONE_APPLICATION=acme*menu",
		"POST 1/variable DIALTONE_PROGRESS=", goesTo + "dialtone-application,ask,1"} {
		if !slices.Contains(trace, want) {
			t.Errorf("no %q in:\n%s", want, strings.Join(trace, "\n"))
		}
	}
}

// Each answer of an application, and each way of not answering, leads somewhere.
func TestAsksApplication(t *testing.T) {
	play := pbx.Verb{Verb: pbx.VerbPlay, Sound: "vm-goodbye"}
	for _, c := range []struct {
		name     string
		progress string // on the channel
		keys     string // of the caller; "" is 42, "-" no key
		outcome  string
		at       string // the path that is asked
		verbs    []pbx.Verb
		err      error
		last     string // what the application is told, in JSON; "" when it is not asked
		kept     string // progress afterwards; "-" for no change
		goes     string
	}{
		{name: "plays", verbs: []pbx.Verb{play, {Verb: pbx.VerbHangup}}, last: "null",
			kept: `{"n":1,"verb":"play","verbs":[{"verb":"hangup"}]}`, goes: "dialtone-application,play,1"},
		{name: "goes on without asking", progress: `{"n":1,"verb":"play","verbs":[{"verb":"hangup"}]}`, outcome: "ok",
			kept: "-", goes: "dialtone-hangup,101,1"},
		{name: "tells keys", progress: `{"n":1,"verb":"gather"}`, outcome: "ok", verbs: []pbx.Verb{play},
			last: `{"verb":"gather","outcome":"ok","digits":"42"}`, kept: `{"n":2,"verb":"play"}`,
			goes: "dialtone-application,play,1"},
		{name: "gathers for a path", verbs: []pbx.Verb{{Verb: pbx.VerbGather, Path: "/keys"}, play}, last: "null",
			kept: `{"n":1,"verb":"gather","then":"/keys","verbs":[{"verb":"play","sound":"vm-goodbye"}]}`,
			goes: "dialtone-application,gather,1"},
		{name: "tells keys at a path", progress: `{"n":1,"verb":"gather","then":"/keys","verbs":[{"verb":"hangup"}]}`,
			outcome: "timeout", verbs: []pbx.Verb{play}, at: "/keys", last: `{"verb":"gather","outcome":"timeout","digits":"42"}`,
			kept: `{"n":2,"path":"/keys","verb":"play"}`, goes: "dialtone-application,play,1"},
		{name: "goes on without a key", keys: "-", progress: `{"n":1,"verb":"gather","then":"/keys","verbs":[{"verb":"play"}]}`,
			outcome: "timeout", kept: `{"n":1,"verb":"play","last":{"verb":"gather","outcome":"timeout"}}`,
			goes: "dialtone-application,play,1"},
		{name: "tells at a path what was not rung", progress: `{"n":1,"verbs":[{"verb":"dial","to":"external:112","path":"/d"},` +
			`{"verb":"hangup"}]}`, verbs: []pbx.Verb{play}, at: "/d", kept: `{"n":2,"path":"/d","verb":"play"}`,
			last: `{"verb":"dial","outcome":"refused","reason":"not forwarded to external:112, which is for emergencies"}`,
			goes: "dialtone-application,play,1"},
		{name: "dials where the call has been", verbs: []pbx.Verb{{Verb: pbx.VerbDial, To: "extension:101"}}, last: "null", kept: "-"},
		{name: "rings", verbs: []pbx.Verb{{Verb: pbx.VerbDial, To: "extension:104"}}, last: "null",
			kept: `{"n":1,"verb":"dial"}`, goes: "dial-acme,104,1"},
		{name: "leaves", verbs: []pbx.Verb{{Verb: pbx.VerbVoicemail, Mailbox: "101"}}, last: "null", kept: "-",
			goes: "dialtone-voicemail,101,1"},
		{name: "fails", err: errors.New("no answer"), last: "null", kept: "-", goes: "dialtone-voicemail,103,1"},
		{name: "says nothing", last: "null", kept: "-", goes: "dialtone-voicemail,103,1"},
		{name: "torn", progress: `{"n":`, kept: "-", goes: "dialtone-voicemail,103,1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var told []string
			r := newRig(t, func(o *Options) {
				o.Snapshot = func() *pbx.Snapshot {
					return with(withApplication(), func(r *pbx.Rows) {
						r.Extensions = append(slices.Clip(r.Extensions),
							&pbx.Extension{Tenant: "acme", Number: "104", RingSeconds: 20})
						r.Devices = append(slices.Clip(r.Devices),
							&pbx.Device{Tenant: "acme", Name: "d", Extension: "104", Endpoint: "dddd"})
					})
				}
				o.Ask = func(_ context.Context, about pbx.Asked) ([]pbx.Verb, error) {
					if about.Path != c.at {
						t.Errorf("it is asked at %q", about.Path)
					}
					last, err := json.Marshal(about.Last)
					if told = append(told, string(last)); len(told) > 1 || err != nil {
						return nil, errors.New("asked again")
					}
					return c.verbs, c.err
				}
			}).run()
			r.server.SetVariable("1", pbx.ProgressVariable, c.progress)
			r.server.SetVariable("1", pbx.KeysVariable, strings.TrimSuffix(cmp.Or(c.keys, "42"), "-"))
			in := caller("1", "ask")
			in.Context = pbx.ApplicationContext
			r.enters(in, asksOf(c.outcome)...)
			if v := r.verdict(); v != Decided {
				t.Errorf("verdict %s", v)
			}
			r.stop()
			trace := r.trace()
			if c.last != "" && (len(told) == 0 || told[0] != c.last) || c.last == "" && len(told) > 0 {
				t.Errorf("it was told %q, want %q", told, c.last)
			}
			if c.kept != "-" && !slices.Contains(trace, "POST 1/variable DIALTONE_PROGRESS="+c.kept) ||
				c.goes != "" && !slices.Contains(trace, goesTo+c.goes) ||
				!slices.Contains(trace, "POST 1/variable TIMEOUT(absolute)=0") {
				t.Errorf("requests:\n%s", strings.Join(trace, "\n"))
			}
			if strings.Contains(r.log.String(), "42") && c.name == "tells keys" {
				t.Error("keys are in the log")
			}
		})
	}
}

// What was dialled comes back to where its application is asked about, with the outcome.
func TestDialComesBackToApplication(t *testing.T) {
	r := newRig(t, func(o *Options) { o.Snapshot = withApplication }).run()
	r.enters(caller("1", "102"), "step", "acme", "BUSY", "0", atMenu+">extension:102", "", "", "PJSIP/dbbb-0000002a", "",
		"", "acme*menu")
	if v := r.verdict(); v != Decided {
		t.Errorf("verdict %s", v)
	}
	r.stop()
	trace := r.trace()
	for _, want := range []string{"POST 1/variable DIALTONE_HOPS=" + atMenu, "POST 1/variable DIALTONE_OUTCOME=busy",
		goesTo + "dialtone-application,ask,1"} {
		if !slices.Contains(trace, want) {
			t.Errorf("no %q in:\n%s", want, strings.Join(trace, "\n"))
		}
	}
	if slices.Contains(trace, "POST 1/variable DIALTONE_PROGRESS=") {
		t.Error("the progress is gone")
	}
}

// Whatever fails, the call goes to what the dialplan has for its application.
func TestApplicationFallsBack(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*Options)
		args   []string
		goes   string
	}{
		{"no configuration", func(o *Options) { o.Snapshot = func() *pbx.Snapshot { return nil } }, asksOf(""),
			"dialtone-application,T,1"},
		{"no hops", nil, []string{"application", "acme*menu", "", "", "", "", ""}, ",,"},
		{"nobody asks", func(o *Options) { o.Snapshot = withApplication }, asksOf(""), "dialtone-voicemail,103,1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, c.change).run()
			r.answers("GET /channels/1/variable", aritest.Failure(404, "Provided variable was not found"))
			r.enters(caller("1", "ask"), c.args...)
			r.verdict()
			r.stop()
			if trace := r.trace(); !slices.Contains(trace, goesTo+c.goes) {
				t.Errorf("requests:\n%s", strings.Join(trace, "\n"))
			}
		})
	}
}
