package pbx

import (
	"strings"
	"testing"
	"time"
)

// TestRedirections: what comes of a call that a phone of 101 has answered with 302, after a
// dial that ended as busy.
func TestRedirections(t *testing.T) {
	for name, tt := range map[string]struct {
		text string // what the dialplan hands back
		set  func(b *behind)
		want string // rule of what follows
	}{
		"to an extension":                  {"101>103", nil, "redirects the call: forwarded to extension:103"},
		"to an extension with letters":     {"101>lobby", func(b *behind) { b.extra("lobby") }, "forwarded to extension:lobby"},
		"to a group":                       {"101>600", func(b *behind) { b.sales() }, "forwarded to ring-group:sales"},
		"outside":                          {"101>01701234567", nil, "forwarded to external:01701234567"},
		"outside, as a carrier writes it":  {"101>+491701234567", nil, "forwarded to external:+491701234567"},
		"to itself":                        {"101>101", nil, "where the call has been already and has no mailbox"},
		"to nobody":                        {"101>199", nil, "none of the dialling rules"},
		"to a code":                        {"101>*12", nil, "which is no number"},
		"to a slot":                        {"101>701", nil, "none of the dialling rules"},
		"to a word":                        {"101>bob", nil, "which is no number"},
		"to nothing":                       {"101>", nil, "which is no number"},
		"to a channel":                     {"101>PJSIP/0170@trunk", nil, "which is no number"},
		"of a group":                       {"600>103", nil, "101 is busy"},
		"of an earlier extension":          {"102>103", nil, "101 is busy"},
		"none":                             {"", nil, "101 is busy"},
		"the class denies internal":        {"101>103", func(b *behind) { b.denies(CallInternal) }, "chosen denies internal"},
		"the voicemail's code, no mailbox": {"101>*97", nil, "which is no number"},
		"the rule for unreachable": {"101>101", func(b *behind) {
			b.forward(func(f *Forward) { f.Unreachable, f.Busy = to("extension:104"), to("hangup") })
		}, "forwarded to extension:104"},
	} {
		b := officeBehindDoors()
		if tt.set != nil {
			tt.set(&b)
		}
		b.call.Redirected, b.call.Resumed, b.call.Dialled = ParseRedirection(tt.text), true, "101"
		p := Route(NewSnapshot(1, b.rows), b.call, time.Time{})
		for _, o := range []Outcome{OutcomeBusy, OutcomeDeclined} {
			if got := p.Steps[p.After(0, o)].Rule; !strings.Contains(got, tt.want) {
				t.Errorf("%s, %s: %s, want %s", name, o, got, tt.want)
			}
		}
		if got := p.Steps[p.After(0, OutcomeAnswer)]; got.Kind != StepHangup || got.Cause != CauseNormal {
			t.Errorf("%s: an answered call goes on to %+v", name, got)
		}
	}
}

// extra adds an extension of that number.
func (b *behind) extra(number string) {
	b.rows.Extensions = append(b.rows.Extensions, &Extension{Tenant: "acme", Number: number, RingSeconds: 20})
}

func (b *behind) sales() { b.group(&RingGroup{Members: []RingMember{{Extension: "103"}}}) }

// denies gives 101 a class of service.
func (b *behind) denies(words ...string) {
	b.rows.Classes = append(b.rows.Classes, &ClassOfService{Tenant: "acme", Name: "chosen", Deny: words,
		Allow: []string{"any"}})
	b.extension().ClassOfService = "chosen"
}
