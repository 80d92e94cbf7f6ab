package lab

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

// Handset is a second Asterisk that registers over IAX2 as a device. It answers
// calls with an echo, lets ring those of 101 and has those of 103 recorded.
type Handset struct {
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

// OpenHandset makes a device of an extension and starts what registers as it.
func (l *Lab) OpenHandset(t *testing.T, name, extension string) *Handset {
	t.Helper()
	var d struct{ Endpoint, Secret string }
	l.Do(t, "PUT", Tenant+"/devices/"+name, Object{"kind": "iax2", "extension": extension, "qualify_seconds": 1}, &d)
	_, port, err := net.SplitHostPort(l.IAX)
	if err != nil {
		t.Fatal(err)
	}
	own, err := box.FreePorts("udp", 1)
	if err != nil {
		t.Fatal(err)
	}
	l.Applied(t)
	in, err := box.Start(t.Context(), box.Options{Suite: box.Asterisk22, Dir: t.TempDir(), Log: t.Output(),
		Files: map[string][]byte{
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
	return &Handset{in, t}
}

// Dial makes the handset call a number of the office; there it echoes.
func (h *Handset) Dial(number string) {
	h.run("channel originate Local/" + number + "@out/n extension s@echo")
}

// HangUp ends the handset's call.
func (h *Handset) HangUp() { h.run("channel request hangup all") }

func (h *Handset) run(command string) {
	h.t.Helper()
	if _, err := h.CLI(h.t.Context(), command); err != nil {
		h.t.Fatal(err)
	}
}

// shows waits until the office's list of channels has a text.
func (l *Lab) ShowsChannel(t *testing.T, want string) string {
	t.Helper()
	var out string
	Eventually(t, 10*time.Second, func() string {
		if out = l.Console(t, "core show channels concise"); !strings.Contains(out, want) {
			return "no " + want + " in:\n" + out
		}
		return ""
	})
	return out
}

// Incoming waits for a call that rings at a phone.
func Incoming(t *testing.T, at *phone.Phone) *phone.Call {
	t.Helper()
	select {
	case in := <-at.Incoming():
		if err := in.Ring(); err != nil {
			t.Fatal(err)
		}
		return in
	case <-time.After(ringsWithin):
		t.Fatal("the called phone does not ring")
	}
	return nil
}

// HearsItself checks audio both ways with a callee that echoes.
func HearsItself(t *testing.T, c *phone.Call) {
	t.Helper()
	c.Tone(CallerTone)
	if err := c.Hear(Within(t, 30*time.Second), CallerTone, time.Second); err != nil {
		t.Fatalf("no echo: %v", err)
	}
}
