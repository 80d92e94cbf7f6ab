package main

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/dialtone-pbx/dialtone/cmd/phonesim/phone"
	"github.com/dialtone-pbx/dialtone/cmd/sandbox/box"
)

// onBoth runs a test on both generations of Asterisk.
func onBoth(t *testing.T, test func(*testing.T, *lab)) {
	t.Helper()
	t.Parallel()
	for _, suite := range box.Suites() {
		t.Run(suite.Name, func(t *testing.T) {
			t.Parallel()
			test(t, openLab(t, suite))
		})
	}
}

// user is what the API says of a user.
type user struct {
	Username, Extension, Desk, Password string
	MustChange                          bool `json:"must_change_password"`
}

func (l *lab) desk(t *testing.T, username string) string {
	t.Helper()
	var u user
	l.do(t, "GET", tenant+"/users/"+username, nil, &u)
	return u.Desk
}

// TestUserRealAsterisk: language and zone of a user arrive in Asterisk and on the
// phone, and dropping the registrations of a user's devices drops them all.
func TestUserRealAsterisk(t *testing.T) {
	onBoth(t, func(t *testing.T, l *lab) {
		l.extension(t, "101", "4711", nil)
		first, second := l.device(t, "alice-1", "101", nil), l.device(t, "alice-2", "101", nil)
		bob := l.device(t, "bob", "", nil)
		l.do(t, "PUT", tenant+"/users/alice", object{"full_name": "Alice Adams", "role": "user", "extension": "101", "language": "de", "timezone": "Asia/Tokyo"}, nil)
		l.applied(t)
		if out := l.console(t, "pjsip show endpoint "+first.UserName); !hasField(out, "language", "de") {
			t.Errorf("the endpoint's language is not de:\n%s", out)
		}
		if out := l.console(t, "voicemail show users for default"); !hasField(out, "101", "zone-Asia/Tokyo") {
			t.Errorf("the mailbox's zone is not Tokyo:\n%s", out)
		}
		if out := l.console(t, "voicemail show zones"); !hasField(out, "zone-Asia/Tokyo", "Asia/Tokyo") {
			t.Errorf("there is no zone of Tokyo:\n%s", out)
		}
		out := dial(t, l.register(t, first, phone.Options{}), "*97")
		if err := out.WaitAnswer(); err != nil {
			t.Fatal(err)
		}
		if text := l.console(t, "core show channel "+strings.Fields(l.console(t, "core show channels concise"))[0][:len("PJSIP/")+len(first.UserName)+9]); !hasField(text, "Language:", "de") {
			t.Errorf("the call's language is not de:\n%s", text)
		}
		if err := out.Hangup(within(t, 10*time.Second)); err != nil {
			t.Fatal(err)
		}
		l.register(t, second, phone.Options{})
		l.register(t, bob, phone.Options{})
		for _, name := range []string{"alice-1", "alice-2", "bob"} {
			l.waitStatus(t, name, 10*time.Second, "OK", isOK)
		}
		var gone struct{ Devices []string }
		l.do(t, "POST", tenant+"/users/alice/unregister", nil, &gone)
		if strings.Join(gone.Devices, " ") != "alice-1 alice-2" {
			t.Errorf("unregistered %q", gone.Devices)
		}
		contacts := l.console(t, "pjsip show contacts")
		if strings.Contains(contacts, first.UserName) || strings.Contains(contacts, second.UserName) || !strings.Contains(contacts, bob.UserName) {
			t.Errorf("contacts after unregistering Alice:\n%s", contacts)
		}
		for _, name := range []string{"alice-1", "alice-2"} {
			l.waitStatus(t, name, 10*time.Second, "gone", func(s status) bool { return s.Status == "" && s.IP == "" })
		}
		l.waitStatus(t, "bob", time.Second, "OK", isOK)
	})
}

// hasField reports whether a line of text has both words.
func hasField(text, name, value string) bool {
	for line := range strings.Lines(text) {
		if strings.Contains(line, name) && strings.Contains(line, value) {
			return true
		}
	}
	return false
}

// typeAt dials a code and types answers to its prompts, one after the other, and
// waits until Asterisk hangs up.
func typeAt(t *testing.T, p *phone.Phone, code string, answers ...string) {
	t.Helper()
	c := dial(t, p, code)
	if err := c.WaitAnswer(); err != nil {
		t.Fatalf("%s is not answered: %v", code, err)
	}
	for _, text := range answers {
		hearsSpeech(t, c)
		if err := c.SendDTMF(text + "#"); err != nil {
			t.Fatal(err)
		}
	}
	hears(t, c.Done(), c, "the end of "+code)
}

