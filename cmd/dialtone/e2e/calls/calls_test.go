package calls

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	. "github.com/dialtone-pbx/dialtone/cmd/sandbox/lab"

	"github.com/dialtone-pbx/dialtone/cmd/phonesim/phone"
	"github.com/dialtone-pbx/dialtone/cmd/sandbox/box"
)

// TestCallsRealAsterisk makes every kind of call this office knows, decided by
// ARI.
func TestCallsRealAsterisk(t *testing.T) {
	t.Parallel()
	l := openLab(t, box.Asterisk22)
	l.Extension(t, "101", "4711", nil)
	caller := l.Register(t, l.Device(t, "caller", "101", nil), phone.Options{})
	t.Run("two devices", func(t *testing.T) { l.twoDevices(t, caller) })
	t.Run("busy", func(t *testing.T) { l.busy(t, caller) })
	t.Run("nobody there", func(t *testing.T) { l.nobodyThere(t, caller) })
	t.Run("own number", func(t *testing.T) { l.ownNumber(t, caller) })
	t.Run("cancel", func(t *testing.T) { l.cancel(t, caller) })
	t.Run("mailbox", func(t *testing.T) { l.ownMailbox(t, caller) })
	t.Run("tenants", l.tenantsApart)
	t.Run("no extension", func(t *testing.T) { l.noExtension(t, caller) })
	t.Run("renamed", func(t *testing.T) { l.renamed(t, caller) })
	l.Decided(t, 0, 15)
}

// twoDevices ring at once; one answers and the other stops, told that the call
// was taken elsewhere.
func (l *lab) twoDevices(t *testing.T, caller *phone.Phone) {
	l.Extension(t, "102", "", nil)
	desk := l.Register(t, l.Device(t, "desk", "102", nil), phone.Options{})
	home := l.Register(t, l.Device(t, "home", "102", nil), phone.Options{Model: "VVX450"})
	out := Dial(t, caller, "102")
	atDesk := Rings(t, out, desk)
	atHome := Rings(t, out, home)
	Answer(t, out, atHome)
	Hears(t, atDesk.Done(), atDesk, "the end of ringing")
	if !atDesk.RemoteHungUp() {
		t.Errorf("the other device ended by %v", atDesk.Err())
	}
	Talk(t, out, atHome)
	HangUp(t, atHome, out)

	// One refuses: the other rings on. Both refuse: the call is refused.
	out = Dial(t, caller, "102")
	atDesk, atHome = Rings(t, out, desk), Rings(t, out, home)
	if err := atDesk.Reject(486); err != nil {
		t.Fatal(err)
	}
	Answer(t, out, atHome)
	HangUp(t, out, atHome)
	out = Dial(t, caller, "102")
	for _, p := range []*phone.Phone{desk, home} {
		if err := Rings(t, out, p).Reject(486); err != nil {
			t.Fatal(err)
		}
	}
	if got := StatusOf(t, out.WaitAnswer()); got != 486 {
		t.Errorf("refused by all devices the call ends with %d, want 486", got)
	}
	l.NoChannels(t)
}

// busy leads to the busy greeting, and without a mailbox to 486.
func (l *lab) busy(t *testing.T, caller *phone.Phone) {
	l.Extension(t, "103", "4713", nil)
	l.Extension(t, "104", "", nil)
	with := l.Register(t, l.Device(t, "busy", "103", nil), phone.Options{Busy: true})
	l.Register(t, l.Device(t, "busier", "104", nil), phone.Options{Busy: true})
	out := Dial(t, caller, "103")
	Hears(t, out.Answered(), out, "voicemail")
	Eventually(t, 5*time.Second, func() string {
		if shown := l.Console(t, "core show channels concise"); !strings.Contains(shown, "!VoiceMail!103@default,b!") {
			return "not the busy greeting:\n" + shown
		}
		return ""
	})
	LeaveMessage(t, out, with, with.Voicemail())
	if got := Refusal(t, caller, "104"); got != 486 {
		t.Errorf("busy without a mailbox ends with %d, want 486", got)
	}
	l.NoChannels(t)
}

// nobodyThere: no phone registered, no device, no such number, no answer.
func (l *lab) nobodyThere(t *testing.T, caller *phone.Phone) {
	l.Extension(t, "105", "", nil) // a device that never registered
	l.Device(t, "absent", "105", nil)
	l.Extension(t, "106", "", nil) // no device
	l.Extension(t, "107", "4717", nil)
	l.Device(t, "absent-too", "107", nil)
	l.Extension(t, "108", "", nil) // does not answer
	l.Register(t, l.Device(t, "deaf", "108", nil), phone.Options{NoAnswer: true})
	for number, want := range map[string]int{"105": 480, "106": 480, "107": 200, "108": 480, "999": 404, "0": 404, "*98": 404, "nobody": 404, "h": 404} {
		if got := Refusal(t, caller, number); got != want {
			t.Errorf("calling %s ends with %d, want %d", number, got, want)
		}
	}
	l.NoChannels(t)
}

// ownNumber: the only phone of an extension calls it; nobody leaves himself a
// message. With a second device that one rings.
func (l *lab) ownNumber(t *testing.T, caller *phone.Phone) {
	if got := Refusal(t, caller, "101"); got != 486 {
		t.Errorf("calling the own number ends with %d, want 486", got)
	}
	second := l.Register(t, l.Device(t, "second", "101", nil), phone.Options{})
	out, in := Connect(t, caller, second, "101")
	HangUp(t, out, in)
	l.Do(t, "DELETE", Tenant+"/devices/second", nil, nil)
	l.Applied(t)
	l.NoChannels(t)
}

