package faults

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	. "github.com/dialtone-pbx/dialtone/cmd/sandbox/lab"

	"github.com/dialtone-pbx/dialtone/cmd/phonesim/phone"
	"github.com/dialtone-pbx/dialtone/cmd/sandbox/box"
	"github.com/dialtone-pbx/dialtone/provisioner/asteriskconf"
)

// away is an office whose controller is not there while people call.
type away struct {
	*Outdoors
	bob, carol, busy *phone.Phone
	known            map[int64]bool // records that were looked at
}

func openAway(t *testing.T, suite box.Suite) *away {
	a := &away{Outdoors: OpenOutdoors(t, suite), known: map[int64]bool{}}
	a.Do(t, "PUT", Tenant+"/groups/sales", Object{}, nil)
	sales := []string{"sales"}
	a.Extension(t, "102", "4702", Object{"ring_seconds": 5, "groups": sales})
	a.Extension(t, "103", "", Object{"groups": sales, "name": "=Carol", "ring_seconds": 20})
	a.Extension(t, "105", "", nil)
	a.Extension(t, "107", "", nil)
	a.bob = a.Register(t, a.Device(t, "bob", "102", nil), phone.Options{})
	a.carol = a.Register(t, a.Device(t, "carol", "103", nil), phone.Options{})
	a.busy = a.Register(t, a.Device(t, "busy", "105", nil), phone.Options{Busy: true})
	a.Do(t, "PUT", Tenant+"/forwards/107", Object{"mode": "destination", "destination": "extension:103"}, nil)
	a.Do(t, "PUT", Tenant+"/ring-groups/all", Object{"number": "601", "ring_seconds": 20, "members": Members("102", "103")}, nil)
	a.Registered()
	a.Applied(t)
	return a
}

// TestCallsAwayRealAsterisk: calls that begin and end while no controller is there have
// their records when it is back, each once, with the right parties and outcome.
func TestCallsAwayRealAsterisk(t *testing.T) {
	t.Parallel()
	for _, suite := range box.Suites() {
		t.Run(suite.Name, func(t *testing.T) {
			t.Parallel()
			a := openAway(t, suite)
			a.Kill(t)
			want := a.everyKind(t)
			a.NoChannels(t)
			a.Restart(t)
			a.haveRecords(t, want...)
			t.Run("crashed", func(t *testing.T) { a.crashed(t) })
			t.Run("seen to begin", func(t *testing.T) { a.seenToBegin(t) })
			if suite.Name == box.Asterisk22.Name { // the older one does not let go of a session that it is told to kick
				t.Run("cut off", func(t *testing.T) { a.cutOff(t) })
			}
			t.Run("hostile", func(t *testing.T) { a.hostile(t) })
		})
	}
}

