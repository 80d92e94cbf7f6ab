package people

import (
	"net/http"
	"strings"
	"testing"
	"time"

	. "github.com/dialtone-pbx/dialtone/cmd/sandbox/lab"

	"github.com/dialtone-pbx/dialtone/cmd/phonesim/phone"
)

// TestUserRealAsterisk: language and zone of a user arrive in Asterisk and on the
// phone, and dropping the registrations of a user's devices drops them all.
func TestUserRealAsterisk(t *testing.T) {
	onBoth(t, func(t *testing.T, l *lab) {
		l.Extension(t, "101", "4711", nil)
		first, second := l.Device(t, "alice-1", "101", nil), l.Device(t, "alice-2", "101", nil)
		bob := l.Device(t, "bob", "", nil)
		l.Do(t, "PUT", Tenant+"/users/alice", Object{"full_name": "Alice Adams", "role": "user", "extension": "101", "language": "de", "timezone": "Asia/Tokyo"}, nil)
		l.Applied(t)
		if out := l.Console(t, "pjsip show endpoint "+first.UserName); !HasField(out, "language", "de") {
			t.Errorf("the endpoint's language is not de:\n%s", out)
		}
		if out := l.Console(t, "voicemail show users for default"); !HasField(out, "101", "zone-Asia/Tokyo") {
			t.Errorf("the mailbox's zone is not Tokyo:\n%s", out)
		}
		if out := l.Console(t, "voicemail show zones"); !HasField(out, "zone-Asia/Tokyo", "Asia/Tokyo") {
			t.Errorf("there is no zone of Tokyo:\n%s", out)
		}
		out := Dial(t, l.Register(t, first, phone.Options{}), "*97")
		if err := out.WaitAnswer(); err != nil {
			t.Fatal(err)
		}
		if text := l.Console(t, "core show channel "+strings.Fields(l.Console(t, "core show channels concise"))[0][:len("PJSIP/")+len(first.UserName)+9]); !HasField(text, "Language:", "de") {
			t.Errorf("the call's language is not de:\n%s", text)
		}
		if err := out.Hangup(Within(t, 10*time.Second)); err != nil {
			t.Fatal(err)
		}
		l.Register(t, second, phone.Options{})
		l.Register(t, bob, phone.Options{})
		for _, name := range []string{"alice-1", "alice-2", "bob"} {
			l.WaitStatus(t, name, 10*time.Second, "OK", IsOK)
		}
		var gone struct{ Devices []string }
		l.Do(t, "POST", Tenant+"/users/alice/unregister", nil, &gone)
		if strings.Join(gone.Devices, " ") != "alice-1 alice-2" {
			t.Errorf("unregistered %q", gone.Devices)
		}
		contacts := l.Console(t, "pjsip show contacts")
		if strings.Contains(contacts, first.UserName) || strings.Contains(contacts, second.UserName) || !strings.Contains(contacts, bob.UserName) {
			t.Errorf("contacts after unregistering Alice:\n%s", contacts)
		}
		for _, name := range []string{"alice-1", "alice-2"} {
			l.WaitStatus(t, name, 10*time.Second, "gone", func(s Status) bool { return s.Status == "" && s.IP == "" })
		}
		l.WaitStatus(t, "bob", time.Second, "OK", IsOK)
	})
}

