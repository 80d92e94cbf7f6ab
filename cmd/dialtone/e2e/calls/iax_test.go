package calls

import (
	"strings"
	"testing"
	"time"

	. "github.com/dialtone-pbx/dialtone/cmd/sandbox/lab"

	"github.com/dialtone-pbx/dialtone/cmd/phonesim/phone"
	"github.com/dialtone-pbx/dialtone/cmd/sandbox/box"
)

// TestIAXRealAsterisk: a device registers over IAX2, is called and calls, with
// audio both ways, decided by the controller and by the fallback.
func TestIAXRealAsterisk(t *testing.T) {
	t.Parallel()
	for _, suite := range box.Suites() {
		t.Run(suite.Name, func(t *testing.T) {
			t.Parallel()
			l := openLab(t, suite)
			l.Do(t, "PUT", Tenant+"/groups/sales", Object{}, nil)
			l.Extension(t, "100", "", Object{"groups": []string{"sales"}})
			l.Extension(t, "101", "", nil)
			l.Extension(t, "300", "4711", Object{"type": "iax2", "name": `Ada; "Q" ;--`, "groups": []string{"sales"}})
			desk := l.Register(t, l.Device(t, "desk", "100", nil), phone.Options{})
			other := l.Register(t, l.Device(t, "other", "101", nil), phone.Options{})
			h := l.OpenHandset(t, "iax", "300")
			l.iaxStatus(t, "OK")
			lamp, err := other.Subscribe(Within(t, 10*time.Second), "300")
			if err != nil {
				t.Fatal(err)
			}
			check := func(t *testing.T) {
				l.iaxCalled(t, desk, lamp)
				l.iaxCalls(t, h, desk, `Ada; "Q" ;--`)
				l.iaxPickup(t, h, desk, other)
			}
			t.Run("decided", check)
			t.Run("monitored and recorded", func(t *testing.T) { l.iaxMonitored(t, other) })
			l.Kill(t)
			t.Run("fallback", check)
			l.Restart(t)
			l.iaxOwn(t, h)
			h.Kill()
			l.iaxStatus(t, "UNREACHABLE")
			if err := h.Restart(t.Context()); err != nil {
				t.Fatal(err)
			}
			l.iaxStatus(t, "OK")
			l.iaxGone(t)
		})
	}
}

// iaxStatus waits for the word of the device, which is that of its extension too.
func (l *lab) iaxStatus(t *testing.T, want string) {
	t.Helper()
	s := l.WaitStatus(t, "iax", 20*time.Second, want, func(s Status) bool { return s.Status == want && !s.Stale })
	if s.IP != "127.0.0.1" || s.Port == 0 || want == "OK" && s.Call != "idle" {
		t.Errorf("shown as %+v", s)
	}
	var e Status
	l.Do(t, "GET", Tenant+"/extensions/300", nil, &e)
	if e.Status != want || e.IP != s.IP || e.Port != s.Port {
		t.Errorf("the extension is shown as %+v, its device as %+v", e, s)
	}
	for _, field := range []string{"status", "ip", "port", "devices"} {
		if r := l.Refused(t, "PATCH", Tenant+"/extensions/300", Object{field: "x"}); r == nil || r.Status != 422 || r.Field != field || !strings.Contains(r.Detail, "is read-only") {
			t.Errorf("writing %s is answered by %+v", field, r)
		}
	}
}

// iaxCalled: a SIP phone calls the handset, whose lamp shows it, and hears itself.
func (l *lab) iaxCalled(t *testing.T, desk *phone.Phone, lamp *phone.Subscription) {
	t.Helper()
	out := Dial(t, desk, "300")
	if err := out.WaitAnswer(); err != nil {
		t.Fatal(err)
	}
	HearsItself(t, out)
	Shows(t, lamp, "busy")
	if err := out.Hangup(Within(t, 10*time.Second)); err != nil {
		t.Fatal(err)
	}
	Shows(t, lamp, "idle")
	l.NoChannels(t)
}

// iaxMonitored: what the handset is called for is listened to, and recorded by a code
// that it presses.
func (l *lab) iaxMonitored(t *testing.T, boss *phone.Phone) {
	l.Do(t, "PATCH", Tenant+"/extensions/300", Object{"monitored": true, "record_on_demand": true}, nil)
	l.Do(t, "PATCH", Tenant+"/extensions/101", Object{"monitors": true}, nil)
	l.Extension(t, "103", "", nil)
	out := Dial(t, l.Register(t, l.Device(t, "third", "103", nil), phone.Options{}), "300")
	if err := out.WaitAnswer(); err != nil {
		t.Fatal(err)
	}
	HearsItself(t, out)
	listens := Dial(t, boss, "*55300")
	if err := listens.WaitAnswer(); err != nil {
		t.Fatal(err)
	}
	if err := listens.Hear(Within(t, 10*time.Second), CallerTone, time.Second); err != nil {
		t.Error(err)
	}
	if err := out.Hangup(Within(t, 10*time.Second)); err != nil {
		t.Fatal(err)
	}
	Hears(t, listens.Done(), listens, "the end of the monitored call")
	l.NoChannels(t)
	if got := l.Recordings(t); len(got) != 1 || got[0].From+" "+got[0].To != "103 300" {
		t.Errorf("the recordings are %+v", got)
	}
}

