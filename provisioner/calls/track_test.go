package calls

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/dialtone-pbx/dialtone/ami"
	"github.com/dialtone-pbx/dialtone/provisioner/event"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// callOffice is whom the recorded calls were between.
func callOffice() *pbx.Snapshot {
	device := func(name, extension string) *pbx.Device {
		return &pbx.Device{Tenant: "default", Name: name, Extension: extension, Endpoint: "d" + name}
	}
	var extensions []*pbx.Extension
	for _, n := range []string{"101", "102", "103", "105", "212"} {
		extensions = append(extensions, &pbx.Extension{Tenant: "default", Number: n})
	}
	return pbx.NewSnapshot(1, pbx.Rows{
		Tenants:    []*pbx.Tenant{{Name: "default"}},
		Extensions: extensions,
		Devices:    []*pbx.Device{device("caller", "101"), device("bob", "102"), device("carol", "103"), device("busy", "105"), device("desk", "212")},
	})
}

// callRig is a tracker that keeps what it hands over.
type callRig struct {
	*Tracker
	records []*pbx.CDR
	taken   []string
}

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func newCallRig() *callRig {
	s := callOffice()
	r := &callRig{}
	r.Tracker = newTracker(Options{Log: slog.New(slog.DiscardHandler), Events: event.NewHub(), Snapshot: func() *pbx.Snapshot { return s },
		Ended:    func(c *pbx.CDR) { r.records = append(r.records, c) },
		Answered: func(tenant, extension string, _ time.Time) { r.taken = append(r.taken, tenant+"/"+extension) }},
		&Turns{snapshot: func() *pbx.Snapshot { return s }})
	return r
}

var replayed = time.UnixMilli(1795344800000)

// recordedEvents reads what a real Asterisk 22 said during one call.
func recordedEvents(t *testing.T, name string) (events []ami.Event) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name+".ami"))
	if err != nil {
		t.Fatal(err)
	}
	for block := range strings.SplitSeq(strings.TrimSpace(string(text)), "\n\n") {
		at, lines, _ := strings.Cut(strings.TrimPrefix(block, "At: "), "\n")
		f := frameOf(lines)
		ms, err := strconv.Atoi(at)
		if err != nil {
			t.Fatal(err)
		}
		events = append(events, ami.Event{Frame: f, At: replayed.Add(time.Duration(ms) * time.Millisecond)})
	}
	return events
}

// frameOf reads the lines of a frame.
func frameOf(lines string) ami.Frame {
	return ami.ParseFrame(strings.ReplaceAll(lines, "\n", "\r\n") + "\r\n\r\n")
}

// summary says who called what, how it ended and who answered.
func summary(c *pbx.CDR) string {
	var called []string
	for _, l := range c.Called {
		called = append(called, strings.TrimSpace(l.Number+" "+l.Device+" "+string(l.Outcome)))
	}
	slices.Sort(called)
	return fmt.Sprintf("%s dialled %s: %s by %q, called %s, via %v, %v", c.From.Device, c.Dialled, c.Outcome, c.By.Number, strings.Join(called, ", "), c.Via, c.Billable().Round(100*time.Millisecond))
}

var recordedCalls = map[string]string{
	"answered":  `caller dialled 102: answered by "102", called 102 bob ANSWER, via [], 0s`,
	"voicemail": `caller dialled 102: voicemail by "", called 102 bob NOANSWER, via [], 0s`,
	"busy":      `caller dialled 105: busy by "", called 105 busy BUSY, via [], 0s`,
	"absent":    `caller dialled 104: unreachable by "", called , via [], 0s`,
	"nobody":    `caller dialled 999: failed by "", called , via [], 0s`,
	"cancelled": `caller dialled 102: cancelled by "", called 102 bob CANCEL, via [], 0s`,
	"pickup":    `caller dialled 103: answered by "102", called 102 bob ANSWER, 103 carol, via [pickup], 2s`,
	"twin":      `caller dialled 212: answered by "+4915111111111", called +4915111111111  ANSWER, 212 desk CANCEL, via [], 2.1s`,
	"asked":     `caller dialled 102: answered by "102", called 102 bob ANSWER, 103 carol ANSWER, via [transfer], 8.2s`,
	"returned":  `caller dialled 102: answered by "102", called 102 bob ANSWER, 103 carol ANSWER, via [], 8.2s`,
	"goneon":    `caller dialled 102: answered by "102", called 102 bob ANSWER, 103 carol ANSWER, 103 carol CANCEL, via [transfer], 8s`,
	"recalled":  `caller dialled 102: answered by "102", called 102 bob ANSWER, 102 bob ANSWER, 103 carol CANCEL, via [], 8s`,
	"transfer":  `caller dialled 102: answered by "102", called 102 bob ANSWER, 103 carol ANSWER, via [transfer], 2s`,
}

