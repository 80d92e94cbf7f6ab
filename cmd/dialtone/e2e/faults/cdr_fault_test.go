package faults

import (
	"fmt"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	. "github.com/dialtone-pbx/dialtone/cmd/sandbox/lab"

	"github.com/dialtone-pbx/dialtone/cmd/phonesim/phone"
	"github.com/dialtone-pbx/dialtone/cmd/sandbox/box"
)

// TestCDRFaultsRealAsterisk: the controller dies, its connection is cut, phones
// transfer by themselves, many call at once. Each call has its one record.
func TestCDRFaultsRealAsterisk(t *testing.T) {
	t.Parallel()
	l := openLab(t, box.Asterisk22)
	var phones []*phone.Phone
	for i, name := range []string{"alice", "bob", "carol"} {
		number := fmt.Sprint(101 + i)
		l.Extension(t, number, "", nil)
		phones = append(phones, l.Register(t, l.Device(t, name, number, nil), phone.Options{}))
	}
	l.Extension(t, "200", "", nil)
	l.Register(t, l.Device(t, "robot", "200", nil), phone.Options{AutoAnswer: true})
	alice, bob, carol := phones[0], phones[1], phones[2]
	n := func() int { return len(l.CDRs(t, "?limit=1000")) }
	t.Run("killed while it talks", func(t *testing.T) {
		before := n()
		out, in := Connect(t, alice, bob, "102")
		l.Kill(t)
		l.Restart(t)
		c := l.Live(t, "after the restart", AnsweredCall)
		if !c.Incomplete || c.From.Device != "alice" || c.AnsweredBy == nil || c.AnsweredBy.Device != "bob" || c.Dialled != "102" {
			t.Errorf("after the restart the call is %+v", c)
		}
		HangUp(t, out, in)
		l.RecordOf(t, before, "101/alice dialled 102: answered by 102/bob; called 102/bob ANSWER; incomplete")
	})
	t.Run("killed while it rings", func(t *testing.T) {
		before := n()
		out := Dial(t, alice, "102")
		in := Rings(t, out, bob)
		l.Kill(t)
		l.Restart(t)
		l.Live(t, "after the restart", func(c LiveCall) bool { return len(c.Legs) == 2 && c.Legs[1].State == "ringing" })
		Answer(t, out, in)
		HangUp(t, out, in)
		l.RecordOf(t, before, "101/alice dialled 102: answered by 102/bob; called 102/bob ANSWER; incomplete")
	})
	t.Run("cut off", func(t *testing.T) {
		before := n()
		out, in := Connect(t, alice, bob, "102")
		l.Live(t, "up", AnsweredCall)
		gone := Dial(t, carol, "200")
		Hears(t, gone.Answered(), gone, "the robot")
		ups := strings.Count(l.Log.String(), "connected to AMI")
		cutAMI(t, l.Lab)
		HangUp(t, out, in)
		if err := gone.Hangup(Within(t, 10*time.Second)); err != nil {
			t.Fatal(err)
		}
		l.NoChannels(t)
		l.Untracked(t)
		Eventually(t, 5*time.Second, func() string {
			if rows := n(); rows != before+2 {
				return fmt.Sprintf("%d records", rows-before)
			}
			return ""
		})
		if strings.Count(l.Log.String(), "connected to AMI") == ups {
			t.Error("the connection was not cut")
		}
	})
	t.Run("transfer key", func(t *testing.T) {
		before := n()
		out, in := Connect(t, alice, bob, "102")
		l.Live(t, "they talk", AnsweredCall) // Asterisk refuses a transfer before that
		if err := in.Refer(Within(t, 10*time.Second), "103"); err != nil {
			t.Fatal(err)
		}
		third := Incoming(t, carol)
		if err := third.Answer(Within(t, 10*time.Second)); err != nil {
			t.Fatal(err)
		}
		if err := in.Hangup(Within(t, 10*time.Second)); err != nil {
			t.Fatal(err)
		}
		l.Live(t, "carol talks", func(c LiveCall) bool {
			return len(c.Legs) == 3 && c.Legs[1].State == "ended" && c.Legs[2].State == "up" && c.Legs[2].Device == "carol"
		})
		Talk(t, out, third)
		HangUp(t, third, out)
		l.RecordOf(t, before, "101/alice dialled 102: answered by 102/bob; called 102/bob ANSWER, 103/carol ANSWER; via transfer")
	})
	t.Run("announced transfer", func(t *testing.T) {
		before := n()
		out, in := Connect(t, alice, bob, "102")
		consult, third := Connect(t, bob, carol, "103")
		Eventually(t, 5*time.Second, func() string { // as above
			var page struct{ Items []LiveCall }
			l.Do(t, "GET", Tenant+"/calls", nil, &page)
			if len(page.Items) != 2 || !AnsweredCall(page.Items[0]) || !AnsweredCall(page.Items[1]) {
				return fmt.Sprintf("they do not talk: %+v", page.Items)
			}
			return ""
		})
		if err := in.ReferTo(Within(t, 10*time.Second), consult); err != nil {
			t.Fatal(err)
		}
		l.Live(t, "carol talks", func(c LiveCall) bool {
			return c.From.Device == "alice" && len(c.Legs) == 3 && c.Legs[1].State == "ended" && c.Legs[2].State == "up" && c.Legs[2].Device == "carol"
		})
		for _, c := range []*phone.Call{in, consult} { // as phones do once they hear that it worked
			if err := c.Hangup(Within(t, 10*time.Second)); err != nil {
				t.Fatal(err)
			}
		}
		Talk(t, out, third)
		HangUp(t, third, out)
		l.NoChannels(t)
		Eventually(t, 5*time.Second, func() string {
			if rows := n(); rows != before+2 {
				return fmt.Sprintf("%d records", rows-before)
			}
			return ""
		})
		got := map[string]bool{}
		for _, c := range l.CDRs(t, "?limit=2") {
			got[c.Summary()] = true
		}
		for _, want := range []string{
			"101/alice dialled 102: answered by 102/bob; called 102/bob ANSWER, 103/carol ANSWER; via transfer",
			"102/bob dialled 103: answered by 103/carol; called 103/carol ANSWER",
		} {
			if !got[want] {
				t.Errorf("no record says %s\nbut %v", want, got)
			}
		}
		l.Untracked(t)
	})
	t.Run("burst", func(t *testing.T) { l.cdrBurst(t, phones) })
}

