package lab

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

// Extension creates an extension, with a mailbox of the same number when pin is
// not empty. It rings five seconds, the least, unless more says otherwise.
func (l *Lab) Extension(t *testing.T, number, pin string, more Object) {
	t.Helper()
	l.ExtensionOf(t, "default", number, pin, more)
}

// ExtensionOf is Extension in another tenant.
func (l *Lab) ExtensionOf(t *testing.T, tenant, number, pin string, more Object) {
	t.Helper()
	path := "/v1/tenants/" + tenant
	body := Object{"name": "Extension " + number, "ring_seconds": 5}
	if pin != "" {
		l.Do(t, "PUT", path+"/mailboxes/"+number, Object{"name": "Box " + number, "pin": pin}, nil)
		body["mailbox"] = number
	}
	for k, v := range more {
		body[k] = v
	}
	l.Do(t, "PUT", path+"/extensions/"+number, body, nil)
}

// Device creates a device and returns what a phone needs to register as it.
func (l *Lab) Device(t *testing.T, name, extension string, more Object) phone.Account {
	t.Helper()
	return l.DeviceOf(t, "default", name, extension, more)
}

// DeviceOf is Device in another tenant.
func (l *Lab) DeviceOf(t *testing.T, tenant, name, extension string, more Object) phone.Account {
	t.Helper()
	body := Object{}
	if extension != "" {
		body["extension"] = extension
	}
	for k, v := range more {
		body[k] = v
	}
	var d struct{ Endpoint, Secret string }
	l.Do(t, "PUT", "/v1/tenants/"+tenant+"/devices/"+name, body, &d)
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

// NewMAC is a MAC address that no other phone of this process has.
func NewMAC() string { return fmt.Sprintf("001565%06x", macs.Add(1)) }

// NewPhone makes a phone that ends with the test.
func NewPhone(t *testing.T, o phone.Options) *phone.Phone {
	t.Helper()
	if o.MAC == "" {
		o.MAC = NewMAC()
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

// Register makes a phone that has registered as a device that Asterisk knows.
func (l *Lab) Register(t *testing.T, account phone.Account, o phone.Options) *phone.Phone {
	t.Helper()
	l.Applied(t)
	p := NewPhone(t, o)
	if err := p.Register(Within(t, 10*time.Second), account); err != nil {
		t.Fatal(err)
	}
	return p
}

// Within bounds one step of a test.
func Within(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

// Dial starts a call that has a minute to be answered.
func Dial(t *testing.T, from *phone.Phone, number string) *phone.Call {
	t.Helper()
	c, err := from.Dial(Within(t, time.Minute), number)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Rings waits for the call at the callee's phone and rings there.
func Rings(t *testing.T, out *phone.Call, at *phone.Phone) *phone.Call {
	t.Helper()
	select {
	case in := <-at.Incoming():
		if err := in.Ring(); err != nil {
			t.Fatal(err)
		}
		Hears(t, out.Ringing(), out, "ringing")
		return in
	case <-out.Done():
		t.Fatalf("the call ended before it rang: %v", out.Err())
	case <-time.After(15 * time.Second):
		t.Fatal("the called phone does not ring")
	}
	return nil
}

// Hears waits for a state of a call.
func Hears(t *testing.T, state <-chan struct{}, c *phone.Call, what string) {
	t.Helper()
	select {
	case <-state:
	case <-time.After(20 * time.Second):
		t.Fatalf("waiting for %s: last status %d, error %v", what, c.Status(), c.Err())
	}
}

// Connect is a call that was answered.
func Connect(t *testing.T, from, to *phone.Phone, number string) (out, in *phone.Call) {
	t.Helper()
	out = Dial(t, from, number)
	in = Rings(t, out, to)
	Answer(t, out, in)
	return out, in
}

// Answer answers at the callee's phone and waits until the caller hears it.
func Answer(t *testing.T, out, in *phone.Call) {
	t.Helper()
	if err := in.Answer(Within(t, 10*time.Second)); err != nil {
		t.Fatal(err)
	}
	if err := out.WaitAnswer(); err != nil {
		t.Fatal(err)
	}
}

// The two voices.
const (
	CallerTone = 1000.0
	CalleeTone = 440.0
)

// Talk checks that each hears the other's voice, now and not before.
func Talk(t *testing.T, out, in *phone.Call) {
	t.Helper()
	out.Tone(CallerTone)
	in.Tone(CalleeTone)
	ctx := Within(t, 10*time.Second)
	if err := out.Hear(ctx, CalleeTone, time.Second); err != nil {
		t.Fatalf("the caller: %v", err)
	}
	if err := in.Hear(ctx, CallerTone, time.Second); err != nil {
		t.Fatalf("the callee: %v", err)
	}
}

// HangUp ends a call at one end and waits until the other has heard it.
func HangUp(t *testing.T, here, there *phone.Call) {
	t.Helper()
	if err := here.Hangup(Within(t, 10*time.Second)); err != nil {
		t.Fatal(err)
	}
	Hears(t, there.Done(), there, "the hang-up")
}

// Refusal dials and returns the final status of a call that nobody takes.
func Refusal(t *testing.T, from *phone.Phone, number string) int {
	t.Helper()
	c := Dial(t, from, number)
	err := c.WaitAnswer()
	if err == nil {
		_ = c.Hangup(Within(t, 10*time.Second))
		return 200
	}
	return StatusOf(t, err)
}

// StatusOf is the SIP status in a call's error.
func StatusOf(t *testing.T, err error) int {
	t.Helper()
	var status *phone.StatusError
	if !errors.As(err, &status) {
		t.Fatalf("no SIP answer: %v", err)
	}
	return status.Code
}

// HearsSpeech waits for something louder than silence: a prompt.
func HearsSpeech(t *testing.T, c *phone.Call) {
	t.Helper()
	Eventually(t, 10*time.Second, func() string {
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

// LeaveMessage waits until voicemail answers the call, skips its greeting, talks
// two seconds more than the shortest message, and waits for the owner's lamp.
func LeaveMessage(t *testing.T, out *phone.Call, owner *phone.Phone, before phone.Voicemail) {
	t.Helper()
	if err := out.WaitAnswer(); err != nil {
		t.Fatalf("voicemail does not answer: %v", err)
	}
	HearsSpeech(t, out)
	if err := out.SendDTMF("#"); err != nil {
		t.Fatal(err)
	}
	// The beep ends the greeting; what is recorded starts with it.
	if err := out.Silent(Within(t, 10*time.Second), time.Second); err != nil {
		t.Fatal(err)
	}
	out.Tone(CallerTone)
	sent := out.Stats().Sent
	Eventually(t, 10*time.Second, func() string {
		if n := out.Stats().Sent - sent; n < 4*50 {
			return fmt.Sprintf("only %d packets of the message were sent", n)
		}
		return ""
	})
	if err := out.Hangup(Within(t, 10*time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := owner.WaitVoicemail(Within(t, 10*time.Second), func(v phone.Voicemail) bool { return v.New > before.New }); err != nil {
		t.Fatal(err)
	}
}

// Status is what the API says of a device.
type Status struct {
	Status, IP, Call, Expires string
	UserAgent                 string  `json:"user_agent"`
	Port                      int     `json:"port"`
	RTT                       float64 `json:"rtt_ms"`
	Age                       float64 `json:"age_seconds"`
	Stale                     bool
}

// Status is the live status of a device of the tenant.
func (l *Lab) Status(t *testing.T, device string) Status {
	t.Helper()
	var d struct{ Status Status }
	l.Do(t, "GET", Tenant+"/devices/"+device, nil, &d)
	return d.Status
}

// WaitStatus waits until a device's live status pleases ok.
func (l *Lab) WaitStatus(t *testing.T, device string, limit time.Duration, what string, ok func(Status) bool) Status {
	t.Helper()
	var s Status
	Eventually(t, limit, func() string {
		if s = l.Status(t, device); !ok(s) {
			return fmt.Sprintf("device %s is not %s: %+v", device, what, s)
		}
		return ""
	})
	return s
}

// IsOK reports whether a device is registered and reachable, for WaitStatus.
func IsOK(s Status) bool { return s.Status == "OK" && !s.Stale }

// KeyAt is the line key at an index of a phone's file; its zero value if there is none.
func KeyAt(c *phone.Config, index int) phone.LineKey {
	for _, k := range c.LineKeys {
		if k.Index == index {
			return k
		}
	}
	return phone.LineKey{}
}

// Members are extensions as a ring group's members.
func Members(numbers ...string) (out []Object) {
	for _, n := range numbers {
		out = append(out, Object{"extension": n})
	}
	return out
}
