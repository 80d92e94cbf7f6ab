package lab

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/dialtone-pbx/dialtone/cmd/phonesim/phone"
)

// Identity is every header in which an INVITE may tell who calls.
func Identity(c *phone.Call) string {
	var all []string
	for _, name := range []string{"From", "P-Asserted-Identity", "P-Preferred-Identity", "Remote-Party-ID", "Contact", "Call-Info", "Subject", "Diversion"} {
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

// Speaks lets one say something and says who hears it.
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

// tolerance is how far ringing may be off its time on a busy machine.
const tolerance = 1500 * time.Millisecond

// Took checks how long ago start was.
func Took(t *testing.T, what string, start time.Time, want time.Duration) {
	t.Helper()
	if d := time.Since(start) - want; d < -tolerance || d > tolerance {
		t.Errorf("%s took %v, want %v", what, time.Since(start).Round(10*time.Millisecond), want)
	}
}

// Press presses keys in a call.
func Press(t *testing.T, c *phone.Call, keys string) {
	t.Helper()
	if err := c.SendDTMF(keys); err != nil {
		t.Fatal(err)
	}
}

// HearsWords waits for something louder than silence.
func HearsWords(ctx context.Context, c *phone.Call) error {
	for ctx.Err() == nil {
		short, cancel := context.WithTimeout(ctx, 200*time.Millisecond)
		var heard *phone.HearError
		err := c.Hear(short, 20, time.Minute)
		cancel()
		if errors.As(err, &heard) && heard.Level > -45 {
			return nil
		}
		select {
		case <-c.Done():
			return c.Err()
		default:
		}
	}
	return ctx.Err()
}
