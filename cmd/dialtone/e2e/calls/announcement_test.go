package calls

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/dialtone-pbx/dialtone/cmd/phonesim/phone"
	"github.com/dialtone-pbx/dialtone/cmd/sandbox/box"
	. "github.com/dialtone-pbx/dialtone/cmd/sandbox/lab"
)

// TestAnnouncementsRealAsterisk: a caller hears the tone of the file that was uploaded, by a
// forward and at the end of a ring group, and the same without a controller. One whose file is gone
// says something instead, and is placed again.
func TestAnnouncementsRealAsterisk(t *testing.T) {
	t.Parallel()
	for _, suite := range box.Suites() {
		t.Run(suite.Name, func(t *testing.T) {
			t.Parallel()
			l := openLab(t, suite)
			for _, number := range []string{"100", "101", "102"} {
				l.Extension(t, number, "", nil)
			}
			caller := l.Register(t, l.Device(t, "caller", "100", nil), phone.Options{})
			l.Announcement(t, "closed", 700, 2*time.Second)
			l.Announcement(t, "busy", 1100, 2*time.Second)
			l.Announcement(t, "welcome", 1500, time.Second)
			l.Do(t, "PUT", Tenant+"/forwards/101", Object{"mode": "destination", "destination": "announcement:closed"}, nil)
			l.Do(t, "PUT", Tenant+"/ring-groups/sales", Object{"number": "600", "members": []Object{{"extension": "102"}},
				"ring_seconds": 1, "announcement": "announcement:welcome", "destination": "announcement:busy"}, nil)
			l.Register(t, l.Device(t, "silent", "102", nil), phone.Options{})
			l.Applied(t)
			hears := func(number string, tones ...float64) {
				t.Helper()
				out := Dial(t, caller, number)
				for _, hz := range tones {
					if err := out.Hear(Within(t, 20*time.Second), hz, 300*time.Millisecond); err != nil {
						t.Errorf("at %s: %v", number, err)
					}
				}
				select {
				case <-out.Done():
				case <-Within(t, 20*time.Second).Done():
					t.Errorf("the call to %s does not end by itself", number)
					Leave(t, out)
				}
			}
			hears("101", 700)
			hears("600", 1500, 1100)
			l.Announcement(t, "closed", 900, 2*time.Second)
			l.Applied(t)
			hears("101", 900)
			placed, err := filepath.Glob(filepath.Join(l.Asterisk.Dir(), "etc", "dialtone", "sounds", "*"))
			if err != nil || len(placed) != 8 {
				t.Fatalf("placed: %v, %v", placed, err)
			}
			l.Do(t, "PUT", Tenant+"/mailboxes/102", Object{"name": "Bob", "pin": "4711", "greeting": "welcome"}, nil)
			l.Do(t, "PATCH", Tenant+"/extensions/102", Object{"mailbox": "102", "ring_seconds": 5}, nil)
			l.Applied(t)
			greets := func() {
				t.Helper()
				out := Dial(t, caller, "102")
				if err := out.Hear(Within(t, 30*time.Second), 1500, 300*time.Millisecond); err != nil {
					t.Errorf("the mailbox: %v", err)
				}
				Leave(t, out)
			}
			greets()
			l.Kill(t)
			greets()
			hears("101", 900)
			hears("600", 1500, 1100)
			for _, path := range placed {
				if err := os.Remove(path); err != nil {
					t.Fatal(err)
				}
			}
			out := Dial(t, caller, "101")
			if err := HearsWords(Within(t, 20*time.Second), out); err != nil {
				t.Errorf("without its file: %v", err)
			}
			Leave(t, out)
			l.Restart(t)
			hears("101", 900)
		})
	}
}
