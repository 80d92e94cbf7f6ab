package faults

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	. "github.com/dialtone-pbx/dialtone/cmd/sandbox/lab"

	"github.com/dialtone-pbx/dialtone/cmd/phonesim/phone"
	"github.com/dialtone-pbx/dialtone/cmd/sandbox/box"
)

// rightWithin is how soon after Asterisk's return everything must be right again.
const rightWithin = 10 * time.Second

// TestAsteriskRestartRealAsterisk ends Asterisk under the running controller, in
// order and as kill -9 does, and starts it again.
func TestAsteriskRestartRealAsterisk(t *testing.T) {
	t.Parallel()
	l := openLab(t, box.Asterisk22)
	l.Extension(t, "101", "", nil)
	l.Extension(t, "102", "", nil)
	l.Device(t, "absent", "101", nil)
	alice, bob := l.Device(t, "alice", "101", nil), l.Device(t, "bob", "102", nil)
	from, to := l.Register(t, alice, phone.Options{}), l.Register(t, bob, phone.Options{})
	t.Run("in order", func(t *testing.T) {
		l.throughRestart(t, from, to, "103", func() {
			if err := syscall.Kill(l.Asterisk.PID(), syscall.SIGTERM); err != nil {
				t.Fatal(err)
			}
			<-l.Asterisk.Done()
		})
	})
	t.Run("kill -9", func(t *testing.T) { l.throughRestart(t, from, to, "104", l.Asterisk.Kill) })
}

// throughRestart ends Asterisk during a call, looks at what is said while it is
// away, changes something, brings it back and looks again. Nobody helps: no
// phone registers, no request asks for anything.
func (l *lab) throughRestart(t *testing.T, from, to *phone.Phone, number string, end func()) {
	for _, name := range []string{"alice", "bob"} {
		l.WaitStatus(t, name, 10*time.Second, "OK with user agent", func(s Status) bool { return IsOK(s) && s.UserAgent != "" })
	}
	out, in := Connect(t, from, to, "102")
	l.WaitStatus(t, "alice", 5*time.Second, "in a call", func(s Status) bool { return s.Call == "in-call" })
	before := l.Status(t, "alice")
	end()
	first := l.WaitStatus(t, "alice", 5*time.Second, "stale", func(s Status) bool { return s.Stale })
	if first.Status != "OK" || first.IP != before.IP || first.Port != before.Port || first.UserAgent != before.UserAgent {
		t.Errorf("while Asterisk is away the last known state is %+v, was %+v", first, before)
	}
	l.WaitStatus(t, "alice", 5*time.Second, "older", func(s Status) bool { return s.Stale && s.Age > first.Age+0.5 })
	l.changeWhileAway(t, number)
	// Asterisk has forgotten the call; the phones have not.
	_, _ = out.Hangup(Within(t, 100*time.Millisecond)), in.Hangup(Within(t, 100*time.Millisecond))
	if err := l.Asterisk.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	back := time.Now()
	for _, name := range []string{"alice", "bob"} {
		l.WaitStatus(t, name, time.Until(back.Add(rightWithin)), "OK and idle", func(s Status) bool {
			return IsOK(s) && s.Call == "idle" && s.IP == "127.0.0.1" && s.Port != 0 && s.UserAgent != ""
		})
	}
	if s := l.Status(t, "absent"); s.Status != "" || s.Stale {
		t.Errorf("a device that never registered is %+v", s)
	}
	t.Logf("statuses are right %v after Asterisk's return", time.Since(back))
	l.takenOnReturn(t, number, back)
	l.Decides(t, time.Until(back.Add(rightWithin)))
	t.Logf("calls are decided %v after it", time.Since(back))
	decided := l.Decisions(t)
	out, in = Connect(t, from, to, "102")
	HangUp(t, out, in)
	l.Decided(t, decided, 1)
	l.NoChannels(t)
}

// changeWhileAway adds a device while Asterisk cannot take it.
func (l *lab) changeWhileAway(t *testing.T, number string) {
	t.Helper()
	l.Extension(t, number, "", nil)
	var d struct{ Apply struct{ State string } }
	l.Do(t, "PUT", Tenant+"/devices/new-"+number, Object{"extension": number}, &d, "Prefer", "wait=1")
	if h := l.Health(t); d.Apply.State != "pending" || h.Status != "degraded" || h.Asterisk.Connected {
		t.Errorf("while Asterisk is away a change is %q and health says %+v", d.Apply.State, h)
	}
}

// takenOnReturn checks that the change of changeWhileAway has reached Asterisk.
func (l *lab) takenOnReturn(t *testing.T, number string, back time.Time) {
	t.Helper()
	var d struct{ Endpoint string }
	l.Do(t, "GET", Tenant+"/devices/new-"+number, nil, &d)
	Eventually(t, time.Until(back.Add(rightWithin)), func() string {
		if h := l.Health(t); h.Status != "ok" || h.Apply.Applied < h.Revision {
			return fmt.Sprintf("the change is not applied: %+v", h)
		}
		if out := l.Console(t, "pjsip show endpoint "+d.Endpoint); !strings.Contains(out, "from-default") {
			return "Asterisk does not show the new endpoint:\n" + out
		}
		return ""
	})
}