// everyKind makes calls of every kind, and returns what their records say.
func (a *away) everyKind(t *testing.T) []string {
	var want []string
	call := func(says string, f func()) {
		f()
		want = append(want, "101/caller dialled "+says+"; incomplete")
	}
	call("102: answered by 102/bob; called 102/bob ANSWER", func() {
		out, in := Connect(t, a.Caller, a.bob, "102")
		HangUp(t, out, in)
	})
	call("102: voicemail by nobody; called 102/bob NOANSWER", func() {
		out := Dial(t, a.Caller, "102")
		Rings(t, out, a.bob)
		Hears(t, out.Answered(), out, "voicemail")
		Leave(t, out)
	})
	call("105: busy by nobody; called 105/busy BUSY", func() { Refusal(t, a.Caller, "105") })
	call("999: failed by nobody; called ", func() { Refusal(t, a.Caller, "999") })
	call("102: cancelled by nobody; called 102/bob CANCEL", func() {
		out := Dial(t, a.Caller, "102")
		HangUp(t, out, Rings(t, out, a.bob))
	})
	call("107: answered by 103/carol; called 103/carol ANSWER; via forward", func() {
		out, in := Connect(t, a.Caller, a.carol, "107")
		HangUp(t, in, out)
	})
	call("601: answered by 103/carol; called 102/bob CANCEL, 103/carol ANSWER; via group", func() {
		out := Dial(t, a.Caller, "601")
		other, in := Rings(t, out, a.bob), Rings(t, out, a.carol)
		Answer(t, out, in)
		Hears(t, other.Done(), other, "the end of the ringing")
		HangUp(t, in, out)
	})
	call("210: answered by 210/mobile-210; called 210/mobile-210 ANSWER", func() {
		out := Dial(t, a.Caller, "210")
		in := Rings(t, out, a.Ada)
		if err := in.Answer(Within(t, 10*time.Second)); err != nil {
			t.Fatal(err)
		}
		HearsSpeech(t, in)
		Press(t, in, "1")
		if err := out.WaitAnswer(); err != nil {
			t.Fatal(err)
		}
		HangUp(t, in, out)
	})
	call("102: answered by 102/bob; called 102/bob ANSWER, 103/carol ANSWER; via transfer", func() {
		out, in := Connect(t, a.Caller, a.bob, "102")
		Talk(t, out, in)
		if err := in.Refer(Within(t, 10*time.Second), "103"); err != nil {
			t.Fatal(err)
		}
		third := Incoming(t, a.carol)
		if err := third.Answer(Within(t, 10*time.Second)); err != nil {
			t.Fatal(err)
		}
		if err := in.Hangup(Within(t, 10*time.Second)); err != nil {
			t.Fatal(err)
		}
		Talk(t, out, third)
		HangUp(t, third, out)
	})
	call("103: answered by 102/bob; called 102/bob ANSWER, 103/carol ; via pickup", func() {
		out := Dial(t, a.Caller, "103")
		in := Rings(t, out, a.carol)
		taken := Dial(t, a.bob, "*8")
		if err := taken.WaitAnswer(); err != nil {
			t.Fatal(err)
		}
		Hears(t, in.Done(), in, "the end of the ringing")
		Hears(t, out.Answered(), out, "bob")
		HangUp(t, out, taken)
	})
	return want
}

// linesWithin is how long after the return of a controller a record may take, or of its
// connection: one whose login was refused tries it again after half a minute.
const linesWithin = time.Minute

// haveRecords waits for so many new records, and compares them.
func (a *away) haveRecords(t *testing.T, want ...string) []CDR {
	t.Helper()
	var fresh []CDR
	Eventually(t, linesWithin, func() string {
		fresh = nil
		for _, r := range a.CDRs(t, "?limit=1000") {
			if !a.known[r.ID] {
				fresh = append(fresh, r)
			}
		}
		if len(fresh) < len(want) {
			return fmt.Sprintf("%d records of %d", len(fresh), len(want))
		}
		return ""
	})
	var got []string
	calls := map[string]bool{}
	for _, r := range fresh {
		a.known[r.ID] = true
		got = append(got, r.Summary())
		if calls[r.Call] {
			t.Errorf("call %s has two records", r.Call)
		}
		calls[r.Call] = true
		if r.Ended.Before(r.Started) || r.Answered != nil && (r.Answered.Before(r.Started) || r.Answered.After(r.Ended)) {
			t.Errorf("the times are %+v", r)
		}
	}
	slices.Sort(got)
	want = slices.Sorted(slices.Values(want))
	if !slices.Equal(got, want) {
		t.Errorf("the records say\n     %s\nwant %s", strings.Join(got, "\n     "), strings.Join(want, "\n     "))
	}
	return fresh
}

// linesFile is where Asterisk of the office writes its lines.
func (a *away) linesFile() string {
	return filepath.Join(a.Asterisk.Dir(), "log", asteriskconf.CDRLinesFile)
}

// nothingWaits waits until every line was read and its call is over.
func (a *away) nothingWaits(t *testing.T) {
	t.Helper()
	Eventually(t, linesWithin, func() string {
		if !strings.Contains(a.Metrics(t), "\ndialtone_call_lines_bytes 0\n") {
			return "lines wait"
		}
		return ""
	})
}

