package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dialtone-pbx/dialtone/cmd/phonesim/phone"
	"github.com/dialtone-pbx/dialtone/cmd/sandbox/box"
)

// TestCallsRealAsterisk makes every kind of call this office knows, decided by
// ARI.
func TestCallsRealAsterisk(t *testing.T) {
	t.Parallel()
	l := openLab(t, box.Asterisk22)
	l.extension(t, "101", "4711", nil)
	caller := l.register(t, l.device(t, "caller", "101", nil), phone.Options{})
	t.Run("two devices", func(t *testing.T) { l.twoDevices(t, caller) })
	t.Run("busy", func(t *testing.T) { l.busy(t, caller) })
	t.Run("nobody there", func(t *testing.T) { l.nobodyThere(t, caller) })
	t.Run("own number", func(t *testing.T) { l.ownNumber(t, caller) })
	t.Run("cancel", func(t *testing.T) { l.cancel(t, caller) })
	t.Run("mailbox", func(t *testing.T) { l.ownMailbox(t, caller) })
	t.Run("tenants", l.tenantsApart)
	t.Run("no extension", func(t *testing.T) { l.noExtension(t, caller) })
	t.Run("renamed", func(t *testing.T) { l.renamed(t, caller) })
	if n := l.decisions(t); n < 15 {
		t.Errorf("ARI decided only %d calls and steps: the rest went by the fallback", n)
	}
}

// twoDevices ring at once; one answers and the other stops, told that the call
// was taken elsewhere.
func (l *lab) twoDevices(t *testing.T, caller *phone.Phone) {
	l.extension(t, "102", "", nil)
	desk := l.register(t, l.device(t, "desk", "102", nil), phone.Options{})
	home := l.register(t, l.device(t, "home", "102", nil), phone.Options{Model: "VVX450"})
	out := dial(t, caller, "102")
	atDesk := rings(t, out, desk)
	atHome := rings(t, out, home)
	answer(t, out, atHome)
	hears(t, atDesk.Done(), atDesk, "the end of ringing")
	if !atDesk.RemoteHungUp() {
		t.Errorf("the other device ended by %v", atDesk.Err())
	}
	talk(t, out, atHome)
	hangUp(t, atHome, out)

	// One refuses: the other rings on. Both refuse: the call is refused.
	out = dial(t, caller, "102")
	atDesk, atHome = rings(t, out, desk), rings(t, out, home)
	if err := atDesk.Reject(486); err != nil {
		t.Fatal(err)
	}
	answer(t, out, atHome)
	hangUp(t, out, atHome)
	out = dial(t, caller, "102")
	for _, p := range []*phone.Phone{desk, home} {
		if err := rings(t, out, p).Reject(486); err != nil {
			t.Fatal(err)
		}
	}
	if got := statusOf(t, out.WaitAnswer()); got != 486 {
		t.Errorf("refused by all devices the call ends with %d, want 486", got)
	}
	l.noChannels(t)
}

// busy leads to the busy greeting, and without a mailbox to 486.
func (l *lab) busy(t *testing.T, caller *phone.Phone) {
	l.extension(t, "103", "4713", nil)
	l.extension(t, "104", "", nil)
	with := l.register(t, l.device(t, "busy", "103", nil), phone.Options{Busy: true})
	l.register(t, l.device(t, "busier", "104", nil), phone.Options{Busy: true})
	out := dial(t, caller, "103")
	hears(t, out.Answered(), out, "voicemail")
	eventually(t, 5*time.Second, func() string {
		if shown := l.console(t, "core show channels concise"); !strings.Contains(shown, "!VoiceMail!103@default,b!") {
			return "not the busy greeting:\n" + shown
		}
		return ""
	})
	leaveMessage(t, out, with, with.Voicemail())
	if got := refusal(t, caller, "104"); got != 486 {
		t.Errorf("busy without a mailbox ends with %d, want 486", got)
	}
	l.noChannels(t)
}

// nobodyThere: no phone registered, no device, no such number, no answer.
func (l *lab) nobodyThere(t *testing.T, caller *phone.Phone) {
	l.extension(t, "105", "", nil) // a device that never registered
	l.device(t, "absent", "105", nil)
	l.extension(t, "106", "", nil) // no device
	l.extension(t, "107", "4717", nil)
	l.device(t, "absent-too", "107", nil)
	l.extension(t, "108", "", nil) // does not answer
	l.register(t, l.device(t, "deaf", "108", nil), phone.Options{NoAnswer: true})
	for number, want := range map[string]int{"105": 480, "106": 480, "107": 200, "108": 480, "999": 404, "0": 404, "*98": 404, "nobody": 404, "h": 404} {
		if got := refusal(t, caller, number); got != want {
			t.Errorf("calling %s ends with %d, want %d", number, got, want)
		}
	}
	l.noChannels(t)
}

// ownNumber: the only phone of an extension calls it; nobody leaves himself a
// message. With a second device that one rings.
func (l *lab) ownNumber(t *testing.T, caller *phone.Phone) {
	if got := refusal(t, caller, "101"); got != 486 {
		t.Errorf("calling the own number ends with %d, want 486", got)
	}
	second := l.register(t, l.device(t, "second", "101", nil), phone.Options{})
	out, in := connect(t, caller, second, "101")
	hangUp(t, out, in)
	l.do(t, "DELETE", tenant+"/devices/second", nil, nil)
	l.applied(t)
	l.noChannels(t)
}

