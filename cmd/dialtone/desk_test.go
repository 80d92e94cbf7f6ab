package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dialtone-pbx/dialtone/cmd/phonesim/phone"
)

// extension creates an extension, with a mailbox of the same number when pin is
// not empty. It rings five seconds, the least, unless more says otherwise.
func (l *lab) extension(t *testing.T, number, pin string, more object) {
	t.Helper()
	l.extensionOf(t, "default", number, pin, more)
}

func (l *lab) extensionOf(t *testing.T, tenant, number, pin string, more object) {
	t.Helper()
	path := "/v1/tenants/" + tenant
	body := object{"name": "Extension " + number, "ring_seconds": 5}
	if pin != "" {
		l.do(t, "PUT", path+"/mailboxes/"+number, object{"name": "Box " + number, "pin": pin}, nil)
		body["mailbox"] = number
	}
	for k, v := range more {
		body[k] = v
	}
	l.do(t, "PUT", path+"/extensions/"+number, body, nil)
}

// device creates a device and returns what a phone needs to register as it.
func (l *lab) device(t *testing.T, name, extension string, more object) phone.Account {
	t.Helper()
	return l.deviceOf(t, "default", name, extension, more)
}

func (l *lab) deviceOf(t *testing.T, tenant, name, extension string, more object) phone.Account {
	t.Helper()
	body := object{}
	if extension != "" {
		body["extension"] = extension
	}
	for k, v := range more {
		body[k] = v
	}
	var d struct{ Endpoint, Secret string }
	l.do(t, "PUT", "/v1/tenants/"+tenant+"/devices/"+name, body, &d)
	host, port, err := net.SplitHostPort(l.SIP)
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	return phone.Account{Index: 1, UserName: d.Endpoint, Password: d.Secret, Server: host, Port: n, Transport: "udp"}
}

// macs makes a MAC address for each phone.
var macs atomic.Uint32

func newMAC() string { return fmt.Sprintf("001565%06x", macs.Add(1)) }

// newPhone makes a phone that ends with the test.
func newPhone(t *testing.T, o phone.Options) *phone.Phone {
	t.Helper()
	if o.MAC == "" {
		o.MAC = newMAC()
	}
	if o.Model == "" {
		o.Model = "T46U"
	}
	p, err := phone.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Logf("closing a phone: %v", err)
		}
	})
	return p
}

// register makes a phone that has registered as a device that Asterisk knows.
func (l *lab) register(t *testing.T, account phone.Account, o phone.Options) *phone.Phone {
	t.Helper()
	l.applied(t)
	p := newPhone(t, o)
	if err := p.Register(within(t, 10*time.Second), account); err != nil {
		t.Fatal(err)
	}
	return p
}

