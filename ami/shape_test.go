package ami

import (
	"bufio"
	"cmp"
	"io"
	"os"
	"path/filepath"
	"slices"
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

// Every event that we read is whole as both versions write it, and no part of one is. Three are rare and not among them:
// their fields are those of the sources.
func TestRecordedEventsAreWhole(t *testing.T) {
	seen := map[string]bool{"Rename": true, "Hold": true, "MixMonitorStop": true}
	for _, version := range []string{"16", "22"} {
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
	}
	for name := range shapes {
		if !seen[name] {
			t.Errorf("no %s is recorded", name)
		}
	}
}

// A single frame of a fake is as whole as a real one.
func TestFakeEventsAreWhole(t *testing.T) {
	for _, name := range []string{"Newchannel", "Hangup", "DialBegin", "BridgeEnter", "LocalBridge", "Pickup",
		"MixMonitorStart", "ContactStatus", "PeerStatus", "Registry", "FullyBooted"} {
		if f := ParseFrame(amitest.Event(name)); !f.whole() {
			t.Errorf("%s is not whole: %v", name, f.Fields())
		}
	}
}

// forgeries are texts of callers that look like events. Asterisk keeps 79 bytes of each.
var forgeries = []string{
	"1\r\n\r\nEvent: Hangup\r\nUniqueid: 1795957310.12\r\n\r\n",
	"1\r\n\r\nEvent: Newchannel\r\nUniqueid: 9\r\nLinkedid: 9\r\nContext: from-beta\r\n\r\n",
	"1\r\n\r\nEvent: DeviceStateChange\r\nPrivilege: call,all\r\nDevice: PJSIP/a\r\nState: BUSY",
	"1\r\n\r\nEvent: DeviceStateChange\r\nDevice: PJSIP/reception\r\nState: INUSE\r\n",
	"\r\n\r\nEvent: ContactStatus\r\nPrivilege: system,all\r\nURI: \r\nContactStatus: Removed",
	"\r\n\r\nEvent: PeerStatus\r\nPrivilege: system,all\r\nChannelType: IAX2\r\nPeer: IAX2/a\r\n",
	"\r\n\r\nEvent: Rename\r\nPrivilege: call,all\r\nChannel: \r\nNewname: x\r\nUniqueid: 1.1",
	"\r\n\r\nEvent: Hold\r\nPrivilege: call,all\r\nChannel: x\r\nChannelState: 6\r\nChannelStateDes",
	"\r\n\r\nEvent: FullyBooted\r\nPrivilege: system,all\r\nUptime: 1\r\nLastReload: 1\r\n",
	"\r\n\r\nEvent: Shutdown\r\nPrivilege: system,all\r\nShutdown: Cleanly\r\nRestart: True",
	"1\r\nUniqueid: 7", "1\r\nCallerIDName: x", "1\r\nEvent: Hangup", "1\r\n\r\nEvent: X\r\nA: b", "1\nLinkedid: 7", "\r", "\r\n",
	"1\r\n\r\n\r\n\r\n", "1\r\n\r\nResponse: Success\r\nActionID: 1\r\n\r\n", "anna.müller", "\xff\xfe\x00",
}

// torn is a frame in which a caller has written both numbers, as Asterisk hands them on.
func torn(original Frame, number, extension string) string {
	text := ""
	for _, f := range original.fields {
		switch {
		case strings.HasSuffix(f.Name, "CallerIDNum"), strings.HasSuffix(f.Name, "ConnectedLineNum"):
			f.Value = number[:min(len(number), longestForeign)]
		case strings.HasSuffix(f.Name, "Exten"), f.Name == "Extension":
			f.Value = extension[:min(len(extension), longestForeign)]
		}
		text += f.Name + ": " + f.Value + "\r\n"
	}
	return text + "\r\n"
}

// believed returns the events that a connection hands on of a text.
func believed(t testing.TB, text string) (events []Frame, broken int) {
	t.Helper()
	c := &conn{idPrefix: "dt-x-", onEvent: func(f Frame) error { events = append(events, f); return nil },
		onBroken: func() { broken++ }}
	for _, f := range frames(t, text) {
		if err := c.route(f); err != nil {
			t.Fatal(err)
		}
	}
	return events, broken
}

// checkTorn puts both texts into every event that is recorded, between two that nobody has touched.
func checkTorn(t *testing.T, number, extension string) {
	t.Helper()
	for _, version := range []string{"16", "22"} {
		for _, original := range frames(t, recorded(t, version)) {
			before, after := amitest.Event("Newchannel", "Uniqueid", "1.1"), amitest.Event("Hangup", "Uniqueid", "1.1")
			text := torn(original, number, extension)
			got, broken := believed(t, before+text+after)
			if len(got) < 2 || got[0].Name() != "Newchannel" || got[len(got)-1].Name() != "Hangup" {
				t.Fatalf("%q, %q in %s: the events around it are not believed: %v", number, extension, original.Name(), got)
			}
			same := func(a, b Field) int { return cmp.Compare(a.Name, b.Name) }
			for _, f := range got[1 : len(got)-1] {
				whole := ParseFrame(text)
				if f.size != whole.size || slices.CompareFunc(f.fields, original.fields, same) != 0 {
					t.Errorf("%q, %q in %s forges %v", number, extension, original.Name(), f.Fields())
				}
			}
			if strings.Contains(text, "\r\n\r\nEvent: ") && broken == 0 && original.Name() != "FullyBooted" {
				t.Errorf("%q, %q in %s is torn and not counted", number, extension, original.Name())
			}
		}
	}
}

// Whatever a caller writes as two numbers: no event is believed but those of Asterisk, and none of these is lost.
func TestForgedEvents(t *testing.T) {
	for _, number := range forgeries {
		for _, extension := range forgeries {
			checkTorn(t, number, extension)
		}
	}
}

func FuzzForgedEvents(f *testing.F) {
	for i, text := range forgeries {
		f.Add(text, forgeries[len(forgeries)-1-i])
	}
	f.Fuzz(checkTorn)
}
