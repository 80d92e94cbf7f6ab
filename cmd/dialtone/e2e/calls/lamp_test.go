package calls

import (
	"errors"
	"testing"
	"time"

	. "github.com/dialtone-pbx/dialtone/cmd/sandbox/lab"

	"github.com/dialtone-pbx/dialtone/cmd/phonesim/phone"
)

// TestLampsRealAsterisk: the lamp of an extension lives as long as the extension. It shows
// what the devices do that it has now, and do not disturb.
func TestLampsRealAsterisk(t *testing.T) {
	OnBoth(t, func(t *testing.T, l *Lab) {
		for _, number := range []string{"100", "101", "103"} {
			l.Extension(t, number, "", nil)
		}
		l.Extension(t, "102", "", Object{"presence": false})
		watcher := l.Register(t, l.Device(t, "watcher", "100", nil), phone.Options{})
		desk := l.Register(t, l.Device(t, "desk", "103", nil), phone.Options{})
		l.Applied(t)
		for _, unwatched := range []string{"102", "999", "1010", "*78999", "*72101*205"} {
			var refused *phone.StatusError
			if _, err := watcher.Subscribe(Within(t, 10*time.Second), unwatched); !errors.As(err, &refused) || refused.Code != 404 {
				t.Errorf("watching %s is answered by %v, want 404", unwatched, err)
			}
		}
		lamp, err := watcher.Subscribe(Within(t, 10*time.Second), "101")
		if err != nil {
			t.Fatalf("an extension without a device cannot be watched: %v", err)
		}
		Shows(t, lamp, "idle")
		lampMoves(t, l, lamp, watcher, desk)
		lampOfDoNotDisturb(t, l, lamp, watcher)
	})
}

// lampMoves gives a device that is in a call to the watched extension and takes it away.
func lampMoves(t *testing.T, l *Lab, lamp *phone.Subscription, watcher, desk *phone.Phone) {
	out := Dial(t, desk, "*43")
	if err := out.WaitAnswer(); err != nil {
		t.Fatal(err)
	}
	l.Do(t, "PATCH", Tenant+"/devices/desk", Object{"extension": "101"}, nil)
	Shows(t, lamp, "busy")
	l.Do(t, "PATCH", Tenant+"/devices/desk", Object{"extension": "103"}, nil)
	Shows(t, lamp, "idle")
	l.Do(t, "PATCH", Tenant+"/devices/desk", Object{"extension": "101"}, nil)
	Shows(t, lamp, "busy")
	if err := out.Hangup(Within(t, 10*time.Second)); err != nil {
		t.Fatal(err)
	}
	Shows(t, lamp, "idle")
	l.Applied(t)
	called, in := Connect(t, watcher, desk, "101")
	Shows(t, lamp, "busy")
	HangUp(t, called, in)
	Shows(t, lamp, "idle")
	l.Do(t, "DELETE", Tenant+"/devices/desk", nil, nil)
	l.Applied(t)
	again := l.Register(t, l.Device(t, "desk", "101", nil), phone.Options{})
	called, in = Connect(t, watcher, again, "101")
	Shows(t, lamp, "busy")
	HangUp(t, called, in)
	Shows(t, lamp, "idle")
}

// lampOfDoNotDisturb: the lamp shows busy while calls are not wanted, also through
// restarts, and is right when the controller was away.
func lampOfDoNotDisturb(t *testing.T, l *Lab, lamp *phone.Subscription, watcher *phone.Phone) {
	set := func(on bool) { l.Do(t, "PATCH", Tenant+"/extensions/101", Object{"do_not_disturb": on}, nil) }
	set(true)
	Shows(t, lamp, "busy")
	set(false)
	Shows(t, lamp, "idle")
	set(true)
	Shows(t, lamp, "busy")
	l.Kill(t)
	if err := l.Asterisk.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	lamp, err := watcher.Subscribe(Within(t, 10*time.Second), "101")
	if err != nil {
		t.Fatalf("watching after a restart of Asterisk without a controller: %v", err)
	}
	Shows(t, lamp, "busy")
	l.Restart(t)
	set(false)
	Shows(t, lamp, "idle")
}

// TestMessageLampsRealAsterisk: a phone is told of the messages of the mailbox that it has
// now, at once and not when it registers again.
func TestMessageLampsRealAsterisk(t *testing.T) {
	OnBoth(t, func(t *testing.T, l *Lab) {
		l.Extension(t, "100", "", nil)
		l.Extension(t, "101", "4711", Object{"ring_seconds": 5})
		l.Extension(t, "102", "4712", Object{"ring_seconds": 5})
		caller := l.Register(t, l.Device(t, "caller", "100", nil), phone.Options{})
		own := l.Register(t, l.Device(t, "own", "101", nil), phone.Options{})
		desk := l.Register(t, l.Device(t, "desk", "", Object{"shared": true}), phone.Options{})
		l.Do(t, "PUT", Tenant+"/users/alice", Object{"full_name": "Alice", "role": "user", "extension": "101"}, nil)
		l.Applied(t)
		out := Dial(t, caller, "101")
		Rings(t, out, own)
		LeaveMessage(t, out, own, phone.Voicemail{})

		l.Do(t, "POST", Tenant+"/users/alice/desk", Object{"device": "desk"}, nil)
		hasMessages(t, desk, 1)
		l.Do(t, "DELETE", Tenant+"/users/alice/desk", nil, nil)
		hasMessages(t, desk, 0)
		l.Do(t, "PATCH", Tenant+"/extensions/101", Object{"mailbox": nil}, nil)
		hasMessages(t, own, 0)
		l.Do(t, "PATCH", Tenant+"/extensions/102", Object{"mailbox": "101"}, nil)
		l.Do(t, "PATCH", Tenant+"/devices/own", Object{"extension": "102"}, nil)
		hasMessages(t, own, 1)
		l.Applied(t)

		sub, err := own.SubscribeVoicemail(Within(t, 10*time.Second))
		if err != nil {
			t.Fatalf("subscribing to one's own messages: %v", err)
		}
		out = Dial(t, caller, "102")
		Rings(t, out, own)
		LeaveMessage(t, out, own, phone.Voicemail{New: 1})
		if err := sub.Close(Within(t, 10*time.Second)); err != nil {
			t.Error(err)
		}
		var refused *phone.StatusError
		if _, err := desk.SubscribeVoicemail(Within(t, 10*time.Second)); !errors.As(err, &refused) || refused.Code != 404 {
			t.Errorf("a desk without a mailbox that subscribes is answered by %v", err)
		}
	})
}

// hasMessages waits until the phone was told of so many new messages.
func hasMessages(t *testing.T, p *phone.Phone, want int) {
	t.Helper()
	got, err := p.WaitVoicemail(Within(t, 10*time.Second), func(v phone.Voicemail) bool { return v.New == want && v.Waiting == (want > 0) })
	if err != nil {
		t.Fatalf("the message lamp shows %+v, not %d new: %v", got, want, err)
	}
}