// cancel: the caller gives up while it rings.
func (l *lab) cancel(t *testing.T, caller *phone.Phone) {
	l.Extension(t, "109", "4719", nil)
	callee := l.Register(t, l.Device(t, "slow", "109", nil), phone.Options{})
	out := Dial(t, caller, "109")
	in := Rings(t, out, callee)
	HangUp(t, out, in)
	if got := StatusOf(t, out.Err()); got != 487 {
		t.Errorf("a cancelled call ends with %d, want 487", got)
	}
	if !in.RemoteHungUp() {
		t.Errorf("the callee's phone stopped by %v", in.Err())
	}
	l.NoChannels(t)
}

// ownMailbox opens the mailbox of the caller's extension by *97. A PIN that its
// owner chose on the phone counts, until an admin sets another one.
func (l *lab) ownMailbox(t *testing.T, caller *phone.Phone) {
	OpenMailbox(t, caller, "4711")
	secret := filepath.Join(l.Asterisk.Dir(), "spool", "voicemail", "default", "101", "secret.conf")
	if err := os.WriteFile(secret, []byte("[general]\nsecret=8888\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	l.Do(t, "PATCH", Tenant+"/mailboxes/101", Object{"name": "Renamed"}, nil)
	l.Applied(t)
	if _, err := os.Stat(secret); err != nil {
		t.Errorf("a change of the name took the PIN chosen on the phone: %v", err)
	}
	l.Do(t, "PATCH", Tenant+"/mailboxes/101", Object{"pin": "9999"}, nil)
	l.Applied(t)
	if _, err := os.Stat(secret); !os.IsNotExist(err) {
		t.Errorf("a PIN set by the API leaves the one chosen on the phone: %v", err)
	}
	if got := Refusal(t, l.Register(t, l.Device(t, "boxless", "", nil), phone.Options{}), "*97"); got == 200 || got < 400 {
		t.Errorf("*97 from a device of no extension ends with %d", got)
	}
	l.NoChannels(t)
}

// tenantsApart: two tenants have the same number; neither reaches the other.
func (l *lab) tenantsApart(t *testing.T) {
	phones := map[string][2]*phone.Phone{}
	for _, name := range []string{"acme", "bolt"} {
		l.Do(t, "PUT", "/v1/tenants/"+name, Object{"title": name}, nil)
		l.ExtensionOf(t, name, "201", "", Object{"name": "Caller of " + name})
		l.ExtensionOf(t, name, "202", "", nil)
		from, to := l.DeviceOf(t, name, "desk", "201", nil), l.DeviceOf(t, name, "other", "202", nil)
		phones[name] = [2]*phone.Phone{l.Register(t, from, phone.Options{}), l.Register(t, to, phone.Options{})}
	}
	l.ExtensionOf(t, "acme", "203", "", nil)
	onlyAcme := l.Register(t, l.DeviceOf(t, "acme", "third", "203", nil), phone.Options{})
	for name, p := range phones {
		out, in := Connect(t, p[0], p[1], "202")
		if in.CallerName() != "Caller of "+name || in.CallerNumber() != "201" {
			t.Errorf("in %s the display says %q %s", name, in.CallerName(), in.CallerNumber())
		}
		HangUp(t, out, in)
	}
	if got := Refusal(t, phones["bolt"][0], "203"); got != 404 {
		t.Errorf("a number of another tenant ends with %d, want 404", got)
	}
	if got := Refusal(t, phones["bolt"][0], "101"); got != 404 {
		t.Errorf("a number of the default tenant ends with %d, want 404", got)
	}
	for _, p := range []*phone.Phone{onlyAcme, phones["acme"][1], phones["bolt"][1]} {
		select {
		case c := <-p.Incoming():
			t.Errorf("a phone rang for %s", c.CallerNumber())
		default:
		}
	}
	l.NoChannels(t)
}

// noExtension: a device of no extension registers and may call, shown by its
// name, and cannot be called.
func (l *lab) noExtension(t *testing.T, callee *phone.Phone) {
	p := l.Register(t, l.Device(t, "lift", "", nil), phone.Options{})
	l.WaitStatus(t, "lift", 5*time.Second, "OK", IsOK)
	out, in := Connect(t, p, callee, "101")
	if in.CallerName() != "lift" {
		t.Errorf("the display says %q %s", in.CallerName(), in.CallerNumber())
	}
	HangUp(t, in, out)
	l.NoChannels(t)
}

// renamed: a change shows in the next call, without a word to the phones.
func (l *lab) renamed(t *testing.T, caller *phone.Phone) {
	l.Extension(t, "110", "", nil)
	callee := l.Register(t, l.Device(t, "renamed", "110", nil), phone.Options{})
	l.Do(t, "PATCH", Tenant+"/extensions/101", Object{"name": "New Name"}, nil, "Prefer", "wait=10")
	out, in := Connect(t, caller, callee, "110")
	if in.CallerName() != "New Name" {
		t.Errorf("the display says %q", in.CallerName())
	}
	HangUp(t, out, in)
	l.Do(t, "DELETE", Tenant+"/devices/renamed", nil, nil)
	l.Do(t, "DELETE", Tenant+"/extensions/110", nil, nil, "Prefer", "wait=10")
	if got := Refusal(t, caller, "110"); got != 404 {
		t.Errorf("a deleted extension ends with %d, want 404", got)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if err := callee.Unregister(ctx); err == nil {
		t.Error("a deleted device could still register")
	}
}