// TestDeskRealAsterisk: one user, two shared devices, and always exactly one owner.
func TestDeskRealAsterisk(t *testing.T) {
	onBoth(t, func(t *testing.T, l *lab) {
		l.extension(t, "101", "", nil)
		l.extension(t, "102", "", nil)
		accountA, accountB := l.device(t, "desk-a", "", object{"shared": true}), l.device(t, "desk-b", "", object{"shared": true})
		caller := l.register(t, l.device(t, "bob", "102", nil), phone.Options{})
		l.do(t, "PUT", tenant+"/users/alice", object{"full_name": "Alice", "role": "user", "extension": "101", "desk_pin": "4711"}, nil)
		l.do(t, "PUT", tenant+"/users/carol", object{"full_name": "Carol", "role": "user", "desk_pin": "0815"}, nil)
		a, b := l.register(t, accountA, phone.Options{}), l.register(t, accountB, phone.Options{})

		typeAt(t, a, "*11", "101", "4711")
		l.atDesk(t, "alice", "desk-a")
		out, in := connect(t, caller, a, "101")
		talk(t, out, in)
		hangUp(t, out, in)

		// Elsewhere: the first desk is nobody's in the same moment.
		typeAt(t, b, "*11", "101", "4711")
		l.atDesk(t, "alice", "desk-b")
		out, in = connect(t, caller, b, "101")
		hangUp(t, in, out)
		select {
		case <-a.Incoming():
			t.Error("the first desk rang")
		default:
		}
		// The number that the callee sees is the desk's owner's.
		out = dial(t, b, "102")
		in = rings(t, out, caller)
		if number := in.CallerNumber(); number != "101" {
			t.Errorf("the call comes from %q, want 101", number)
		}
		if err := out.Hangup(within(t, 10*time.Second)); err != nil {
			t.Fatal(err)
		}

		// Neither a dead controller nor a phone that vanishes changes the owner.
		l.kill(t)
		l.restart(t)
		l.atDesk(t, "alice", "desk-b")
		if err := b.Unregister(within(t, 10*time.Second)); err != nil {
			t.Fatal(err)
		}
		l.waitStatus(t, "desk-b", 10*time.Second, "gone", func(s status) bool { return s.Status == "" })
		l.atDesk(t, "alice", "desk-b")
		typeAt(t, a, "*11", "101", "4711")
		l.atDesk(t, "alice", "desk-a")
		typeAt(t, a, "*12")
		l.atDesk(t, "alice", "")
		if code := refusal(t, caller, "101"); code != http.StatusNotFound && code != 480 {
			t.Errorf("a call to nobody's extension ends with %d", code)
		}
		if code := refusal(t, caller, "*11"); code != 403 {
			t.Errorf("signing in on a device of one's own ends with %d, want 403", code)
		}
		l.checkGuesses(t, a)
	})
}

// checkGuesses types wrong PINs until the device is blocked.
func (l *lab) checkGuesses(t *testing.T, a *phone.Phone) {
	t.Helper()
	for _, pin := range []string{"4712", "0000", "1234"} {
		typeAt(t, a, "*11", "101", pin)
	}
	typeAt(t, a, "*11", "101", "4711")
	l.atDesk(t, "alice", "")
	l.do(t, "POST", tenant+"/users/alice/desk", object{"device": "desk-a"}, nil)
	l.atDesk(t, "alice", "desk-a")
	if r := l.refused(t, "PATCH", tenant+"/users/alice", object{"extension": "102"}); r == nil || r.Status != 409 {
		t.Errorf("another extension while signed in: %v", r)
	}
	l.do(t, "DELETE", tenant+"/users/alice/desk", nil, nil)
	l.atDesk(t, "alice", "")
}

// atDesk waits until the user is at that desk and no other, in the API and in
// Asterisk's hint of the extension.
func (l *lab) atDesk(t *testing.T, username, desk string) {
	t.Helper()
	eventually(t, 10*time.Second, func() string {
		if got := l.desk(t, username); got != desk {
			return username + " is at " + got + ", want " + desk
		}
		return ""
	})
	l.applied(t)
	var page struct {
		Items []struct{ Name, Extension string }
	}
	l.do(t, "GET", tenant+"/devices?contains=desk-", nil, &page)
	for _, d := range page.Items {
		if want := map[bool]string{true: "101"}[d.Name == desk]; d.Extension != want {
			t.Errorf("device %s belongs to %q, want %q", d.Name, d.Extension, want)
		}
	}
}
