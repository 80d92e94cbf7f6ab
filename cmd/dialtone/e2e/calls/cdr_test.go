package calls

import (
	"slices"
	"strings"
	"testing"
	"time"

	. "github.com/dialtone-pbx/dialtone/cmd/sandbox/lab"

	"github.com/dialtone-pbx/dialtone/cmd/phonesim/phone"
	"github.com/dialtone-pbx/dialtone/cmd/sandbox/box"
)

// TestCDRsRealAsterisk makes every kind of call and reads its record.
func TestCDRsRealAsterisk(t *testing.T) {
	t.Parallel()
	o := openOutdoors(t, box.Asterisk22)
	l := &lab{o.Lab}
	l.Do(t, "PUT", Tenant+"/groups/sales", Object{}, nil)
	sales := []string{"sales"}
	l.Extension(t, "102", "4702", Object{"ring_seconds": 5, "groups": sales})
	l.Extension(t, "103", "", Object{"groups": sales, "name": "=Carol"})
	l.Extension(t, "104", "", nil)
	l.Device(t, "absent", "104", nil)
	l.Extension(t, "105", "", Object{"ring_seconds": 5})
	busy := l.Register(t, l.Device(t, "busy", "105", nil), phone.Options{Busy: true})
	_ = busy
	l.Extension(t, "106", "", Object{"ring": "sequence", "ring_seconds": 6})
	first := l.Register(t, l.Device(t, "first", "106", Object{"ring_order": 1, "ring_seconds": 2}), phone.Options{})
	second := l.Register(t, l.Device(t, "second", "106", Object{"ring_order": 2, "ring_seconds": 5}), phone.Options{})
	bob := l.Register(t, l.Device(t, "bob", "102", nil), phone.Options{})
	carol := l.Register(t, l.Device(t, "carol", "103", nil), phone.Options{})
	for number, to := range map[string]string{"107": "extension:103", "108": "external:" + Mobiles["ada"]} {
		l.Extension(t, number, "", nil)
		l.Do(t, "PUT", Tenant+"/forwards/"+number, Object{"mode": "destination", "destination": to}, nil)
	}
	l.Extension(t, "109", "", Object{"record": true})
	tape := l.Register(t, l.Device(t, "tape", "109", nil), phone.Options{})
	desk := l.Register(t, l.Device(t, "desk-212", "212", nil), phone.Options{})
	o.Registered()
	l.Feature(t, "pickupexten = *0")
	events := l.Follow(t)
	n := 0
	step := func(name, want string, f func(t *testing.T)) {
		t.Run(name, func(t *testing.T) {
			f(t)
			c := l.RecordOf(t, n, want)
			if len(c.Rules) == 0 {
				t.Errorf("no rule: %+v", c)
			}
		})
		n = len(l.CDRs(t, ""))
	}
	step("answered", "101/caller dialled 102: answered by 102/bob; called 102/bob ANSWER", func(t *testing.T) {
		out, in := Connect(t, o.Caller, bob, "102")
		c := l.Live(t, "up", AnsweredCall)
		if len(c.Legs) != 2 || c.Legs[0].State != "up" || !c.Legs[0].Caller || c.Legs[1].Device != "bob" || c.Legs[1].State != "up" || c.From.Device != "caller" {
			t.Errorf("the call is shown as %+v", c)
		}
		HangUp(t, out, in)
	})
	step("voicemail", "101/caller dialled 102: voicemail by nobody; called 102/bob NOANSWER", func(t *testing.T) {
		out := Dial(t, o.Caller, "102")
		Rings(t, out, bob)
		c := l.Live(t, "ringing", func(c LiveCall) bool { return len(c.Legs) == 2 })
		if c.Legs[1].State != "ringing" || len(c.Rules) != 1 {
			t.Errorf("the call is shown as %+v", c)
		}
		Hears(t, out.Answered(), out, "voicemail")
		if err := out.Hangup(Within(t, 10*time.Second)); err != nil {
			t.Fatal(err)
		}
	})
	step("busy", "101/caller dialled 105: busy by nobody; called 105/busy BUSY", func(t *testing.T) { Refusal(t, o.Caller, "105") })
	step("absent", "101/caller dialled 104: unreachable by nobody; called ", func(t *testing.T) { Refusal(t, o.Caller, "104") })
	step("no such number", "101/caller dialled 999: failed by nobody; called ", func(t *testing.T) { Refusal(t, o.Caller, "999") })
	step("cancelled", "101/caller dialled 102: cancelled by nobody; called 102/bob CANCEL", func(t *testing.T) {
		out := Dial(t, o.Caller, "102")
		HangUp(t, out, Rings(t, out, bob))
	})
	step("own messages", "101/caller dialled *97: refused by nobody; called ", func(t *testing.T) { Refusal(t, o.Caller, "*97") })
	step("pickup", "101/caller dialled 103: answered by 102/bob; called 102/bob ANSWER, 103/carol ; via pickup", func(t *testing.T) {
		out := Dial(t, o.Caller, "103")
		in := Rings(t, out, carol)
		taken := Dial(t, bob, "*8")
		if err := taken.WaitAnswer(); err != nil {
			t.Fatal(err)
		}
		Hears(t, in.Done(), in, "the end of the ringing")
		Hears(t, out.Answered(), out, "bob")
		HangUp(t, out, taken)
	})
	step("sequence", "101/caller dialled 106: answered by 106/second; called 106/first NOANSWER, 106/second ANSWER", func(t *testing.T) {
		out := Dial(t, o.Caller, "106")
		Rings(t, out, first)
		in := Rings(t, out, second)
		Answer(t, out, in)
		HangUp(t, in, out)
	})
	step("twin", "101/caller dialled 212: answered by 212/; called 212/ ANSWER, 212/desk-212 CANCEL", func(t *testing.T) {
		out := Dial(t, o.Caller, "212")
		atDesk, mobile := Rings(t, out, desk), Rings(t, out, o.Ada)
		o.Asked(t, out, atDesk, mobile)
		c := l.Live(t, "asked", func(c LiveCall) bool {
			return len(c.Legs) == 3 && slices.ContainsFunc(c.Legs, func(l CallLeg) bool { return l.State == "answering" })
		})
		if c.Answered != nil {
			t.Errorf("answered before 1 was pressed: %+v", c)
		}
		Press(t, mobile, "1")
		if err := out.WaitAnswer(); err != nil {
			t.Fatal(err)
		}
		c = l.Live(t, "accepted", AnsweredCall)
		if c.AnsweredBy.Number != Mobiles["ada"] {
			t.Errorf("answered by %+v", c.AnsweredBy)
		}
		HangUp(t, out, mobile)
	})
	step("transfer", "101/caller dialled 102: answered by 102/bob; called 102/bob ANSWER, 103/carol ANSWER; via transfer", func(t *testing.T) {
		out, in := Connect(t, o.Caller, bob, "102")
		c := l.Live(t, "up", AnsweredCall)
		path := Tenant + "/calls/" + c.ID + "/transfer"
		if r := l.Refused(t, "POST", path, Object{"to": "999"}); r == nil || r.Status != 422 {
			t.Errorf("a transfer to no number: %+v", r)
		}
		if r := l.Refused(t, "POST", path, Object{"to": "103,1"}); r == nil || r.Status != 422 {
			t.Errorf("a transfer to no number: %+v", r)
		}
		l.Do(t, "POST", path, Object{"to": "103"}, nil)
		third := Rings(t, out, carol)
		if err := third.Answer(Within(t, 10*time.Second)); err != nil {
			t.Fatal(err)
		}
		Hears(t, in.Done(), in, "the end of the transferring leg")
		Talk(t, out, third)
		HangUp(t, third, out)
	})
	step("forwarded", "101/caller dialled 107: answered by 103/carol; called 103/carol ANSWER; via forward", func(t *testing.T) {
		out, in := Connect(t, o.Caller, carol, "107")
		HangUp(t, in, out)
	})
	step("forwarded outside", "101/caller dialled 108: answered by /; called / ANSWER; via forward", func(t *testing.T) {
		out := Dial(t, o.Caller, "108")
		in := Rings(t, out, o.Ada)
		Answer(t, out, in)
		if c := l.Live(t, "up", AnsweredCall); c.AnsweredBy.Number != Mobiles["ada"] || len(c.Rules) != 2 {
			t.Errorf("the call is shown as %+v", c)
		}
		HangUp(t, in, out)
	})
	step("recorded", "101/caller dialled 109: answered by 109/tape; called 109/tape ANSWER", func(t *testing.T) {
		out, in := Connect(t, o.Caller, tape, "109")
		Talk(t, out, in)
		HangUp(t, in, out)
	})
	if c, kept := l.CDRs(t, "")[0], l.Recordings(t); len(kept) != 1 || c.Recording != kept[0].Name {
		t.Errorf("the record names %q, there is %+v", c.Recording, kept)
	}
	step("hung up", "101/caller dialled 102: answered by 102/bob; called 102/bob ANSWER", func(t *testing.T) {
		out, in := Connect(t, o.Caller, bob, "102")
		c := l.Live(t, "up", AnsweredCall)
		l.Do(t, "DELETE", Tenant+"/calls/"+c.ID, nil, nil)
		Hears(t, in.Done(), in, "the end")
		Hears(t, out.Done(), out, "the end")
	})
	step("hung up while it rings", "101/caller dialled 102: cancelled by nobody; called 102/bob CANCEL", func(t *testing.T) {
		out := Dial(t, o.Caller, "102")
		in := Rings(t, out, bob)
		c := l.Live(t, "ringing", func(c LiveCall) bool { return len(c.Legs) == 2 })
		l.Do(t, "DELETE", Tenant+"/calls/"+c.ID, nil, nil)
		Hears(t, in.Done(), in, "the end")
		Hears(t, out.Done(), out, "the end")
	})
	step("placed", "102/bob dialled 103: answered by 103/carol; called 103/carol ANSWER; via click", func(t *testing.T) {
		var placed struct{ ID string }
		l.Do(t, "POST", Tenant+"/calls", Object{"extension": "102", "to": "103"}, &placed)
		atBob := Incoming(t, bob)
		if atBob.CallerNumber() != "103" || atBob.CallerName() != "=Carol" {
			t.Errorf("bob's phone shows %q %q", atBob.CallerName(), atBob.CallerNumber())
		}
		if c := l.Live(t, "rings", func(c LiveCall) bool { return len(c.Legs) == 1 }); c.ID != placed.ID || c.Dialled != "103" || c.From.Extension != "102" {
			t.Errorf("the call is shown as %+v", c)
		}
		if err := atBob.Answer(Within(t, 10*time.Second)); err != nil {
			t.Fatal(err)
		}
		atCarol := Incoming(t, carol)
		if atCarol.CallerNumber() != "102" {
			t.Errorf("carol's phone shows %q", atCarol.CallerNumber())
		}
		if err := atCarol.Answer(Within(t, 10*time.Second)); err != nil {
			t.Fatal(err)
		}
		Talk(t, atBob, atCarol)
		HangUp(t, atBob, atCarol)
	})
	events.Tells(t, "started", "ringing", "answered", "transferred", "ended")
	t.Run("list", func(t *testing.T) { l.checkCDRList(t, n) })
}

