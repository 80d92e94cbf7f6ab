package apply

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dialtone-pbx/dialtone/ami/amitest"
	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/provisioner/event"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// A burst makes one pass when it ends, and one a second while it does not.
func TestSettleDebounces(t *testing.T) {
	for _, c := range []struct {
		name   string
		nudges int
		every  time.Duration
		passes int
	}{{"one", 1, 0, 1}, {"a burst", 1000, time.Millisecond / 10, 1}, {"a long burst", 1000, 10 * time.Millisecond, 10}, {"single ones", 3, time.Minute, 3}} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := &Loop{wake: make(chan struct{}, 1)}
				ctx, cancel := context.WithCancel(t.Context())
				var passes atomic.Int64
				go func() {
					for {
						select {
						case <-a.wake:
							if a.settle(ctx) == nil {
								passes.Add(1)
							}
						case <-ctx.Done():
							return
						}
					}
				}()
				for range c.nudges {
					a.Nudge()
					<-time.After(c.every)
				}
				<-time.After(2 * burstMost)
				if n := int(passes.Load()); n < c.passes || n > c.passes+1 {
					t.Errorf("%d nudges every %s made %d passes, want %d", c.nudges, c.every, n, c.passes)
				}
				cancel()
				synctest.Wait()
			})
		})
	}
}