// TestDeskRealAsterisk: one user, two shared devices, and always exactly one owner.
func TestDeskRealAsterisk(t *testing.T) {
	onBoth(t, func(t *testing.T, l *lab) {
		l.Extension(t, "101", "", nil)
		l.Extension(t, "102", "", nil)
		accountA, accountB := l.Device(t, "desk-a", "", Object{"shared": true}), l.Device(t, "desk-b", "", Object{"shared": true})
		caller := l.Register(t, l.Device(t, "bob", "102", nil), phone.Options{})
		l.Do(t, "PUT", Tenant+"/users/alice", Object{"full_name": "Alice", "role": "user", "extension": "101", "desk_pin": "4711"}, nil)
		l.Do(t, "PUT", Tenant+"/users/carol", Object{"full_name": "Carol", "role": "user", "desk_pin": "0815"}, nil)
		a, b := l.Register(t, accountA, phone.Options{}), l.Register(t, accountB, phone.Options{})

		TypeAt(t, a, "*11", "101", "4711")
		l.atDesk(t, "alice", "desk-a")
		out, in := Connect(t, caller, a, "101")
		Talk(t, out, in)
		HangUp(t, out, in)

		// Elsewhere: the first desk is nobody's in the same moment.
		TypeAt(t, b, "*11", "101", "4711")
		l.atDesk(t, "alice", "desk-b")
		out, in = Connect(t, caller, b, "101")
		HangUp(t, in, out)
		select {
		case <-a.Incoming():
			t.Error("the first desk rang")
		default:
		}
		// The number that the callee sees is the desk's owner's.
		out = Dial(t, b, "102")
		in = Rings(t, out, caller)
		if number := in.CallerNumber(); number != "101" {
			t.Errorf("the call comes from %q, want 101", number)
		}
		if err := out.Hangup(Within(t, 10*time.Second)); err != nil {
			t.Fatal(err)
		}

		// Neither a dead controller nor a phone that vanishes changes the owner.
		l.Kill(t)
		l.Restart(t)
		l.atDesk(t, "alice", "desk-b")
		if err := b.Unregister(Within(t, 10*time.Second)); err != nil {
			t.Fatal(err)
		}
		l.WaitStatus(t, "desk-b", 10*time.Second, "gone", func(s Status) bool { return s.Status == "" })
		l.atDesk(t, "alice", "desk-b")
		TypeAt(t, a, "*11", "101", "4711")
		l.atDesk(t, "alice", "desk-a")
		TypeAt(t, a, "*12")
		l.atDesk(t, "alice", "")
		if code := Refusal(t, caller, "101"); code != http.StatusNotFound && code != 480 {
			t.Errorf("a call to nobody's extension ends with %d", code)
		}
		if code := Refusal(t, caller, "*11"); code != 403 {
			t.Errorf("signing in on a device of one's own ends with %d, want 403", code)
		}
		l.checkGuesses(t, a)
	})
}

// checkGuesses types wrong PINs until the device is blocked.
func (l *lab) checkGuesses(t *testing.T, a *phone.Phone) {
	t.Helper()
	for _, pin := range []string{"4712", "0000", "1234"} {
		TypeAt(t, a, "*11", "101", pin)
	}
	TypeAt(t, a, "*11", "101", "4711")
	l.atDesk(t, "alice", "")
	l.Do(t, "POST", Tenant+"/users/alice/desk", Object{"device": "desk-a"}, nil)
	l.atDesk(t, "alice", "desk-a")
	if r := l.Refused(t, "PATCH", Tenant+"/users/alice", Object{"extension": "102"}); r == nil || r.Status != 409 {
		t.Errorf("another extension while signed in: %v", r)
	}
	l.Do(t, "DELETE", Tenant+"/users/alice/desk", nil, nil)
	l.atDesk(t, "alice", "")
}

// atDesk waits until the user is at that desk and no other, in the API and in
// Asterisk's hint of the extension.
func (l *lab) atDesk(t *testing.T, username, desk string) {
	t.Helper()
	Eventually(t, 10*time.Second, func() string {
		if got := l.Desk(t, username); got != desk {
			return username + " is at " + got + ", want " + desk
		}
		return ""
	})
	l.Applied(t)
	var page struct {
		Items []struct{ Name, Extension string }
	}
	l.Do(t, "GET", Tenant+"/devices?contains=desk-", nil, &page)
	for _, d := range page.Items {
		if want := map[bool]string{true: "101"}[d.Name == desk]; d.Extension != want {
			t.Errorf("device %s belongs to %q, want %q", d.Name, d.Extension, want)
		}
	}
}