// cancel: the caller gives up while it rings.
func (l *lab) cancel(t *testing.T, caller *phone.Phone) {
	l.extension(t, "109", "4719", nil)
	callee := l.register(t, l.device(t, "slow", "109", nil), phone.Options{})
	out := dial(t, caller, "109")
	in := rings(t, out, callee)
	hangUp(t, out, in)
	if got := statusOf(t, out.Err()); got != 487 {
		t.Errorf("a cancelled call ends with %d, want 487", got)
	}
	if !in.RemoteHungUp() {
		t.Errorf("the callee's phone stopped by %v", in.Err())
	}
	l.noChannels(t)
}

// ownMailbox opens the mailbox of the caller's extension by *97. A PIN that its
// owner chose on the phone counts, until an admin sets another one.
func (l *lab) ownMailbox(t *testing.T, caller *phone.Phone) {
	openMailbox(t, caller, "4711")
	secret := filepath.Join(l.Asterisk.Dir(), "spool", "voicemail", "default", "101", "secret.conf")
	if err := os.WriteFile(secret, []byte("[general]\nsecret=8888\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	l.do(t, "PATCH", tenant+"/mailboxes/101", object{"name": "Renamed"}, nil)
	l.applied(t)
	if _, err := os.Stat(secret); err != nil {
		t.Errorf("a change of the name took the PIN chosen on the phone: %v", err)
	}
	l.do(t, "PATCH", tenant+"/mailboxes/101", object{"pin": "9999"}, nil)
	l.applied(t)
	if _, err := os.Stat(secret); !os.IsNotExist(err) {
		t.Errorf("a PIN set by the API leaves the one chosen on the phone: %v", err)
	}
	if got := refusal(t, l.register(t, l.device(t, "boxless", "", nil), phone.Options{}), "*97"); got == 200 || got < 400 {
		t.Errorf("*97 from a device of no extension ends with %d", got)
	}
	l.noChannels(t)
}

// tenantsApart: two tenants have the same number; neither reaches the other.
func (l *lab) tenantsApart(t *testing.T) {
	phones := map[string][2]*phone.Phone{}
	for _, name := range []string{"acme", "bolt"} {
		l.do(t, "PUT", "/v1/tenants/"+name, object{"title": name}, nil)
		l.extensionOf(t, name, "201", "", object{"name": "Caller of " + name})
		l.extensionOf(t, name, "202", "", nil)
		from, to := l.deviceOf(t, name, "desk", "201", nil), l.deviceOf(t, name, "other", "202", nil)
		phones[name] = [2]*phone.Phone{l.register(t, from, phone.Options{}), l.register(t, to, phone.Options{})}
	}
	l.extensionOf(t, "acme", "203", "", nil)
	onlyAcme := l.register(t, l.deviceOf(t, "acme", "third", "203", nil), phone.Options{})
	for name, p := range phones {
		out, in := connect(t, p[0], p[1], "202")
		if in.CallerName() != "Caller of "+name || in.CallerNumber() != "201" {
			t.Errorf("in %s the display says %q %s", name, in.CallerName(), in.CallerNumber())
		}
		hangUp(t, out, in)
	}
	if got := refusal(t, phones["bolt"][0], "203"); got != 404 {
		t.Errorf("a number of another tenant ends with %d, want 404", got)
	}
	if got := refusal(t, phones["bolt"][0], "101"); got != 404 {
		t.Errorf("a number of the default tenant ends with %d, want 404", got)
	}
	for _, p := range []*phone.Phone{onlyAcme, phones["acme"][1], phones["bolt"][1]} {
		select {
		case c := <-p.Incoming():
			t.Errorf("a phone rang for %s", c.CallerNumber())
		default:
		}
	}
	l.noChannels(t)
}

// noExtension: a device of no extension registers and may call, shown by its
// name, and cannot be called.
func (l *lab) noExtension(t *testing.T, callee *phone.Phone) {
	p := l.register(t, l.device(t, "lift", "", nil), phone.Options{})
	l.waitStatus(t, "lift", 5*time.Second, "OK", isOK)
	out, in := connect(t, p, callee, "101")
	if in.CallerName() != "lift" {
		t.Errorf("the display says %q %s", in.CallerName(), in.CallerNumber())
	}
	hangUp(t, in, out)
	l.noChannels(t)
}

// renamed: a change shows in the next call, without a word to the phones.
func (l *lab) renamed(t *testing.T, caller *phone.Phone) {
	l.extension(t, "110", "", nil)
	callee := l.register(t, l.device(t, "renamed", "110", nil), phone.Options{})
	l.do(t, "PATCH", tenant+"/extensions/101", object{"name": "New Name"}, nil, "Prefer", "wait=10")
	out, in := connect(t, caller, callee, "110")
	if in.CallerName() != "New Name" {
		t.Errorf("the display says %q", in.CallerName())
	}
	hangUp(t, out, in)
	l.do(t, "DELETE", tenant+"/devices/renamed", nil, nil)
	l.do(t, "DELETE", tenant+"/extensions/110", nil, nil, "Prefer", "wait=10")
	if got := refusal(t, caller, "110"); got != 404 {
		t.Errorf("a deleted extension ends with %d, want 404", got)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if err := callee.Unregister(ctx); err == nil {
		t.Error("a deleted device could still register")
	}
}