// checkCDRList pages, filters and exports.
func (l *lab) checkCDRList(t *testing.T, all int) {
	var ids []int64
	for after := ""; ; {
		var page struct {
			Items []CDR
			Next  string
		}
		l.Do(t, "GET", Tenant+"/cdrs?limit=4"+after, nil, &page)
		for _, c := range page.Items {
			ids = append(ids, c.ID)
		}
		if page.Next == "" {
			break
		}
		after = "&after=" + page.Next
	}
	slices.Sort(ids)
	if len(slices.Compact(ids)) != all {
		t.Errorf("paging shows %d of %d records", len(ids), all)
	}
	for query, want := range map[string]int{"?outcome=busy": 1, "?extension=106": 1, "?extension=10": 0, "?number=4915111": 2, "?from=2999-01-01T00:00:00Z": 0, "?to=2999-01-01T00:00:00Z": all} {
		if got := len(l.CDRs(t, query)); got != want {
			t.Errorf("%s shows %d records, want %d", query, got, want)
		}
	}
	text := l.Get(t, Tenant+"/cdrs.csv")
	if lines := strings.Count(text, "\r\n"); lines != all+1 {
		t.Errorf("the export has %d lines, want %d", lines, all+1)
	}
	if !strings.Contains(text, ","+Mobiles["ada"]+",") || strings.Contains(text, ",=") || strings.Contains(text, "\n=") {
		t.Errorf("the export is\n%s", text)
	}
}
