package ami

import (
	"bufio"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dialtone-pbx/dialtone/ami/amitest"
)

// recorded returns what a real Asterisk of that version said while phones registered, called, held, transferred, picked
// up and recorded.
func recorded(t testing.TB, version string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "asterisk-"+version+".ami"))
	if err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(string(text), "\n", "\r\n")
}

// frames reads all frames of a text.
func frames(t testing.TB, text string) (all []Frame) {
	t.Helper()
	for reader := bufio.NewReader(strings.NewReader(text)); ; {
		f, err := readFrame(reader)
		if err != nil {
			if err != io.EOF && !strings.Contains(err.Error(), "EOF") {
				t.Fatal(err)
			}
			return all
		}
		all = append(all, f)
	}
}

// Every event that we read is whole as both versions write it, and no part of one is.
func TestRecordedEventsAreWhole(t *testing.T) {
	for _, version := range []string{"16", "22"} {
		seen := map[string]bool{}
		for _, f := range frames(t, recorded(t, version)) {
			if _, read := shapes[f.Name()]; !read {
				continue
			}
			seen[f.Name()] = true
			if !f.whole() {
				t.Errorf("Asterisk %s: not whole: %v", version, f.Fields())
			}
			for cut := range f.fields {
				if left := (Frame{fields: f.fields[:cut], size: f.size}); cut > 0 && cut < len(f.fields)-4 && left.whole() {
					t.Errorf("Asterisk %s: whole after %d of %d fields: %v", version, cut, len(f.fields), left.Fields())
				}
			}
		}
		for name := range shapes {
			if !seen[name] {
				t.Errorf("Asterisk %s: no %s is recorded", version, name)
			}
		}
	}
}

// A single frame of a fake is as whole as a real one.
func TestFakeEventsAreWhole(t *testing.T) {
	for _, name := range []string{"Newchannel", "Hangup", "DialBegin", "BridgeEnter", "LocalBridge", "Pickup",
		"MixMonitorStart", "ContactStatus", "PeerStatus", "FullyBooted"} {
		if f := ParseFrame(amitest.Event(name)); !f.whole() {
			t.Errorf("%s is not whole: %v", name, f.Fields())
		}
	}
}
