package faults

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	. "github.com/dialtone-pbx/dialtone/cmd/sandbox/lab"

	"github.com/dialtone-pbx/dialtone/cmd/phonesim/phone"
	"github.com/dialtone-pbx/dialtone/cmd/sandbox/box"
)

// atOnce is how long a call may take that nobody waits for, on a busy machine.
const atOnce = 5 * time.Second

// TestDeadTrunkRealAsterisk has a carrier that falls silent. Calls through it end at once, a
// forward to it leads to the mailbox, and a call for help is tried all the same, with and
// without a controller. Then the carrier is back.
func TestDeadTrunkRealAsterisk(t *testing.T) {
	t.Parallel()
	for _, suite := range box.Suites() {
		t.Run(suite.Name, func(t *testing.T) {
			t.Parallel()
			l, carrier := openLab(t, suite), OpenWire(t, "127.0.0.4")
			l.Do(t, "PUT", Tenant+"/trunks/carrier", carrier.Trunk(Object{"qualify_seconds": 1}), nil)
			l.Do(t, "PATCH", Tenant, Object{"country": "DE"}, nil)
			l.Extension(t, "101", "", nil)
			l.Extension(t, "120", "4711", Object{"ring_seconds": 5})
			l.Do(t, "PUT", Tenant+"/external-numbers/+4930123456", Object{}, nil)
			l.Do(t, "PUT", Tenant+"/forwards/120", Object{"unreachable": "external:+4930123456"}, nil)
			caller := l.Register(t, l.Device(t, "caller", "101", nil), phone.Options{})
			l.Applied(t)
			l.reach(t, "reachable")
			carrier.Answers("INVITE", "480 Temporarily Unavailable")
			if code := Refusal(t, caller, "030123456"); code == 503 {
				t.Errorf("a carrier that answers: %d", code)
			}
			carrier.Answers("INVITE", "")
			carrier.Answers("OPTIONS", "")
			l.reach(t, "unreachable")
			before := len(carrier.Packets("INVITE"))
			began := time.Now()
			if code := Refusal(t, caller, "030123456"); code != 503 || time.Since(began) > atOnce {
				t.Errorf("a silent carrier: %d after %v", code, time.Since(began))
			}
			rule := "trunk carrier is out of order: its carrier does not answer OPTIONS"
			Eventually(t, atOnce, func() string {
				if r := l.CDRs(t, "")[0]; r.Outcome != "failed" || !slices.Contains(r.Rules, rule) {
					return fmt.Sprintf("the record says %s: %v", r.Outcome, r.Rules)
				}
				return ""
			})
			out := Dial(t, caller, "120")
			HearsSpeech(t, out) // of the mailbox
			_ = out.Hangup(t.Context())
			if n := len(carrier.Packets("INVITE")); n != before {
				t.Errorf("the carrier got %d calls that cannot reach it", n-before)
			}
			l.help(t, carrier, caller)
			if suite.Name == box.Asterisk22.Name {
				began = time.Now()
				code := Refusal(t, caller, "112")
				if took := time.Since(began); code != 503 || took < 14*time.Second || took > 20*time.Second {
					t.Errorf("a call for help waits for %v and ends with %d", took, code)
				}
			}
			l.Kill(t)
			l.help(t, carrier, caller)
		})
	}
}

// help dials 112 and hangs up when the carrier has got it.
func (l *lab) help(t *testing.T, carrier *Wire, caller *phone.Phone) {
	t.Helper()
	before := len(carrier.Packets("INVITE"))
	out := Dial(t, caller, "112")
	Eventually(t, atOnce, func() string {
		got := carrier.Packets("INVITE")
		if len(got) == before || !strings.HasPrefix(got[len(got)-1], "INVITE sip:112@127.0.0.4:") {
			return fmt.Sprintf("no call for help after %d INVITEs: %v", before, got)
		}
		return ""
	})
	if err := out.Hangup(Within(t, atOnce)); err != nil {
		t.Error(err)
	}
	l.NoChannels(t)
}

// reach waits until the trunk is said to be reachable or not.
func (l *lab) reach(t *testing.T, want string) {
	t.Helper()
	Eventually(t, 20*time.Second, func() string {
		var v struct{ Status struct{ Reach string } }
		l.Do(t, "GET", Tenant+"/trunks/carrier", nil, &v)
		if v.Status.Reach != want {
			return "the carrier is " + v.Status.Reach
		}
		return ""
	})
}
