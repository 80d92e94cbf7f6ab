package factory

import (
	"context"
	"errors"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/dialtone-pbx/dialtone/cmd/phonesim/phone"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func newDesk(t *testing.T, model, firmware string) *Desk {
	t.Helper()
	d, err := NewDesk(Options{Options: phone.Options{MAC: "001565aabb01", Model: model, Firmware: firmware, Quiet: true}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

// Phones with keys of their own answer calls before anybody hears of them, each make in its
// way.
func TestOwnKeysAnswerCalls(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	caller := newDesk(t, "VVX250", "")
	for _, tt := range []struct {
		model, firmware string
		dnd             int
	}{{"T28P", "", 480}, {"T46U", "", 480}, {"T46U", "108.87.0.15", 480}, {"SPIP430", "", 486}, {"SPIP650", "", 486}, {"VVX450", "", 486}} {
		d := newDesk(t, tt.model, tt.firmware)
		addr, err := d.Listen()
		if err != nil {
			t.Fatal(err)
		}
		call := func() (*phone.Call, int) {
			c, err := caller.CallURI(ctx, "sip:102@"+addr)
			var status *phone.StatusError
			if !errors.As(err, &status) {
				t.Fatalf("%s %s: %v", tt.model, tt.firmware, err)
			}
			return c, status.Code
		}
		if err := d.PressDND(ctx, true); err != nil {
			t.Fatal(err)
		}
		if _, got := call(); got != tt.dnd {
			t.Errorf("%s %s: do not disturb answers %d, want %d", tt.model, tt.firmware, got, tt.dnd)
		}
		if err := d.PressForward(ctx, "103"); err != nil {
			t.Fatal(err)
		}
		if c, got := call(); got != 302 || c.Header("Contact") != "<sip:103@127.0.0.1>" {
			t.Errorf("%s %s: the forward answers %d to %q", tt.model, tt.firmware, got, c.Header("Contact"))
		}
		d.Take(&phone.Config{Values: map[string]string{"features.fwd.allow": "0", "feature.forward.enable": "0", "divert.fwd.1.enabled": "0"}})
		if err := d.PressForward(ctx, "104"); errors.Is(err, ErrNoKey) != (d.Settings().Era() != YealinkV70) {
			t.Errorf("%s %s: a key that is taken away: %v", tt.model, tt.firmware, err)
		}
	}
}

// A number waits as long as the phone does, and one that the phone does not send is an error.
func TestOffHookWaits(t *testing.T) {
	var waited time.Duration
	d := newDesk(t, "T46U", "")
	d.opts.Wait = func(_ context.Context, w time.Duration) error { waited = w; return errors.New("enough") }
	if _, err := d.OffHook(t.Context(), "2001"); err == nil || waited != 5500*time.Millisecond {
		t.Errorf("waited %v, %v", waited, err)
	}
	p := newDesk(t, "SPIP430", "")
	if _, err := p.OffHook(t.Context(), "201"); err == nil {
		t.Error("a number without an end leaves")
	}
}
