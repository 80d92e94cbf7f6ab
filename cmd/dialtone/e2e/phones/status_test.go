package phones

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	. "github.com/dialtone-pbx/dialtone/cmd/sandbox/lab"

	"github.com/dialtone-pbx/dialtone/cmd/phonesim/phone"
	"github.com/dialtone-pbx/dialtone/cmd/sandbox/box"
)

// TestStatusRealAsterisk walks through the words of status with a phone that
// does what phones do.
func TestStatusRealAsterisk(t *testing.T) {
	t.Parallel()
	l := openLab(t, box.Asterisk22)
	events := l.Follow(t)
	l.Extension(t, "101", "", nil)
	l.Extension(t, "102", "", nil)
	desk := l.Device(t, "desk", "101", Object{"qualify_seconds": 2})
	lost := l.Device(t, "lost", "", Object{"qualify_seconds": 2})
	quiet := l.Device(t, "quiet", "102", Object{"qualify_seconds": 0})
	lost.Expires = 60 // the least that Asterisk grants
	l.Applied(t)
	if s := l.Status(t, "desk"); s.Status != "" || s.IP != "" || s.Stale {
		t.Errorf("a device that never registered is %+v", s)
	}

	gone := l.Register(t, lost, phone.Options{})
	l.WaitStatus(t, "lost", 5*time.Second, "OK", IsOK)
	gone.PullCable()
	vanished := time.Now()

	p := l.Register(t, desk, phone.Options{})
	l.checkOK(t, p)
	q := l.Register(t, quiet, phone.Options{Model: "VVX450"})
	s := l.WaitStatus(t, "quiet", 5*time.Second, "UNMONITORED", func(s Status) bool { return s.Status == "UNMONITORED" && s.UserAgent != "" })
	if s.IP != "127.0.0.1" || s.Port == 0 || s.RTT != 0 {
		t.Errorf("an unmonitored phone is %+v", s)
	}
	l.checkCallStates(t, p, q)
	events.Says(t, desk.UserName, "OK/idle", "OK/in-call", "OK/idle")
	events.Says(t, quiet.UserName, "UNMONITORED/idle", "UNMONITORED/ringing", "UNMONITORED/in-call", "UNMONITORED/idle")

	if err := p.Unregister(Within(t, 10*time.Second)); err != nil {
		t.Fatal(err)
	}
	l.WaitStatus(t, "desk", 5*time.Second, "blank", func(s Status) bool { return s.Status == "" && s.IP == "" && s.Port == 0 && s.RTT == 0 })

	l.WaitStatus(t, "lost", time.Until(vanished.Add(15*time.Second)), "UNREACHABLE", func(s Status) bool { return s.Status == "UNREACHABLE" && s.IP != "" })
	l.WaitStatus(t, "lost", time.Until(vanished.Add(100*time.Second)), "UNKNOWN", func(s Status) bool { return s.Status == "UNKNOWN" })
	t.Logf("given up %v after it vanished", time.Since(vanished))
	events.Says(t, lost.UserName, "OK/idle", "UNREACHABLE/idle", "UNKNOWN/idle")
	back := l.Register(t, lost, phone.Options{})
	l.WaitStatus(t, "lost", 5*time.Second, "OK", IsOK)
	back.PowerOff()
}

// checkOK compares what is shown of a registered phone with the phone.
func (l *lab) checkOK(t *testing.T, p *phone.Phone) {
	t.Helper()
	s := l.WaitStatus(t, "desk", 5*time.Second, "OK with round trip and user agent", func(s Status) bool {
		return IsOK(s) && s.RTT > 0 && s.UserAgent != ""
	})
	at, err := p.Listen()
	if err != nil {
		t.Fatal(err)
	}
	if _, port, _ := strings.Cut(at, ":"); s.IP != "127.0.0.1" || port != jsonOf(t, s.Port) {
		t.Errorf("the phone is at %s, the status says %s:%d", at, s.IP, s.Port)
	}
	if !strings.HasPrefix(s.UserAgent, "Yealink SIP-T46U") || s.Call != "idle" || s.Age > 10 {
		t.Errorf("a registered phone is %+v", s)
	}
	if end, err := time.Parse(time.RFC3339, s.Expires); err != nil || time.Until(end) < 50*time.Minute {
		t.Errorf("its registration ends %s", s.Expires)
	}
}

func jsonOf(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// checkCallStates sees ringing, in-call and idle over the API.
func (l *lab) checkCallStates(t *testing.T, from, to *phone.Phone) {
	t.Helper()
	is := func(device, word string) {
		t.Helper()
		l.WaitStatus(t, device, 5*time.Second, word, func(s Status) bool { return s.Call == word })
	}
	out := Dial(t, from, "102")
	in := Rings(t, out, to)
	is("quiet", "ringing")
	is("desk", "in-call")
	Answer(t, out, in)
	is("quiet", "in-call")
	var e struct{ Devices []Status }
	l.Do(t, "GET", Tenant+"/extensions/102", nil, &e)
	if len(e.Devices) != 1 || e.Devices[0].Call != "in-call" {
		t.Errorf("extension 102 shows %+v", e.Devices)
	}
	HangUp(t, out, in)
	is("quiet", "idle")
	is("desk", "idle")
}
