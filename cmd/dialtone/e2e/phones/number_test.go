package phones

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	. "github.com/dialtone-pbx/dialtone/cmd/sandbox/lab"

	"github.com/dialtone-pbx/dialtone/cmd/phonesim/phone"
)

// TestNumberRealAsterisk: a renumbered extension keeps its devices, user and
// messages; a deleted one leaves nothing.
func TestNumberRealAsterisk(t *testing.T) {
	onBoth(t, func(t *testing.T, l *lab) {
		l.Extension(t, "101", "4711", nil)
		l.Extension(t, "102", "", nil)
		alice := l.Register(t, l.Device(t, "alice-desk", "101", nil), phone.Options{})
		bob := l.Register(t, l.Device(t, "bob-desk", "102", nil), phone.Options{})
		l.Do(t, "PUT", Tenant+"/users/alice", Object{"full_name": "Alice", "role": "user", "extension": "101"}, nil)
		l.Do(t, "PUT", Tenant+"/phones/001565000101", Object{"vendor": "yealink", "model": "T46U", "lines": []Object{{"registration": 1, "device": "alice-desk"}}}, nil)
		l.Applied(t)
		before, err := alice.WaitVoicemail(Within(t, 10*time.Second), func(phone.Voicemail) bool { return true })
		if err != nil {
			t.Fatal(err)
		}
		out := Dial(t, bob, "101")
		Rings(t, out, alice)
		l.WaitStatus(t, "alice-desk", 5*time.Second, "ringing", func(s Status) bool { return s.Call == "ringing" })
		if r := l.Refused(t, "POST", Tenant+"/extensions/101/renumber", Object{"number": "201"}); r == nil || r.Status != 409 {
			t.Errorf("renumbering during a call: %v", r)
		}
		LeaveMessage(t, out, alice, before)
		l.WaitStatus(t, "alice-desk", 5*time.Second, "idle", func(s Status) bool { return s.Call == "idle" })

		l.Do(t, "POST", Tenant+"/extensions/101/renumber", Object{"number": "201"}, nil)
		l.Applied(t)
		if code := Refusal(t, bob, "101"); code != 404 {
			t.Errorf("the old number ends with %d, want 404", code)
		}
		out, in := Connect(t, alice, bob, "102")
		if in.CallerNumber() != "201" {
			t.Errorf("Alice calls as %q, want 201", in.CallerNumber())
		}
		HangUp(t, out, in)
		l.WaitStatus(t, "alice-desk", 5*time.Second, "idle", func(s Status) bool { return s.Call == "idle" })
		out = Dial(t, bob, "201")
		Rings(t, out, alice)
		LeaveMessage(t, out, alice, phone.Voicemail{New: before.New + 1}) // the lamp shows both
		if hint := l.Console(t, "core show hints"); !strings.Contains(hint, "201@hints-default") || strings.Contains(hint, "101@hints-default") {
			t.Errorf("hints:\n%s", hint)
		}
		l.checkLicence(t)
		l.checkDeleted(t, alice)
	})
}

// checkLicence duplicates an extension as far as the licence goes.
func (l *lab) checkLicence(t *testing.T) {
	t.Helper()
	l.Do(t, "PATCH", "/v1/tenants/default", Object{"max_extensions": 3}, nil)
	l.Do(t, "POST", Tenant+"/extensions/201/duplicate", Object{"number": "301"}, nil)
	r := l.Refused(t, "POST", Tenant+"/extensions/201/duplicate", Object{"number": "302"})
	if r == nil || r.Status != 409 || !strings.Contains(r.Detail, "3 of the 3") {
		t.Errorf("one extension more than the licence: %v", r)
	}
	l.Applied(t)
	if boxes := l.Console(t, "voicemail show users for default"); !HasField(boxes, "301", "Box 101") {
		t.Errorf("the duplicate has no mailbox:\n%s", boxes)
	}
}

// checkDeleted deletes an extension and a device that are used, and looks for what
// is left of them.
func (l *lab) checkDeleted(t *testing.T, alice *phone.Phone) {
	t.Helper()
	if r := l.Refused(t, "DELETE", Tenant+"/extensions/201", nil); r == nil || r.Status != 409 || r.Kind != "in-use" {
		t.Errorf("deleting what is used: %v", r)
	}
	if r := l.Refused(t, "DELETE", Tenant+"/extensions/201?confirm=102", nil); r == nil || r.Status != 422 || r.Field != "confirm" {
		t.Errorf("confirming another one: %v", r)
	}
	var d struct{ Endpoint string }
	l.Do(t, "GET", Tenant+"/devices/alice-desk", nil, &d)
	l.WaitStatus(t, "alice-desk", 10*time.Second, "OK", IsOK)
	l.Do(t, "DELETE", Tenant+"/extensions/201?confirm=201", nil, nil)
	l.Applied(t)
	if out := l.Console(t, "pjsip show contacts"); !strings.Contains(out, d.Endpoint) {
		t.Errorf("the device that stays lost its registration:\n%s", out)
	}
	if r := l.Refused(t, "DELETE", Tenant+"/devices/alice-desk", nil); r == nil || r.Status != 409 {
		t.Errorf("deleting a device on a phone: %v", r)
	}
	l.Do(t, "DELETE", Tenant+"/devices/alice-desk?confirm=alice-desk", nil, nil)
	l.Applied(t)
	number := regexp.MustCompile(`\b201\b`) // a hash may have these digits in it
	for _, command := range []string{"core show hints", "voicemail show users for default", "dialplan show fallback-default", "pjsip show contacts", "database show registrar"} {
		if out := l.Console(t, command); number.MatchString(out) || strings.Contains(out, d.Endpoint) {
			t.Errorf("%s still shows it:\n%s", command, out)
		}
	}
	for _, name := range []string{"pjsip.conf", "extensions.conf", "voicemail.conf"} {
		text, err := os.ReadFile(filepath.Join(l.Asterisk.Dir(), "etc", "dialtone", name))
		if err != nil {
			t.Fatal(err)
		}
		lines := slices.Collect(strings.Lines(string(text)))[2:] // the header has a hash
		if body, _, _ := strings.Cut(strings.Join(lines, ""), "; The marker"); number.MatchString(body) || strings.Contains(body, d.Endpoint) {
			t.Errorf("%s still names it", name)
		}
	}
	if _, err := os.Stat(filepath.Join(l.Asterisk.Dir(), "spool", "voicemail", "default", "201")); !os.IsNotExist(err) {
		t.Errorf("the messages are still there: %v", err)
	}
	var p struct{ Lines []Object }
	l.Do(t, "GET", Tenant+"/phones/001565000101", nil, &p)
	var u User
	l.Do(t, "GET", Tenant+"/users/alice", nil, &u)
	if len(p.Lines) != 0 || u.Extension != "" {
		t.Errorf("the phone's lines are %v, the user's extension %q", p.Lines, u.Extension)
	}
}
