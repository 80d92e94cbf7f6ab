package main

import (
	"context"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/dialtone-pbx/dialtone/cmd/phonesim/phone"
	"github.com/dialtone-pbx/dialtone/cmd/sandbox/box"
)

// handset is a second Asterisk that registers over IAX2 as a device. It answers
// calls with an echo, lets ring those of 101 and has those of 103 recorded.
type handset struct {
	*box.Instance
	t *testing.T
}

const handsetIAX = `[general]
bindport = %[1]d
bindaddr = 127.0.0.1
disallow = all
allow = ulaw
register => %[2]s:%[3]s@127.0.0.1:%[4]s
[%[2]s]
type = friend
host = 127.0.0.1
port = %[4]s
username = %[2]s
secret = %[3]s
context = in
qualify = no
`

// What the handset claims to be must not show anywhere.
const handsetDialplan = `[in]
exten => s,1,GotoIf($["${CALLERID(num)}" = "101"]?ring)
 same => n,Answer()
 same => n,GotoIf($["${CALLERID(num)}" != "103"]?echo)
 same => n,Wait(1)
 same => n,SendDTMF(*1)
 same => n(echo),Echo()
 same => n(ring),Ringing()
 same => n,Wait(60)
[out]
exten => _[0-9*].,1,Set(CALLERID(all)=Mallory <666>)
 same => n,Dial(IAX2/%[1]s/${EXTEN},30)
[echo]
exten => s,1,Answer()
 same => n,Echo()
`