// cutAMI breaks the controller's connection to the manager interface.
func cutAMI(t *testing.T, l *Lab) {
	t.Helper()
	shown := l.Console(t, "manager show connected")
	found := regexp.MustCompile(`(?m)^ *dialtone +\S+ +\d+ +\d+ +(\d+) `).FindStringSubmatch(shown)
	if found == nil {
		t.Fatalf("nobody is connected:\n%s", shown)
	}
	l.Console(t, "manager kick session "+found[1])
}

const burstCalls = 100 // of each caller

// cdrBurst has every phone call without a pause; each call has its record.
func (l *lab) cdrBurst(t *testing.T, phones []*phone.Phone) {
	before := len(l.CDRs(t, "?limit=1000"))
	start := time.Now()
	var callers sync.WaitGroup
	for _, p := range phones {
		callers.Go(func() {
			for i := range burstCalls {
				if err := callOnce(p, []string{"200", "999"}[i%2]); err != nil {
					t.Error(err)
				}
			}
		})
	}
	callers.Wait()
	took := time.Since(start)
	l.NoChannels(t)
	want := before + burstCalls*len(phones)
	var rows []CDR
	Eventually(t, 10*time.Second, func() string {
		if rows = l.CDRs(t, "?limit=1000"); len(rows) != want {
			return fmt.Sprintf("%d records, want %d", len(rows), want)
		}
		return ""
	})
	counts := map[string]int{}
	for _, c := range rows[:burstCalls*len(phones)] {
		counts[c.Outcome]++
		if c.Incomplete || len(c.Rules) != 1 {
			t.Errorf("the record says %+v", c)
		}
	}
	if half := burstCalls * len(phones) / 2; counts["answered"] != half || counts["failed"] != half {
		t.Errorf("the calls ended as %v", counts)
	}
	l.Untracked(t)
	t.Logf("%d calls in %v: %.0f/s, each with its record", burstCalls*len(phones), took, float64(burstCalls*len(phones))/took.Seconds())
}
