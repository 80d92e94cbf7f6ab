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