// Each call that was recorded ends in the one right record, and nothing stays.
func TestRecordedCalls(t *testing.T) {
	for name, want := range recordedCalls {
		t.Run(name, func(t *testing.T) {
			r := newCallRig()
			for _, e := range recordedEvents(t, name) {
				r.Handle(e)
			}
			if len(r.records) != 1 {
				t.Fatalf("%d records", len(r.records))
			}
			if got := summary(r.records[0]); got != want {
				t.Errorf("the record says\n     %s\nwant %s", got, want)
			}
			if r.records[0].Incomplete {
				t.Error("a call that was seen whole is incomplete")
			}
			r.empty(t)
			// A list at a reconnect repeats events: they bring nothing back.
			for _, e := range recordedEvents(t, name) {
				if e.Name() != "Newchannel" {
					r.Handle(e)
				}
			}
			r.empty(t)
		})
	}
}

func (r *callRig) empty(t *testing.T) {
	t.Helper()
	if len(r.channels)+len(r.calls)+len(r.early) != 0 {
		t.Errorf("%d channels, %d calls and %d early are left", len(r.channels), len(r.calls), len(r.early))
	}
}

// The connection is lost at every point of every call and Asterisk has no channel
// when it is back: one incomplete record at most, and nothing stays.
func TestCallsCutAnywhere(t *testing.T) {
	for name := range recordedCalls {
		events := recordedEvents(t, name)
		for cut := 1; cut < len(events); cut++ {
			r := newCallRig()
			for _, e := range events[:cut] {
				r.Handle(e)
			}
			whole := len(r.records)
			r.drop(nil, replayed.Add(time.Hour), false)
			if r.empty(t); len(r.records) < whole || len(r.records)+len(r.calls) > 2 || len(r.records) == 0 {
				t.Errorf("%s cut at %d: %d records", name, cut, len(r.records))
			}
			for _, c := range r.records[whole:] {
				if !c.Incomplete {
					t.Errorf("%s cut at %d: the record passes for whole", name, cut)
				}
			}
		}
	}
}

// A channel that is missing in one list may have events underway; in two it is gone.
func TestSweepAsksTwice(t *testing.T) {
	r := newCallRig()
	events := recordedEvents(t, "answered")
	for _, e := range events[:len(events)-1] {
		r.Handle(e)
	}
	later := replayed.Add(time.Hour)
	r.drop(nil, later, true)
	if len(r.records) != 0 {
		t.Fatal("one list was enough")
	}
	r.drop(nil, later, true)
	if r.empty(t); len(r.records) != 1 || !r.records[0].Incomplete {
		t.Errorf("records: %+v", r.records)
	}
}

// A call that was up when the controller came back is known from the list.
func TestCallsAreRelisted(t *testing.T) {
	r := newCallRig()
	now := replayed.Add(time.Minute)
	for _, c := range []ami.Channel{
		{Name: "PJSIP/dcaller-0000002a", State: "Up", UniqueID: "1795344800.1", LinkedID: "1795344800.1", BridgeID: "b", Context: "dial-default", Exten: "102", CallerNumber: "101"},
		{Name: "PJSIP/dbob-0000002b", State: "Up", UniqueID: "1795344800.2", LinkedID: "1795344800.1", BridgeID: "b", Context: "from-default", CallerNumber: "102"},
	} {
		r.relist(c, now)
	}
	for _, ch := range r.channels {
		r.connected(ch, now)
	}
	call := r.calls["1795344800.1"]
	if v := call.view(); !v.Incomplete || v.Dialled != "102" || v.From.Extension != "101" || v.By.Device != "bob" || !v.Started.Equal(replayed) || v.Legs[1].State != pbx.LegUp {
		t.Errorf("the call is %+v", v)
	}
	for id := range r.channels {
		r.hungUp(r.channels[id], 16, now.Add(time.Second))
	}
	if len(r.records) != 1 || r.records[0].Outcome != pbx.CallAnswered || len(r.taken) != 0 {
		t.Errorf("records %+v, counted %v", r.records, r.taken)
	}
	r.empty(t)
}

