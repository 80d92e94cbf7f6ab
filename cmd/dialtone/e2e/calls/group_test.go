package calls

import (
	"errors"
	"strings"
	"testing"
	"time"

	. "github.com/dialtone-pbx/dialtone/cmd/sandbox/lab"

	"github.com/dialtone-pbx/dialtone/cmd/phonesim/phone"
	"github.com/dialtone-pbx/dialtone/cmd/sandbox/box"
)

// TestPickupRealAsterisk: *8 takes a call that rings at another member of a
// group, decided by the controller and, when that is dead, by the fallback. Who
// is in a group of the same name of another tenant, or in none, gets nothing.
func TestPickupRealAsterisk(t *testing.T) {
	t.Parallel()
	l := openLab(t, box.Asterisk22)
	l.Do(t, "PUT", "/v1/tenants/other", Object{"title": "Other", "timezone": "UTC"}, nil)
	for _, name := range []string{"default", "other"} {
		l.Do(t, "PUT", "/v1/tenants/"+name+"/groups/sales", Object{}, nil)
	}
	sales := Object{"groups": []string{"sales"}}
	l.Extension(t, "100", "", nil)
	l.Extension(t, "101", "", sales)
	l.Extension(t, "102", "", sales)
	l.ExtensionOf(t, "other", "102", "", sales)
	accounts := []phone.Account{l.Device(t, "caller", "100", nil), l.Device(t, "rung", "101", nil), l.Device(t, "mate", "102", nil),
		l.DeviceOf(t, "other", "mate", "102", nil)}
	phones := make([]*phone.Phone, len(accounts))
	for i, a := range accounts {
		phones[i] = l.Register(t, a, phone.Options{})
	}
	check := func(t *testing.T) {
		if got := Refusal(t, phones[2], "*8"); got/100 != 4 {
			t.Errorf("with nothing to pick up *8 ended with %d", got)
		}
		out := Dial(t, phones[0], "101")
		in := Rings(t, out, phones[1])
		for who, p := range map[string]*phone.Phone{"the caller, who is in no group,": phones[0], "the other tenant": phones[3]} {
			if got := Refusal(t, p, "*8"); got/100 != 4 {
				t.Errorf("%s picked up: %d", who, got)
			}
		}
		taken := Dial(t, phones[2], "*8")
		if err := taken.WaitAnswer(); err != nil {
			t.Fatalf("a member does not get the call: %v", err)
		}
		Hears(t, in.Done(), in, "the end of the ringing")
		if err := out.WaitAnswer(); err != nil {
			t.Fatal(err)
		}
		Talk(t, out, taken)
		HangUp(t, out, taken)
		l.NoChannels(t)
	}
	t.Run("native", check)
	// Asterisk itself takes *8 unless it is told otherwise; then ours do.
	l.Feature(t, "pickupexten = *0")
	before := l.Decisions(t)
	t.Run("decided", check)
	l.Decided(t, before, 5)
	if n := l.Decisions(t) - before; n != 5 { // the call, and *8 four times
		t.Errorf("%d calls were decided, not 5", n)
	}
	l.Kill(t)
	t.Run("fallback", check)
	l.Restart(t)
}

// TestPresenceRealAsterisk: an extension can be watched exactly while its
// presence is on.
func TestPresenceRealAsterisk(t *testing.T) {
	t.Parallel()
	l := openLab(t, box.Asterisk22)
	l.Extension(t, "100", "", nil)
	l.Extension(t, "101", "", Object{"presence": false})
	l.Extension(t, "102", "", nil)
	watcher := l.Register(t, l.Device(t, "watcher", "100", nil), phone.Options{})
	hidden := l.Register(t, l.Device(t, "hidden", "101", nil), phone.Options{})
	l.Register(t, l.Device(t, "open", "102", nil), phone.Options{})
	subscribe := func(number string) (*phone.Subscription, error) {
		return watcher.Subscribe(Within(t, 10*time.Second), number)
	}
	if _, err := subscribe("102"); err != nil {
		t.Errorf("102 may be watched: %v", err)
	}
	var refused *phone.StatusError
	if _, err := subscribe("101"); !errors.As(err, &refused) || refused.Code != 404 {
		t.Errorf("101 must not be watched, the answer is %v", err)
	}
	l.Do(t, "PATCH", Tenant+"/extensions/101", Object{"presence": true}, nil, "Prefer", "wait=20")
	lamp, err := subscribe("101")
	if err != nil {
		t.Fatalf("101 may be watched now: %v", err)
	}
	Shows(t, lamp, "idle")
	out, in := Connect(t, watcher, hidden, "101")
	Shows(t, lamp, "busy")
	HangUp(t, out, in)
	Shows(t, lamp, "idle")
	l.Do(t, "PATCH", Tenant+"/extensions/101", Object{"presence": false}, nil, "Prefer", "wait=20")
	if hints := l.Console(t, "core show hints"); strings.Contains(hints, "101@hints-default") || !strings.Contains(hints, "102@hints-default") {
		t.Errorf("hints:\n%s", hints)
	}
	if _, err := subscribe("101"); !errors.As(err, &refused) || refused.Code != 404 {
		t.Errorf("101 must not be watched any more, the answer is %v", err)
	}
}
