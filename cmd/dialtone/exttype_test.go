package main

import (
	"strings"
	"testing"
	"time"

	"github.com/dialtone-pbx/dialtone/cmd/phonesim/phone"
	"github.com/dialtone-pbx/dialtone/cmd/sandbox/box"
)

// TestTypesRealAsterisk: a sip-virtual extension rings another's device, which is
// told the number that was dialled; a virtual one takes messages only. Decided
// by the controller and by the fallback, on both generations.
func TestTypesRealAsterisk(t *testing.T) {
	t.Parallel()
	for _, suite := range box.Suites() {
		t.Run(suite.Name, func(t *testing.T) {
			t.Parallel()
			l := openLab(t, suite)
			l.extension(t, "100", "", nil)
			l.extension(t, "101", "", nil)
			caller := l.register(t, l.device(t, "caller", "100", nil), phone.Options{})
			desk := l.register(t, l.device(t, "desk", "101", nil), phone.Options{})
			l.extension(t, "201", "", object{"type": "sip-virtual", "parent_device": "desk"})
			l.extension(t, "202", "4711", object{"type": "virtual"})
			l.applied(t)
			lamp, err := caller.Subscribe(within(t, 10*time.Second), "201")
			if err != nil {
				t.Fatal(err)
			}
			check := func(t *testing.T) {
				out, in := connect(t, caller, desk, "201")
				if got := in.Header("Diversion"); !strings.Contains(got, "<sip:201@") {
					t.Errorf("the phone is not told 201 but %q", got)
				}
				talk(t, out, in)
				shows(t, lamp, "busy")
				hangUp(t, out, in)
				out, in = connect(t, caller, desk, "101")
				if got := in.Header("Diversion"); got != "" {
					t.Errorf("a call to its own number says %q", got)
				}
				hangUp(t, out, in)
				message := dial(t, caller, "202")
				if err := message.WaitAnswer(); err != nil {
					t.Fatalf("202 takes no message: %v", err)
				}
				hearsSpeech(t, message)
				if err := message.Hangup(within(t, 10*time.Second)); err != nil {
					t.Fatal(err)
				}
			}
			t.Run("decided", check)
			l.kill(t)
			t.Run("fallback", check)
			l.restart(t)
			if r := l.refused(t, "PUT", tenant+"/devices/second", object{"extension": "202"}); r == nil || r.Status != 422 || r.Field != "extension" {
				t.Errorf("a device of a virtual extension is answered by %+v", r)
			}
			if r := l.refused(t, "DELETE", tenant+"/devices/desk", nil); r == nil || r.Status != 409 || !strings.Contains(r.Detail, "201") {
				t.Errorf("deleting the parent device is answered by %+v", r)
			}
		})
	}
}
