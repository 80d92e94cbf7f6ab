package calls

import (
	"strings"
	"testing"
	"time"

	. "github.com/dialtone-pbx/dialtone/cmd/sandbox/lab"

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
			l.Extension(t, "100", "", nil)
			l.Extension(t, "101", "", nil)
			caller := l.Register(t, l.Device(t, "caller", "100", nil), phone.Options{})
			desk := l.Register(t, l.Device(t, "desk", "101", nil), phone.Options{})
			l.Extension(t, "201", "", Object{"type": "sip-virtual", "parent_device": "desk"})
			l.Extension(t, "202", "4711", Object{"type": "virtual"})
			l.Applied(t)
			lamp, err := caller.Subscribe(Within(t, 10*time.Second), "201")
			if err != nil {
				t.Fatal(err)
			}
			check := func(t *testing.T) {
				out, in := Connect(t, caller, desk, "201")
				if got := in.Header("Diversion"); !strings.Contains(got, "<sip:201@") {
					t.Errorf("the phone is not told 201 but %q", got)
				}
				Talk(t, out, in)
				Shows(t, lamp, "busy")
				HangUp(t, out, in)
				out, in = Connect(t, caller, desk, "101")
				if got := in.Header("Diversion"); got != "" {
					t.Errorf("a call to its own number says %q", got)
				}
				HangUp(t, out, in)
				message := Dial(t, caller, "202")
				if err := message.WaitAnswer(); err != nil {
					t.Fatalf("202 takes no message: %v", err)
				}
				HearsSpeech(t, message)
				if err := message.Hangup(Within(t, 10*time.Second)); err != nil {
					t.Fatal(err)
				}
			}
			t.Run("decided", check)
			l.Kill(t)
			t.Run("fallback", check)
			l.Restart(t)
			if r := l.Refused(t, "PUT", Tenant+"/devices/second", Object{"extension": "202"}); r == nil || r.Status != 422 || r.Field != "extension" {
				t.Errorf("a device of a virtual extension is answered by %+v", r)
			}
			if r := l.Refused(t, "DELETE", Tenant+"/devices/desk", nil); r == nil || r.Status != 409 || !strings.Contains(r.Detail, "201") {
				t.Errorf("deleting the parent device is answered by %+v", r)
			}
		})
	}
}