// What ARI knows may come before what AMI tells, and is not kept for ever.
func TestRoutedBeforeSeen(t *testing.T) {
	r := newCallRig()
	events := recordedEvents(t, "answered")
	r.Routed(events[0].Get("Uniqueid"), pbx.Call{Tenant: "default", Dialled: "102"}, pbx.Step{Rule: "because"})
	for _, e := range events {
		r.Handle(e)
	}
	if len(r.records) != 1 || !slices.Equal(r.records[0].Rules, []string{"because"}) {
		t.Errorf("records: %+v", r.records)
	}
	r.empty(t)
	for i := range maxEarly + 10 {
		r.Routed(fmt.Sprint("never", i), pbx.Call{}, pbx.Step{})
	}
	if len(r.early) > maxEarly {
		t.Errorf("%d channels that never came are remembered", len(r.early))
	}
	r.forgetEarly(time.Now().Add(time.Hour))
	r.empty(t)
}

// Beyond the cap channels are counted and not followed.
func TestChannelsAreCapped(t *testing.T) {
	r := newCallRig()
	for i := range maxChannels + 5 {
		id := fmt.Sprintf("1795344800.%d", i)
		r.see(ami.Channel{Name: "PJSIP/dcaller-" + id, UniqueID: id, LinkedID: id, Context: "from-default"}, replayed, true)
	}
	if len(r.channels) != maxChannels || r.ignored != 5 {
		t.Errorf("%d channels, %d ignored", len(r.channels), r.ignored)
	}
}

// Two calls that a transfer joins have a record each.
func TestAnnouncedTransfer(t *testing.T) {
	r := newCallRig()
	for _, e := range recordedEvents(t, "announced") {
		r.Handle(e)
	}
	var got []string
	for _, c := range r.records {
		got = append(got, summary(c))
	}
	slices.Sort(got)
	want := []string{
		`bob dialled 103: answered by "103", called 103 carol ANSWER, via [], 0s`,
		`caller dialled 102: answered by "102", called 102 bob ANSWER, 103 carol ANSWER, via [transfer], 2s`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("the records say\n     %s\nwant %s", strings.Join(got, "\n     "), strings.Join(want, "\n     "))
	}
	if !slices.Equal(r.taken, []string{"default/102", "default/103"}) {
		t.Errorf("counted %v", r.taken)
	}
	r.empty(t)
}

// The hold key of a phone shows, for as long as it holds.
func TestHeldLeg(t *testing.T) {
	r := newCallRig()
	events := recordedEvents(t, "answered")
	up := slices.IndexFunc(events, func(e ami.Event) bool { return e.Name() == "BridgeLeave" })
	for _, e := range events[:up] {
		r.Handle(e)
	}
	id := events[0].Get("Uniqueid")
	state := func(event string) pbx.LegState {
		r.Handle(ami.Event{Frame: frameOf("Event: " + event + "\nChannel: PJSIP/dcaller-00000000\nUniqueid: " + id +
			"\nLinkedid: " + id), At: replayed})
		return r.calls[id].legs[0].State
	}
	for _, step := range []struct {
		event string
		want  pbx.LegState
	}{{"Hold", pbx.LegHeld}, {"Hold", pbx.LegHeld}, {"Unhold", pbx.LegUp}, {"Unhold", pbx.LegUp}} {
		if got := state(step.event); got != step.want {
			t.Errorf("after %s the leg is %s, want %s", step.event, got, step.want)
		}
	}
}

// A mobile that is asked to press 1 is not through, nor is one that pressed too late
// and meets nobody but its own half of the leg.
func TestNotThroughAlone(t *testing.T) {
	r := newCallRig()
	events := recordedEvents(t, "twin")
	enter := slices.IndexFunc(events, func(e ami.Event) bool { return e.Name() == "BridgeEnter" })
	for _, e := range events[:enter+1] {
		r.Handle(e)
	}
	for _, call := range r.calls {
		if i := slices.IndexFunc(call.legs, func(l *leg) bool { return l.State == pbx.LegAnswering && l.Number == "+4915111111111" }); i < 0 || !call.Answered.IsZero() {
			t.Errorf("the call is %+v", call.view())
		}
	}
}