// crashed: whatever was done when the controller was killed is done once.
func (a *away) crashed(t *testing.T) {
	a.Kill(t)
	out, in := Connect(t, a.Caller, a.bob, "102")
	HangUp(t, out, in)
	a.NoChannels(t)
	lines := a.lines(t)
	if err := os.Rename(a.linesFile(), a.linesFile()+".taken"); err != nil { // killed after the first step
		t.Fatal(err)
	}
	out, in = Connect(t, a.Caller, a.carol, "103") // Asterisk begins a new file
	HangUp(t, in, out)
	a.NoChannels(t)
	lines = append(lines, a.lines(t)...)
	a.Restart(t)
	for n := range 5 { // at any step
		moment(time.Duration(n+1) * time.Second)
		a.Kill(t)
		a.Restart(t)
	}
	a.haveRecords(t, "101/caller dialled 102: answered by 102/bob; called 102/bob ANSWER; incomplete",
		"101/caller dialled 103: answered by 103/carol; called 103/carol ANSWER; incomplete")
	a.Kill(t)
	if err := os.WriteFile(a.linesFile()+".taken", lines, 0o600); err != nil { // killed before the last step
		t.Fatal(err)
	}
	a.Restart(t)
	a.nothingWaits(t)
	out, in = Connect(t, a.Caller, a.bob, "102") // whose lines come last
	HangUp(t, out, in)
	a.haveRecords(t, "101/caller dialled 102: answered by 102/bob; called 102/bob ANSWER")
}

func (a *away) lines(t *testing.T) []byte {
	t.Helper()
	var text []byte
	Eventually(t, 5*time.Second, func() string {
		var err error
		if text, err = os.ReadFile(a.linesFile()); err != nil || !bytes.HasSuffix(text, []byte("\n")) {
			return fmt.Sprintf("no lines: %v", err)
		}
		return ""
	})
	return text
}

// seenToBegin: the controller sees a call begin, is killed, and comes back after its end;
// and one that goes on has one record as well.
func (a *away) seenToBegin(t *testing.T) {
	out, in := Connect(t, a.Caller, a.bob, "102")
	a.Live(t, "up", AnsweredCall)
	a.Kill(t)
	HangUp(t, out, in)
	a.NoChannels(t)
	out, in = Connect(t, a.Caller, a.carol, "103")
	a.Restart(t)
	a.Live(t, "up", AnsweredCall)
	HangUp(t, out, in)
	a.haveRecords(t, "101/caller dialled 102: answered by 102/bob; called 102/bob ANSWER; incomplete",
		"101/caller dialled 103: answered by 103/carol; called 103/carol ANSWER; incomplete")
	a.nothingWaits(t)
}

// cutOff: the controller lives, and does not hear of Asterisk for the time of a call.
func (a *away) cutOff(t *testing.T) {
	path := filepath.Join(a.Asterisk.Dir(), "etc", "manager.conf")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	manager := func(text []byte) {
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		a.Console(t, "manager reload")
	}
	manager(bytes.Replace(text, []byte("\nsecret = "), []byte("\nsecret = x"), 1))
	cutAMI(t, a.Lab)
	Eventually(t, 20*time.Second, func() string {
		if !strings.Contains(a.Metrics(t), "\ndialtone_asterisk_connected 0\n") {
			return "AMI is still connected"
		}
		return ""
	})
	out, in := Connect(t, a.Caller, a.bob, "102")
	HangUp(t, out, in)
	a.NoChannels(t)
	manager(text)
	rows := a.haveRecords(t, "101/caller dialled 102: answered by 102/bob; called 102/bob ANSWER; incomplete")
	if len(rows[0].Rules) != 1 || !strings.Contains(rows[0].Rules[0], "Asterisk's own records") {
		t.Errorf("its rules are %q", rows[0].Rules)
	}
}
