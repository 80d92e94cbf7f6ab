package apply

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dialtone-pbx/dialtone/provisioner/event"
)

// A hand edit is kept aside, listed, told to the event stream and the log, and
// undone in Asterisk as well, which may have loaded it.
func TestHandEditIsKeptAndUndone(t *testing.T) {
	l := newLab(t).start()
	l.device("a")
	l.applied()
	ours := l.file("pjsip.conf")
	edited := strings.Replace(ours, "type = endpoint", "type = endpoint\nmoh_suggest = jazz", 1)
	sub := l.hub.Subscribe("")
	defer sub.Close()
	if err := os.WriteFile(filepath.Join(l.config, "pjsip.conf"), []byte(edited), 0o640); err != nil {
		t.Fatal(err)
	}
	l.asterisk.Load("pjsip.conf") // the admin reloads by hand; the marker stays the same
	l.asterisk.Took()
	if l.diskIsOurs() {
		t.Error("the edit is not noticed")
	}
	passes := l.passes()
	l.Nudge()
	l.until("for a pass", func() bool { return l.passes() > passes })
	if l.file("pjsip.conf") != ours || l.asterisk.Text("pjsip.conf") != ours {
		t.Error("ours is not in force again")
	}
	if got := l.asterisk.Took(); !slices.Equal(got, []string{"res_pjsip.so"}) {
		t.Errorf("reloaded %v", got)
	}
	drift := l.Drift()
	if len(drift) != 1 || drift[0].File != "pjsip.conf" || time.Since(drift[0].At) > time.Minute {
		t.Fatalf("drift %+v", drift)
	}
	if kept, err := os.ReadFile(drift[0].Kept); err != nil || string(kept) != edited {
		t.Errorf("kept %q, %v", kept, err)
	}
	if !strings.Contains(l.log.String(), "edited by hand") {
		t.Error("the log does not tell")
	}
	l.until("for the stream to tell", func() bool {
		select {
		case e := <-sub.Events():
			return e.Type == event.TypeDrift
		default: // the event of an earlier pass may come first
			return false
		}
	})
	if err := os.Remove(drift[0].Kept); err != nil {
		t.Fatal(err)
	}
	if got := l.Drift(); len(got) != 0 {
		t.Errorf("once moved away: %+v", got)
	}
}

// A half-written and a missing file are replaced; what is half a file is kept,
// since nobody knows whose it is.
func TestBrokenFilesAreReplaced(t *testing.T) {
	l := newLab(t).start()
	l.extension("101", "Anna")
	l.applied()
	ours := l.file("extensions.conf")
	if err := os.Truncate(filepath.Join(l.config, "extensions.conf"), int64(len(ours)/2)); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(l.config, "voicemail.conf")); err != nil {
		t.Fatal(err)
	}
	passes := l.passes()
	l.Nudge()
	l.until("for a pass", func() bool { return l.passes() > passes })
	if l.file("extensions.conf") != ours || l.file("voicemail.conf") == "" {
		t.Error("the files are not back")
	}
	if d := l.Drift(); len(d) != 1 || d[0].File != "extensions.conf" {
		t.Errorf("drift %+v", d)
	}
}

// An older file of ours is no drift.
func TestOwnOlderFileIsNoDrift(t *testing.T) {
	l := newLab(t).start()
	l.extension("101", "Anna")
	l.applied()
	l.stop()
	l.extension("102", "Bert")
	l.fresh()
	l.start()
	l.applied()
	if d := l.Drift(); len(d) != 0 {
		t.Errorf("drift %+v", d)
	}
}