// within bounds one step of a test.
func within(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

// dial starts a call that has a minute to be answered.
func dial(t *testing.T, from *phone.Phone, number string) *phone.Call {
	t.Helper()
	c, err := from.Dial(within(t, time.Minute), number)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// rings waits for the call at the callee's phone and rings there.
func rings(t *testing.T, out *phone.Call, at *phone.Phone) *phone.Call {
	t.Helper()
	select {
	case in := <-at.Incoming():
		if err := in.Ring(); err != nil {
			t.Fatal(err)
		}
		hears(t, out.Ringing(), out, "ringing")
		return in
	case <-out.Done():
		t.Fatalf("the call ended before it rang: %v", out.Err())
	case <-time.After(15 * time.Second):
		t.Fatal("the called phone does not ring")
	}
	return nil
}

// hears waits for a state of a call.
func hears(t *testing.T, state <-chan struct{}, c *phone.Call, what string) {
	t.Helper()
	select {
	case <-state:
	case <-time.After(20 * time.Second):
		t.Fatalf("waiting for %s: last status %d, error %v", what, c.Status(), c.Err())
	}
}

// connect is a call that was answered.
func connect(t *testing.T, from, to *phone.Phone, number string) (out, in *phone.Call) {
	t.Helper()
	out = dial(t, from, number)
	in = rings(t, out, to)
	answer(t, out, in)
	return out, in
}

func answer(t *testing.T, out, in *phone.Call) {
	t.Helper()
	if err := in.Answer(within(t, 10*time.Second)); err != nil {
		t.Fatal(err)
	}
	if err := out.WaitAnswer(); err != nil {
		t.Fatal(err)
	}
}

// The two voices.
const (
	callerTone = 1000.0
	calleeTone = 440.0
)

// talk checks that each hears the other's voice, now and not before.
func talk(t *testing.T, out, in *phone.Call) {
	t.Helper()
	out.Tone(callerTone)
	in.Tone(calleeTone)
	ctx := within(t, 10*time.Second)
	if err := out.Hear(ctx, calleeTone, time.Second); err != nil {
		t.Fatalf("the caller: %v", err)
	}
	if err := in.Hear(ctx, callerTone, time.Second); err != nil {
		t.Fatalf("the callee: %v", err)
	}
}

// hangUp ends a call at one end and waits until the other has heard it.
func hangUp(t *testing.T, here, there *phone.Call) {
	t.Helper()
	if err := here.Hangup(within(t, 10*time.Second)); err != nil {
		t.Fatal(err)
	}
	hears(t, there.Done(), there, "the hang-up")
}

// refusal dials and returns the final status of a call that nobody takes.
func refusal(t *testing.T, from *phone.Phone, number string) int {
	t.Helper()
	c := dial(t, from, number)
	err := c.WaitAnswer()
	if err == nil {
		_ = c.Hangup(within(t, 10*time.Second))
		return 200
	}
	return statusOf(t, err)
}

// statusOf is the SIP status in a call's error.
func statusOf(t *testing.T, err error) int {
	t.Helper()
	var status *phone.StatusError
	if !errors.As(err, &status) {
		t.Fatalf("no SIP answer: %v", err)
	}
	return status.Code
}

// hearsSpeech waits for something louder than silence: a prompt.
func hearsSpeech(t *testing.T, c *phone.Call) {
	t.Helper()
	eventually(t, 10*time.Second, func() string {
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		defer cancel()
		var heard *phone.HearError
		// No prompt is a pure tone of 20 Hz, so this only listens for a while.
		if errors.As(c.Hear(ctx, 20, time.Minute), &heard) && heard.Level > -45 {
			return ""
		}
		return fmt.Sprintf("silence: %v", heard)
	})
}

// leaveMessage waits until voicemail answers the call, skips its greeting, talks
// two seconds more than the shortest message, and waits for the owner's lamp.
func leaveMessage(t *testing.T, out *phone.Call, owner *phone.Phone, before phone.Voicemail) {
	t.Helper()
	if err := out.WaitAnswer(); err != nil {
		t.Fatalf("voicemail does not answer: %v", err)
	}
	hearsSpeech(t, out)
	if err := out.SendDTMF("#"); err != nil {
		t.Fatal(err)
	}
	// The beep ends the greeting; what is recorded starts with it.
	if err := out.Silent(within(t, 10*time.Second), time.Second); err != nil {
		t.Fatal(err)
	}
	out.Tone(callerTone)
	sent := out.Stats().Sent
	eventually(t, 10*time.Second, func() string {
		if n := out.Stats().Sent - sent; n < 4*50 {
			return fmt.Sprintf("only %d packets of the message were sent", n)
		}
		return ""
	})
	if err := out.Hangup(within(t, 10*time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := owner.WaitVoicemail(within(t, 10*time.Second), func(v phone.Voicemail) bool { return v.New > before.New }); err != nil {
		t.Fatal(err)
	}
}

// status is what the API says of a device.
type status struct {
	Status, IP, Call, Expires string
	UserAgent                 string  `json:"user_agent"`
	Port                      int     `json:"port"`
	RTT                       float64 `json:"rtt_ms"`
	Age                       float64 `json:"age_seconds"`
	Stale                     bool
}

func (l *lab) status(t *testing.T, device string) status {
	t.Helper()
	var d struct{ Status status }
	l.do(t, "GET", tenant+"/devices/"+device, nil, &d)
	return d.Status
}

// waitStatus waits until a device's live status pleases ok.
func (l *lab) waitStatus(t *testing.T, device string, limit time.Duration, what string, ok func(status) bool) status {
	t.Helper()
	var s status
	eventually(t, limit, func() string {
		if s = l.status(t, device); !ok(s) {
			return fmt.Sprintf("device %s is not %s: %+v", device, what, s)
		}
		return ""
	})
	return s
}

func isOK(s status) bool { return s.Status == "OK" && !s.Stale }