// openHandset makes a device of an extension and starts what registers as it.
func (l *lab) openHandset(t *testing.T, name, extension string) *handset {
	t.Helper()
	var d struct{ Endpoint, Secret string }
	l.do(t, "PUT", tenant+"/devices/"+name, object{"kind": "iax2", "extension": extension, "qualify_seconds": 1}, &d)
	_, port, err := net.SplitHostPort(l.IAX)
	if err != nil {
		t.Fatal(err)
	}
	own, err := box.FreePorts("udp", 1)
	if err != nil {
		t.Fatal(err)
	}
	l.applied(t)
	in, err := box.Start(t.Context(), box.Options{Suite: box.Asterisk22, Dir: t.TempDir(), Log: t.Output(), Files: map[string][]byte{
		"iax.conf":        fmt.Appendf(nil, handsetIAX, own[0], d.Endpoint, d.Secret, port),
		"extensions.conf": fmt.Appendf(nil, handsetDialplan, d.Endpoint),
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := in.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return &handset{in, t}
}

// dial makes the handset call a number of the office; there it echoes.
func (h *handset) dial(number string) {
	h.run("channel originate Local/" + number + "@out/n extension s@echo")
}

func (h *handset) hangUp() { h.run("channel request hangup all") }

func (h *handset) run(command string) {
	h.t.Helper()
	if _, err := h.CLI(h.t.Context(), command); err != nil {
		h.t.Fatal(err)
	}
}

// shows waits until the office's list of channels has a text.
func (l *lab) showsChannel(t *testing.T, want string) string {
	t.Helper()
	var out string
	eventually(t, 10*time.Second, func() string {
		if out = l.console(t, "core show channels concise"); !strings.Contains(out, want) {
			return "no " + want + " in:\n" + out
		}
		return ""
	})
	return out
}

// TestIAXRealAsterisk: a device registers over IAX2, is called and calls, with
// audio both ways, decided by the controller and by the fallback.
func TestIAXRealAsterisk(t *testing.T) {
	t.Parallel()
	for _, suite := range box.Suites() {
		t.Run(suite.Name, func(t *testing.T) {
			t.Parallel()
			l := openLab(t, suite)
			l.do(t, "PUT", tenant+"/groups/sales", object{}, nil)
			l.extension(t, "100", "", object{"groups": []string{"sales"}})
			l.extension(t, "101", "", nil)
			l.extension(t, "300", "4711", object{"type": "iax2", "name": `Ada; "Q" ;--`, "groups": []string{"sales"}})
			desk := l.register(t, l.device(t, "desk", "100", nil), phone.Options{})
			other := l.register(t, l.device(t, "other", "101", nil), phone.Options{})
			h := l.openHandset(t, "iax", "300")
			l.iaxStatus(t, "OK")
			lamp, err := other.Subscribe(within(t, 10*time.Second), "300")
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
			l.kill(t)
			t.Run("fallback", check)
			l.restart(t)
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
	s := l.waitStatus(t, "iax", 20*time.Second, want, func(s status) bool { return s.Status == want && !s.Stale })
	if s.IP != "127.0.0.1" || s.Port == 0 || want == "OK" && s.Call != "idle" {
		t.Errorf("shown as %+v", s)
	}
	var e status
	l.do(t, "GET", tenant+"/extensions/300", nil, &e)
	if e.Status != want || e.IP != s.IP || e.Port != s.Port {
		t.Errorf("the extension is shown as %+v, its device as %+v", e, s)
	}
	for _, field := range []string{"status", "ip", "port", "devices"} {
		if r := l.refused(t, "PATCH", tenant+"/extensions/300", object{field: "x"}); r == nil || r.Status != 422 || r.Field != field || !strings.Contains(r.Detail, "is read-only") {
			t.Errorf("writing %s is answered by %+v", field, r)
		}
	}
}

// iaxCalled: a SIP phone calls the handset, whose lamp shows it, and hears itself.
func (l *lab) iaxCalled(t *testing.T, desk *phone.Phone, lamp *phone.Subscription) {
	t.Helper()
	out := dial(t, desk, "300")
	if err := out.WaitAnswer(); err != nil {
		t.Fatal(err)
	}
	hearsItself(t, out)
	shows(t, lamp, "busy")
	if err := out.Hangup(within(t, 10*time.Second)); err != nil {
		t.Fatal(err)
	}
	shows(t, lamp, "idle")
	l.noChannels(t)
}

// iaxMonitored: what the handset is called for is listened to, and recorded by a code
// that it presses.
func (l *lab) iaxMonitored(t *testing.T, boss *phone.Phone) {
	l.do(t, "PATCH", tenant+"/extensions/300", object{"monitored": true, "record_on_demand": true}, nil)
	l.do(t, "PATCH", tenant+"/extensions/101", object{"monitors": true}, nil)
	l.extension(t, "103", "", nil)
	out := dial(t, l.register(t, l.device(t, "third", "103", nil), phone.Options{}), "300")
	if err := out.WaitAnswer(); err != nil {
		t.Fatal(err)
	}
	hearsItself(t, out)
	listens := dial(t, boss, "*55300")
	if err := listens.WaitAnswer(); err != nil {
		t.Fatal(err)
	}
	if err := listens.Hear(within(t, 10*time.Second), callerTone, time.Second); err != nil {
		t.Error(err)
	}
	if err := out.Hangup(within(t, 10*time.Second)); err != nil {
		t.Fatal(err)
	}
	hears(t, listens.Done(), listens, "the end of the monitored call")
	l.noChannels(t)
	if got := l.recordings(t); len(got) != 1 || got[0].From+" "+got[0].To != "103 300" {
		t.Errorf("the recordings are %+v", got)
	}
}

// iaxCalls: the handset calls a SIP phone, which sees the name and number that the
// office knows.
func (l *lab) iaxCalls(t *testing.T, h *handset, desk *phone.Phone, name string) {
	t.Helper()
	h.dial("100")
	in := incoming(t, desk)
	if in.CallerNumber() != "300" || in.CallerName() != name {
		t.Errorf("the phone sees %q <%s>", in.CallerName(), in.CallerNumber())
	}
	if who := identity(in); strings.Contains(who, "666") || strings.Contains(who, "Mallory") {
		t.Errorf("the phone sees what the handset claims: %s", who)
	}
	if err := in.Answer(within(t, 10*time.Second)); err != nil {
		t.Fatal(err)
	}
	hearsItself(t, in)
	if err := in.Hangup(within(t, 10*time.Second)); err != nil {
		t.Fatal(err)
	}
	l.noChannels(t)
	h.dial("*97")
	l.showsChannel(t, "VoiceMailMain!300@default")
	h.hangUp()
	l.noChannels(t)
}

// incoming waits for a call that rings at a phone.
func incoming(t *testing.T, at *phone.Phone) *phone.Call {
	t.Helper()
	select {
	case in := <-at.Incoming():
		if err := in.Ring(); err != nil {
			t.Fatal(err)
		}
		return in
	case <-time.After(15 * time.Second):
		t.Fatal("the called phone does not ring")
	}
	return nil
}

// hearsItself checks audio both ways with somebody who echoes.
func hearsItself(t *testing.T, c *phone.Call) {
	t.Helper()
	c.Tone(callerTone)
	if err := c.Hear(within(t, 10*time.Second), callerTone, time.Second); err != nil {
		t.Fatalf("no echo: %v", err)
	}
}

// iaxPickup: a member of the handset's group takes its call, and it takes a member's.
func (l *lab) iaxPickup(t *testing.T, h *handset, desk, other *phone.Phone) {
	t.Helper()
	out := dial(t, other, "300")
	hears(t, out.Ringing(), out, "the handset's ringing")
	taken := dial(t, desk, "*8")
	if err := taken.WaitAnswer(); err != nil {
		t.Fatalf("a member does not get the handset's call: %v", err)
	}
	if err := out.WaitAnswer(); err != nil {
		t.Fatal(err)
	}
	talk(t, out, taken)
	hangUp(t, out, taken)
	l.noChannels(t)
	out = dial(t, other, "100")
	rings(t, out, desk)
	h.dial("*8")
	if err := out.WaitAnswer(); err != nil {
		t.Fatalf("the handset does not get a member's call: %v", err)
	}
	hearsItself(t, out)
	if err := out.Hangup(within(t, 10*time.Second)); err != nil {
		t.Fatal(err)
	}
	l.noChannels(t)
}

// iaxOwn: the handset calls its own extension, where a SIP phone rings and it does
// not; and it is anonymous when its extension is.
func (l *lab) iaxOwn(t *testing.T, h *handset) {
	t.Helper()
	beside := l.register(t, l.device(t, "beside", "300", nil), phone.Options{})
	l.applied(t)
	h.dial("300")
	in := incoming(t, beside)
	if out := l.console(t, "core show channels concise"); strings.Count(out, "IAX2/") != 1 {
		t.Errorf("the handset rings itself:\n%s", out)
	}
	h.hangUp()
	hears(t, in.Done(), in, "the end")
	l.noChannels(t)
	l.do(t, "PATCH", tenant+"/extensions/300", object{"anonymous": true}, nil)
	l.applied(t)
	h.dial("300")
	in = incoming(t, beside)
	if who := identity(in); strings.Contains(who, "Ada") || strings.Contains(who, "666") || !strings.Contains(strings.ToLower(who), "anonymous") {
		t.Errorf("an anonymous call shows %s", who)
	}
	h.hangUp()
	hears(t, in.Done(), in, "the end")
	l.noChannels(t)
	l.do(t, "DELETE", tenant+"/devices/beside", nil, nil)
}

// iaxGone: a deleted device is gone from Asterisk.
func (l *lab) iaxGone(t *testing.T) {
	t.Helper()
	var d struct{ Endpoint string }
	l.do(t, "GET", tenant+"/devices/iax", nil, &d)
	if peers := l.console(t, "iax2 show peers"); !strings.Contains(peers, d.Endpoint[:15]) {
		t.Fatalf("no peer %s in\n%s", d.Endpoint, peers)
	}
	l.do(t, "DELETE", tenant+"/devices/iax", nil, nil)
	l.applied(t)
	if peers := l.console(t, "iax2 show peers"); strings.Contains(peers, d.Endpoint[:15]) || !strings.Contains(peers, "dialtone-marker") {
		t.Errorf("after the delete there is\n%s", peers)
	}
}