// iaxCalls: the handset calls a SIP phone, which sees the name and number that the
// office knows.
func (l *lab) iaxCalls(t *testing.T, h *Handset, desk *phone.Phone, name string) {
	t.Helper()
	h.Dial("100")
	in := Incoming(t, desk)
	if in.CallerNumber() != "300" || in.CallerName() != name {
		t.Errorf("the phone sees %q <%s>", in.CallerName(), in.CallerNumber())
	}
	if who := Identity(in); strings.Contains(who, "666") || strings.Contains(who, "Mallory") {
		t.Errorf("the phone sees what the handset claims: %s", who)
	}
	if err := in.Answer(Within(t, 10*time.Second)); err != nil {
		t.Fatal(err)
	}
	HearsItself(t, in)
	if err := in.Hangup(Within(t, 10*time.Second)); err != nil {
		t.Fatal(err)
	}
	l.NoChannels(t)
	h.Dial("*97")
	l.ShowsChannel(t, "VoiceMailMain!300@default")
	h.HangUp()
	l.NoChannels(t)
}

// iaxPickup: a member of the handset's group takes its call, and it takes a member's.
func (l *lab) iaxPickup(t *testing.T, h *Handset, desk, other *phone.Phone) {
	t.Helper()
	out := Dial(t, other, "300")
	Hears(t, out.Ringing(), out, "the handset's ringing")
	taken := Dial(t, desk, "*8")
	if err := taken.WaitAnswer(); err != nil {
		t.Fatalf("a member does not get the handset's call: %v", err)
	}
	if err := out.WaitAnswer(); err != nil {
		t.Fatal(err)
	}
	Talk(t, out, taken)
	HangUp(t, out, taken)
	l.NoChannels(t)
	out = Dial(t, other, "100")
	Rings(t, out, desk)
	h.Dial("*8")
	if err := out.WaitAnswer(); err != nil {
		t.Fatalf("the handset does not get a member's call: %v", err)
	}
	HearsItself(t, out)
	if err := out.Hangup(Within(t, 10*time.Second)); err != nil {
		t.Fatal(err)
	}
	l.NoChannels(t)
}

// iaxOwn: the handset calls its own extension, where a SIP phone rings and it does
// not; and it is anonymous when its extension is.
func (l *lab) iaxOwn(t *testing.T, h *Handset) {
	t.Helper()
	beside := l.Register(t, l.Device(t, "beside", "300", nil), phone.Options{})
	l.Applied(t)
	h.Dial("300")
	in := Incoming(t, beside)
	if out := l.Console(t, "core show channels concise"); strings.Count(out, "IAX2/") != 1 {
		t.Errorf("the handset rings itself:\n%s", out)
	}
	h.HangUp()
	Hears(t, in.Done(), in, "the end")
	l.NoChannels(t)
	l.Do(t, "PATCH", Tenant+"/extensions/300", Object{"anonymous": true}, nil)
	l.Applied(t)
	h.Dial("300")
	in = Incoming(t, beside)
	if who := Identity(in); strings.Contains(who, "Ada") || strings.Contains(who, "666") || !strings.Contains(strings.ToLower(who), "anonymous") {
		t.Errorf("an anonymous call shows %s", who)
	}
	h.HangUp()
	Hears(t, in.Done(), in, "the end")
	l.NoChannels(t)
	l.Do(t, "DELETE", Tenant+"/devices/beside", nil, nil)
}

// iaxGone: a deleted device is gone from Asterisk.
func (l *lab) iaxGone(t *testing.T) {
	t.Helper()
	var d struct{ Endpoint string }
	l.Do(t, "GET", Tenant+"/devices/iax", nil, &d)
	if peers := l.Console(t, "iax2 show peers"); !strings.Contains(peers, d.Endpoint[:15]) {
		t.Fatalf("no peer %s in\n%s", d.Endpoint, peers)
	}
	l.Do(t, "DELETE", Tenant+"/devices/iax", nil, nil)
	l.Applied(t)
	if peers := l.Console(t, "iax2 show peers"); strings.Contains(peers, d.Endpoint[:15]) || !strings.Contains(peers, "dialtone-marker") {
		t.Errorf("after the delete there is\n%s", peers)
	}
}