func TestManyChangesMakeFewPasses(t *testing.T) {
	l := newLab(t).start()
	l.applied()
	before, err := l.store.ApplyResults(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 300 {
		l.extension(fmt.Sprint(1000+i), "Somebody")
	}
	l.applied()
	after, err := l.store.ApplyResults(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(after) - len(before); n > 20 {
		t.Errorf("300 changes made %d passes", n)
	}
}

// Each change reloads the modules whose files it changes, and no other.
func TestReloadsOnlyWhatChanged(t *testing.T) {
	l := newLab(t).start()
	l.applied()
	if got := l.asterisk.Took(); !slices.Equal(got, []string{"app_voicemail.so", "res_pjsip.so", "res_parking.so", "pbx_config.so"}) {
		t.Errorf("the first pass reloaded %v", got)
	}
	box := &pbx.Mailbox{Tenant: pbx.DefaultTenant, Number: "101", Name: "Anna", PIN: pbx.NewSecret("1234")}
	unassigned := &pbx.Device{Tenant: pbx.DefaultTenant, Name: "spare", Endpoint: pbx.NewEndpointName(), Secret: pbx.NewDeviceSecret(), QualifySeconds: 60}
	for _, c := range []struct {
		name   string
		change func() int64
		want   []string
	}{
		{"an extension", func() int64 { return l.extension("101", "Anna") }, []string{"pbx_config.so"}},
		{"the same again", func() int64 { return l.extension("101", "Anna") }, nil},
		{"a device of nobody", func() int64 { return l.put(unassigned) }, []string{"res_pjsip.so"}},
		{"a mailbox of nobody", func() int64 { return l.put(box) }, []string{"app_voicemail.so"}},
		{"a phone", func() int64 {
			return l.put(&pbx.Phone{Tenant: pbx.DefaultTenant, MAC: "001565aabbcc", Vendor: pbx.Yealink, Model: "T46U", URLSecret: pbx.NewURLSecret()})
		}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.change()
			passes := l.passes()
			l.Nudge()
			l.until("for a pass", func() bool { return l.passes() > passes })
			l.applied()
			if got := l.asterisk.Took(); !slices.Equal(got, c.want) {
				t.Errorf("reloaded %v, want %v", got, c.want)
			}
		})
	}
}

func TestAsteriskAwayLeavesChangesPending(t *testing.T) {
	l := newLab(t).start()
	l.applied()
	l.asterisk.Took()
	l.asterisk.Away()
	l.until("for the loss", func() bool { return !l.up.Load() })
	revision := l.extension("101", "Anna")
	l.until("for the reason", func() bool { return l.State().Error != "" })
	s := l.State()
	if s.Progress(revision) != event.Pending || !strings.Contains(s.Error, "Asterisk is not connected") {
		t.Errorf("while away: %s, %+v", s.Progress(revision), s)
	}
	if !strings.Contains(l.file("extensions.conf"), "101") {
		t.Error("the file was not written while Asterisk was away")
	}
	if now := l.current.Load().Revision; now != revision {
		t.Errorf("calls go by revision %d while Asterisk is away, want %d", now, revision)
	}
	l.asterisk.Back()
	l.applied()
	if got := l.asterisk.Took(); !slices.Equal(got, []string{"pbx_config.so"}) {
		t.Errorf("once it was back, %v was reloaded", got)
	}
}

// Markers tell what a connection that comes back has loaded.
func TestComingBackReloadsOnlyWhatIsNotLoaded(t *testing.T) {
	l := newLab(t).start()
	l.extension("101", "Anna")
	l.applied()
	l.asterisk.Took()
	reconnect := func(how func()) []string {
		passes := l.passes()
		how()
		l.until("for the full pass", func() bool { return l.up.Load() && l.passes() > passes })
		return l.asterisk.Took()
	}
	if got := reconnect(l.asterisk.Drop); len(got) != 0 {
		t.Errorf("a lost connection reloaded %v", got)
	}
	if got := reconnect(l.asterisk.Restart); len(got) != 0 {
		t.Errorf("an Asterisk that loaded our files at its start reloaded %v", got)
	}
	if got := reconnect(func() {
		l.asterisk.Away()
		l.asterisk.KeepOnly("voicemail.conf")
		l.asterisk.Back()
	}); !slices.Equal(got, []string{"res_pjsip.so", "res_parking.so", "pbx_config.so"}) {
		t.Errorf("an Asterisk that lacks three files reloaded %v", got)
	}
	l.stop()
	l.fresh()
	l.start()
	l.applied()
	if got := l.asterisk.Took(); len(got) != 0 {
		t.Errorf("a restarted program reloaded %v", got)
	}
}

// What cannot be rendered leaves everything as it was.
func TestRenderErrorKeepsTheOldState(t *testing.T) {
	l := newLab(t).start()
	l.extension("101", "Anna")
	l.applied()
	before, revision := l.file("extensions.conf"), l.current.Load().Revision
	// Past every check, straight into the database: a name that the dialect refuses.
	next, err := l.store.Update(t.Context(), pbx.Author{Actor: "tester"}, func(tx *db.Tx) error {
		return tx.PutExtension(t.Context(), &pbx.Extension{Tenant: pbx.DefaultTenant, Number: "10;2\n", Name: "x", RingSeconds: 20})
	})
	if err != nil {
		t.Fatal(err)
	}
	l.Nudge()
	if s := l.settled(next); s.Progress(next) != event.Failed || !strings.Contains(s.Error, "extensions.conf") {
		t.Errorf("state %+v", s)
	}
	if l.file("extensions.conf") != before || l.current.Load().Revision != revision {
		t.Error("the old state is not in force")
	}
	if left, _ := filepath.Glob(filepath.Join(l.config, ".new-*")); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
	_, err = l.store.Update(t.Context(), pbx.Author{Actor: "tester"}, func(tx *db.Tx) error { return tx.DeleteExtension(t.Context(), pbx.DefaultTenant, "10;2\n") })
	if err != nil {
		t.Fatal(err)
	}
	l.Nudge()
	l.applied()
}

func TestWaitAppliedEndsWithItsContext(t *testing.T) {
	l := newLab(t) // does not run
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if s := l.Wait(ctx, 99); s.Progress(99) != event.Pending {
		t.Errorf("state %+v", s)
	}
	done := make(chan event.Apply)
	go func() { done <- l.Wait(t.Context(), 5) }()
	l.publish(event.Apply{Applied: 4})
	l.publish(event.Apply{Applied: 6})
	if s := <-done; s.Progress(5) != event.Applied || s.Progress(7) != event.Pending {
		t.Errorf("state %+v", s)
	}
	if s := (event.Apply{Applied: 3, Failed: 5}); s.Progress(3) != event.Applied || s.Progress(4) != event.Failed || s.Progress(6) != event.Pending {
		t.Error("a failure is not told apart")
	}
}

func TestFilesAreForAsteriskOnly(t *testing.T) {
	l := newLab(t).start()
	l.applied()
	for _, file := range amitest.Files {
		info, err := os.Stat(filepath.Join(l.config, file))
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o640 {
			t.Errorf("%s has mode %v", file, info.Mode())
		}
	}
}
