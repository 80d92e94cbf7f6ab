package apply

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dialtone-pbx/dialtone/provisioner/event"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
	"github.com/dialtone-pbx/dialtone/provisioner/wholefile"
)

// A file that Asterisk leaves aside as a whole is undone on disk, the failure
// names the changes, nothing is tried again in vain, and the next good change
// goes through.
func TestRefusedFileIsUndone(t *testing.T) {
	l := newLab(t).start()
	l.extension("101", "Anna")
	l.applied()
	before := l.file("extensions.conf")
	l.asterisk.Took()
	l.asterisk.Refuses("exten => 666,")
	good := l.current.Load().Revision
	bad := l.extension("666", "Evil")
	s := l.settled(bad)
	if s.Progress(bad) != event.Failed || !strings.Contains(s.Error, "Asterisk did not take dialtone/extensions.conf") || !strings.Contains(s.Error, "create extension 666") ||
		strings.Contains(s.Error, "extension 101") {
		t.Fatalf("state %+v", s)
	}
	if l.file("extensions.conf") != before {
		t.Error("the last good file is not back on disk")
	}
	if now := l.current.Load().Revision; now != good {
		t.Errorf("calls and phones go by revision %d, and Asterisk runs %d", now, good)
	}
	passes, began := l.passes(), time.Now()
	l.until("for when a retry would be due", func() bool { return time.Since(began) > retryFirst+100*time.Millisecond })
	if l.passes() != passes {
		t.Error("it was tried again in vain")
	}
	other := l.put(&pbx.Mailbox{Tenant: pbx.DefaultTenant, Number: "101", Name: "Anna", PIN: pbx.NewSecret("1234")})
	if again := l.settled(other); again.Error != s.Error {
		t.Errorf("the next failure says %q", again.Error)
	}
	if n := l.passes() - passes; n != 1 {
		t.Errorf("one more change made %d passes", n)
	}
	l.asterisk.Took()
	l.deleteExtension("666")
	l.applied()
	if got := l.asterisk.Took(); !slices.Contains(got, "app_voicemail.so") {
		t.Errorf("the change that waited was not loaded: %v", got)
	}
	if l.State().Error != "" {
		t.Error("the error stays")
	}
}

// An object that Asterisk leaves out of a file it otherwise takes counts as a
// refusal, and Asterisk is told to load the old file again.
func TestOmittedEndpointIsUndone(t *testing.T) {
	l := newLab(t).start()
	l.device("a")
	l.applied()
	before := l.file("pjsip.conf")
	d := &pbx.Device{Tenant: pbx.DefaultTenant, Name: "b", Endpoint: pbx.NewEndpointName(), Secret: pbx.NewDeviceSecret(), QualifySeconds: 60}
	l.asterisk.Omits(d.Endpoint)
	l.asterisk.Took()
	revision := l.put(d)
	if s := l.settled(revision); s.Progress(revision) != event.Failed || !strings.Contains(s.Error, "endpoint "+d.Endpoint+" is missing") {
		t.Errorf("state %+v", s)
	}
	if l.file("pjsip.conf") != before || l.asterisk.Text("pjsip.conf") != before {
		t.Error("the last good file is not in force again")
	}
	if got := l.asterisk.Took(); !slices.Equal(got, []string{"res_pjsip.so", "res_pjsip.so"}) {
		t.Errorf("reloads: %v", got)
	}
	// Another Asterisk, say after an upgrade, is asked anew.
	l.asterisk.Omits("")
	l.asterisk.Drop()
	l.until("for the new connection", func() bool { return l.State().Applied >= revision })
}

// A program that has just started, with other templates perhaps, goes back to
// what it found on disk.
func TestRefusalAtTheStartGoesBackToTheFilesFound(t *testing.T) {
	l := newLab(t).start()
	l.extension("101", "Anna")
	l.applied()
	before := l.file("extensions.conf")
	l.stop()
	bad := l.extension("666", "Evil")
	l.asterisk.Refuses("exten => 666,")
	l.fresh()
	l.start()
	if s := l.settled(bad); s.Progress(bad) != event.Failed || !strings.Contains(s.Error, "create extension 666") {
		t.Errorf("state %+v", s)
	}
	if l.file("extensions.conf") != before {
		t.Error("the file found at the start is not back on disk")
	}
	if l.asterisk.Text("extensions.conf") != before {
		t.Error("Asterisk does not run it")
	}
}

// Nothing to go back to: the failure says so.
func TestFirstFileRefused(t *testing.T) {
	l := newLab(t)
	l.asterisk.Refuses("dialtone")
	revision := l.extension("101", "Anna")
	l.start()
	if s := l.settled(revision); s.Progress(revision) != event.Failed || !strings.Contains(s.Error, "no earlier files") {
		t.Errorf("state %+v", s)
	}
}

// A folder that cannot be written fails the change in clear words; it goes
// through by itself once the folder can.
func TestUnwritableFolderRecovers(t *testing.T) {
	l := newLab(t).start()
	l.applied()
	aside := l.config + ".aside"
	if err := os.Rename(l.config, aside); err != nil {
		t.Fatal(err)
	}
	revision := l.extension("101", "Anna")
	s := l.settled(revision)
	if s.Progress(revision) != event.Failed || !strings.HasPrefix(s.Error, "writing "+l.config) || !strings.Contains(s.Error, "no such file") {
		t.Errorf("state %+v", s)
	}
	if err := os.Rename(aside, l.config); err != nil {
		t.Fatal(err)
	}
	l.until("for the retry", func() bool { return l.State().Applied >= revision })
}

// A crash between temporary file and rename leaves no secrets lying about.
func TestLeftoversOfACrashAreRemoved(t *testing.T) {
	l := newLab(t)
	left := filepath.Join(l.config, wholefile.Temporary+"123")
	if err := os.WriteFile(left, []byte("password = x"), 0o600); err != nil {
		t.Fatal(err)
	}
	l.start()
	l.applied()
	if _, err := os.Stat(left); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("it is still there: %v", err)
	}
}
