package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dialtone-pbx/dialtone/cmd/phonesim/phone"
	"github.com/dialtone-pbx/dialtone/cmd/sandbox/box"
)

// TestPickupRealAsterisk: *8 takes a call that rings at another member of a
// group, decided by the controller and, when that is dead, by the fallback. Who
// is in a group of the same name of another tenant, or in none, gets nothing.
func TestPickupRealAsterisk(t *testing.T) {
	t.Parallel()
	l := openLab(t, box.Asterisk22)
	l.do(t, "PUT", "/v1/tenants/other", object{"title": "Other", "timezone": "UTC"}, nil)
	for _, name := range []string{"default", "other"} {
		l.do(t, "PUT", "/v1/tenants/"+name+"/groups/sales", object{}, nil)
	}
	sales := object{"groups": []string{"sales"}}
	l.extension(t, "100", "", nil)
	l.extension(t, "101", "", sales)
	l.extension(t, "102", "", sales)
	l.extensionOf(t, "other", "102", "", sales)
	accounts := []phone.Account{l.device(t, "caller", "100", nil), l.device(t, "rung", "101", nil), l.device(t, "mate", "102", nil),
		l.deviceOf(t, "other", "mate", "102", nil)}
	phones := make([]*phone.Phone, len(accounts))
	for i, a := range accounts {
		phones[i] = l.register(t, a, phone.Options{})
	}
	check := func(t *testing.T) {
		if got := refusal(t, phones[2], "*8"); got/100 != 4 {
			t.Errorf("with nothing to pick up *8 ended with %d", got)
		}
		out := dial(t, phones[0], "101")
		in := rings(t, out, phones[1])
		for who, p := range map[string]*phone.Phone{"the caller, who is in no group,": phones[0], "the other tenant": phones[3]} {
			if got := refusal(t, p, "*8"); got/100 != 4 {
				t.Errorf("%s picked up: %d", who, got)
			}
		}
		taken := dial(t, phones[2], "*8")
		if err := taken.WaitAnswer(); err != nil {
			t.Fatalf("a member does not get the call: %v", err)
		}
		hears(t, in.Done(), in, "the end of the ringing")
		if err := out.WaitAnswer(); err != nil {
			t.Fatal(err)
		}
		talk(t, out, taken)
		hangUp(t, out, taken)
		l.noChannels(t)
	}
	t.Run("native", check)
	// Asterisk itself takes *8 unless it is told otherwise; then ours do.
	l.feature(t, "pickupexten = *0")
	before := l.decisions(t)
	t.Run("decided", check)
	if n := l.decisions(t) - before; n != 5 { // the call, and *8 four times
		t.Errorf("%d calls were decided, not 5", n)
	}
	l.kill(t)
	t.Run("fallback", check)
	l.restart(t)
}

// feature gives Asterisk a features.conf of one line.
func (l *lab) feature(t *testing.T, line string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(l.Asterisk.Dir(), "etc", "features.conf"), []byte("[general]\n"+line+"\n\n#tryinclude dialtone/features.conf\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	l.console(t, "module reload features")
	_, value, _ := strings.Cut(line, "= ")
	eventually(t, 5*time.Second, func() string {
		if out := l.console(t, "features show"); !strings.Contains(out, value) {
			return out
		}
		return ""
	})
}

// TestPresenceRealAsterisk: an extension can be watched exactly while its
// presence is on.
func TestPresenceRealAsterisk(t *testing.T) {
	t.Parallel()
	l := openLab(t, box.Asterisk22)
	l.extension(t, "100", "", nil)
	l.extension(t, "101", "", object{"presence": false})
	l.extension(t, "102", "", nil)
	watcher := l.register(t, l.device(t, "watcher", "100", nil), phone.Options{})
	hidden := l.register(t, l.device(t, "hidden", "101", nil), phone.Options{})
	l.register(t, l.device(t, "open", "102", nil), phone.Options{})
	subscribe := func(number string) (*phone.Subscription, error) {
		return watcher.Subscribe(within(t, 10*time.Second), number)
	}
	if _, err := subscribe("102"); err != nil {
		t.Errorf("102 may be watched: %v", err)
	}
	var refused *phone.StatusError
	if _, err := subscribe("101"); !errors.As(err, &refused) || refused.Code != 404 {
		t.Errorf("101 must not be watched, the answer is %v", err)
	}
	l.do(t, "PATCH", tenant+"/extensions/101", object{"presence": true}, nil, "Prefer", "wait=20")
	lamp, err := subscribe("101")
	if err != nil {
		t.Fatalf("101 may be watched now: %v", err)
	}
	shows(t, lamp, "idle")
	out, in := connect(t, watcher, hidden, "101")
	shows(t, lamp, "busy")
	hangUp(t, out, in)
	shows(t, lamp, "idle")
	l.do(t, "PATCH", tenant+"/extensions/101", object{"presence": false}, nil, "Prefer", "wait=20")
	if hints := l.console(t, "core show hints"); strings.Contains(hints, "101@hints-default") || !strings.Contains(hints, "102@hints-default") {
		t.Errorf("hints:\n%s", hints)
	}
	if _, err := subscribe("101"); !errors.As(err, &refused) || refused.Code != 404 {
		t.Errorf("101 must not be watched any more, the answer is %v", err)
	}
}

// shows waits for a state of a lamp.
func shows(t *testing.T, lamp *phone.Subscription, want string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	for got := ""; got != want; {
		select {
		case s := <-lamp.States():
			got = s.State
		case <-ctx.Done():
			t.Fatalf("the lamp shows %q, not %q", got, want)
		}
	}
}
