package lab

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/dialtone-pbx/dialtone/cmd/phonesim/phone"
)

// Dial starts a call that has a minute to be answered.
func Dial(t *testing.T, from *phone.Phone, number string) *phone.Call {
	t.Helper()
	c, err := from.Dial(Within(t, time.Minute), number)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// ringsWithin is how soon a called phone rings. A leg before it that is asked to press 1
// takes up to pbx.ConfirmSeconds beyond its own ring time.
const ringsWithin = 30 * time.Second

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
	case <-time.After(ringsWithin):
		t.Fatal("the called phone does not ring")
	}
	return nil
}

// Hears waits for a state of a call.
func Hears(t *testing.T, state <-chan struct{}, c *phone.Call, what string) {
	t.Helper()
	select {
	case <-state:
	case <-time.After(Patience):
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
		t.Fatalf("the caller: %v\nthe caller's call %s\nthe callee's call %s", err, soundOf(out), soundOf(in))
	}
	if err := in.Hear(ctx, CallerTone, time.Second); err != nil {
		t.Fatalf("the callee: %v\nthe caller's call %s\nthe callee's call %s", err, soundOf(out), soundOf(in))
	}
}

// soundOf tells where the sound of a call was lost: whether it is still up, and what its phone
// sent and got.
func soundOf(c *phone.Call) string {
	state := "is up"
	select {
	case <-c.Done():
		state = fmt.Sprintf("is over (by the other side: %t, %q, %v)", c.RemoteHungUp(), c.HangupReason(), c.Err())
	default:
	}
	s := c.Stats()
	last := "never"
	if !s.LastReceived.IsZero() {
		last = time.Since(s.LastReceived).Round(10*time.Millisecond).String() + " ago"
	}
	return fmt.Sprintf("%s: %d packets sent to %s as %s (held: %t), %d received, %d lost, the last %s", state,
		s.Sent, s.Remote, s.Codec, s.Held, s.Received, s.Lost, last)
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
	if err := HearsWords(Within(t, 10*time.Second), c); err != nil {
		t.Fatalf("the phone hears no words: %v", err)
	}
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
	if _, err := owner.WaitVoicemail(Within(t, 10*time.Second),
		func(v phone.Voicemail) bool { return v.New > before.New }); err != nil {
		t.Fatal(err)
	}
}

// Identity is every header in which an INVITE may name the caller.
func Identity(c *phone.Call) string {
	var all []string
	for _, name := range []string{"From", "P-Asserted-Identity", "P-Preferred-Identity", "Remote-Party-ID", "Contact",
		"Call-Info", "Subject", "Diversion"} {
		for _, value := range c.Headers(name) {
			address, _, _ := strings.Cut(value, ";tag=") // a tag may hold any digits
			all = append(all, name+": "+address)
		}
	}
	return strings.Join(all, "; ")
}

// Take answers a call at the phone where it rings.
func Take(t *testing.T, c *phone.Call) {
	t.Helper()
	if err := c.Answer(Within(t, 10*time.Second)); err != nil {
		t.Fatal(err)
	}
}

// Leave ends a call with nobody at its other end.
func Leave(t *testing.T, out *phone.Call) {
	t.Helper()
	if err := out.Hangup(Within(t, 10*time.Second)); err != nil {
		t.Fatal(err)
	}
}

// OpenMailbox calls *97 and enters the PIN: after it a prompt tells of messages.
func OpenMailbox(t *testing.T, p *phone.Phone, pin string) {
	t.Helper()
	c := Dial(t, p, "*97")
	if err := c.WaitAnswer(); err != nil {
		t.Fatal(err)
	}
	HearsSpeech(t, c) // "password"
	if err := c.SendDTMF(pin + "#"); err != nil {
		t.Fatal(err)
	}
	HearsSpeech(t, c)
	if err := c.Hangup(Within(t, 10*time.Second)); err != nil {
		t.Fatal(err)
	}
}

// Speaks lets one party talk and checks which of the others hear it.
func Speaks(t *testing.T, who string, from *phone.Call, hz float64, hear, not []*phone.Call) {
	t.Helper()
	from.Tone(hz)
	for i, c := range hear {
		if err := c.Hear(Within(t, 10*time.Second), hz, 400*time.Millisecond); err != nil {
			t.Errorf("%s: number %d: %v", who, i, err)
		}
	}
	for i, c := range not {
		if err := c.Silent(Within(t, 10*time.Second), 400*time.Millisecond); err != nil {
			t.Errorf("%s: number %d should hear nothing: %v", who, i, err)
		}
	}
	from.Tone(0)
	for _, c := range hear {
		if err := c.Silent(Within(t, 10*time.Second), 200*time.Millisecond); err != nil {
			t.Errorf("%s: after it: %v", who, err)
		}
	}
}

// tolerance is how far ringing may be off its time.
const tolerance = 1500 * time.Millisecond

// Took checks how long ago start was. A machine that was late in that time, or when start was
// taken, makes both ends uncertain.
func Took(t *testing.T, what string, start time.Time, want time.Duration) {
	t.Helper()
	took := time.Since(start)
	if off := tolerance + Late(start.Add(-tolerance)); (took - want).Abs() > off {
		t.Errorf("%s took %v, want %v, give or take %v", what, took.Round(10*time.Millisecond), want,
			off.Round(10*time.Millisecond))
	}
}

// Press presses keys in a call.
func Press(t *testing.T, c *phone.Call, keys string) {
	t.Helper()
	if err := c.SendDTMF(keys); err != nil {
		t.Fatal(err)
	}
}

// HearsWords waits for something louder than silence. A call that ends before is an error.
func HearsWords(ctx context.Context, c *phone.Call) error {
	for ctx.Err() == nil {
		short, cancel := context.WithTimeout(ctx, 200*time.Millisecond)
		var heard *phone.HearError
		// No prompt is a pure tone of 20 Hz, so this only listens for a while.
		err := c.Hear(short, 20, time.Minute)
		cancel()
		if errors.As(err, &heard) && heard.Level > -45 {
			return nil
		}
		select {
		case <-c.Done():
			return fmt.Errorf("the call ended before a word was heard: %w", cmp.Or(c.Err(), io.EOF))
		default:
		}
	}
	return ctx.Err()
}
