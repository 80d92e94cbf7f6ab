package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dialtone-pbx/dialtone/cmd/phonesim/phone"
	"github.com/dialtone-pbx/dialtone/cmd/sandbox/box"
)

type party struct{ Number, Name, Extension, Device string }

type callLeg struct {
	ID, State, Outcome, Via string
	party
	Caller bool
}

// liveCall is a call as the API shows it.
type liveCall struct {
	ID, Dialled string
	From        party
	AnsweredBy  *party `json:"answered_by"`
	Answered    *time.Time
	Legs        []callLeg
	Rules, Via  []string
	Incomplete  bool
}

// cdr is a record of a call as the API shows it.
type cdr struct {
	ID                     int64
	Call, Dialled, Outcome string
	From                   party
	AnsweredBy             *party `json:"answered_by"`
	Called                 []callLeg
	Started, Ended         time.Time
	Answered               *time.Time
	Duration, Billable     float64
	Rules, Via             []string
	Recording              string
	Incomplete             bool
}

// summary is what the tests compare: who called what, how it ended, who answered,
// who was called.
func (c cdr) summary() string {
	by := "nobody"
	if c.AnsweredBy != nil {
		by = c.AnsweredBy.Extension + "/" + c.AnsweredBy.Device
	}
	var called []string
	for _, l := range c.Called {
		called = append(called, l.Extension+"/"+l.Device+" "+l.Outcome)
	}
	slices.Sort(called)
	out := fmt.Sprintf("%s/%s dialled %s: %s by %s; called %s", c.From.Extension, c.From.Device, c.Dialled, c.Outcome, by, strings.Join(called, ", "))
	if len(c.Via) > 0 {
		out += "; via " + strings.Join(c.Via, " ")
	}
	if c.Incomplete {
		out += "; incomplete"
	}
	return out
}

func (l *lab) cdrs(t *testing.T, query string) []cdr {
	t.Helper()
	var page struct{ Items []cdr }
	l.do(t, "GET", tenant+"/cdrs"+query, nil, &page)
	return page.Items
}

// recordOf waits for the record of the call that has just ended, and for nothing
// to be left.
func (l *lab) recordOf(t *testing.T, before int, want string) cdr {
	t.Helper()
	l.noChannels(t)
	var rows []cdr
	eventually(t, 5*time.Second, func() string {
		if rows = l.cdrs(t, ""); len(rows) != before+1 {
			return fmt.Sprintf("%d records, want %d", len(rows), before+1)
		}
		return ""
	})
	if got := rows[0].summary(); got != want {
		t.Errorf("the record says\n     %s\nwant %s\n%+v", got, want, rows[0])
	}
	l.untracked(t)
	return rows[0]
}

// untracked waits until the controller follows no channel any more.
func (l *lab) untracked(t *testing.T) {
	t.Helper()
	eventually(t, 5*time.Second, func() string {
		m := l.metrics(t)
		if !strings.Contains(m, "\ndialtone_calls 0\n") || !strings.Contains(m, "\ndialtone_channels 0\n") {
			return "calls are still followed"
		}
		return ""
	})
}

// live waits until the one call under way is as wanted.
func (l *lab) live(t *testing.T, what string, ready func(liveCall) bool) liveCall {
	t.Helper()
	var page struct{ Items []liveCall }
	eventually(t, 5*time.Second, func() string {
		page.Items = nil
		l.do(t, "GET", tenant+"/calls", nil, &page)
		if len(page.Items) != 1 || !ready(page.Items[0]) {
			return fmt.Sprintf("%s: %+v", what, page.Items)
		}
		return ""
	})
	return page.Items[0]
}

func answeredCall(c liveCall) bool { return c.Answered != nil }

// TestCDRsRealAsterisk makes every kind of call and reads its record.
func TestCDRsRealAsterisk(t *testing.T) {
	t.Parallel()
	o := openOutdoors(t, box.Asterisk22)
	l := o.lab
	l.do(t, "PUT", tenant+"/groups/sales", object{}, nil)
	sales := []string{"sales"}
	l.extension(t, "102", "4702", object{"ring_seconds": 5, "groups": sales})
	l.extension(t, "103", "", object{"groups": sales, "name": "=Carol"})
	l.extension(t, "104", "", nil)
	l.device(t, "absent", "104", nil)
	l.extension(t, "105", "", object{"ring_seconds": 5})
	busy := l.register(t, l.device(t, "busy", "105", nil), phone.Options{Busy: true})
	_ = busy
	l.extension(t, "106", "", object{"ring": "sequence", "ring_seconds": 6})
	first := l.register(t, l.device(t, "first", "106", object{"ring_order": 1, "ring_seconds": 2}), phone.Options{})
	second := l.register(t, l.device(t, "second", "106", object{"ring_order": 2, "ring_seconds": 5}), phone.Options{})
	bob := l.register(t, l.device(t, "bob", "102", nil), phone.Options{})
	carol := l.register(t, l.device(t, "carol", "103", nil), phone.Options{})
	for number, to := range map[string]string{"107": "extension:103", "108": "external:" + mobiles["ada"]} {
		l.extension(t, number, "", nil)
		l.do(t, "PUT", tenant+"/forwards/"+number, object{"mode": "destination", "destination": to}, nil)
	}
	l.extension(t, "109", "", object{"record": true})
	tape := l.register(t, l.device(t, "tape", "109", nil), phone.Options{})
	desk := l.register(t, l.device(t, "desk-212", "212", nil), phone.Options{})
	o.registered()
	l.feature(t, "pickupexten = *0")
	events := l.follow(t)
	n := 0
	step := func(name, want string, f func(t *testing.T)) {
		t.Run(name, func(t *testing.T) {
			f(t)
			c := l.recordOf(t, n, want)
			if len(c.Rules) == 0 {
				t.Errorf("no rule: %+v", c)
			}
		})
		n = len(l.cdrs(t, ""))
	}
	step("answered", "101/caller dialled 102: answered by 102/bob; called 102/bob ANSWER", func(t *testing.T) {
		out, in := connect(t, o.caller, bob, "102")
		c := l.live(t, "up", answeredCall)
		if len(c.Legs) != 2 || c.Legs[0].State != "up" || !c.Legs[0].Caller || c.Legs[1].Device != "bob" || c.Legs[1].State != "up" || c.From.Device != "caller" {
			t.Errorf("the call is shown as %+v", c)
		}
		hangUp(t, out, in)
	})
	step("voicemail", "101/caller dialled 102: voicemail by nobody; called 102/bob NOANSWER", func(t *testing.T) {
		out := dial(t, o.caller, "102")
		rings(t, out, bob)
		c := l.live(t, "ringing", func(c liveCall) bool { return len(c.Legs) == 2 })
		if c.Legs[1].State != "ringing" || len(c.Rules) != 1 {
			t.Errorf("the call is shown as %+v", c)
		}
		hears(t, out.Answered(), out, "voicemail")
		if err := out.Hangup(within(t, 10*time.Second)); err != nil {
			t.Fatal(err)
		}
	})
	step("busy", "101/caller dialled 105: busy by nobody; called 105/busy BUSY", func(t *testing.T) { refusal(t, o.caller, "105") })
	step("absent", "101/caller dialled 104: unreachable by nobody; called ", func(t *testing.T) { refusal(t, o.caller, "104") })
	step("no such number", "101/caller dialled 999: failed by nobody; called ", func(t *testing.T) { refusal(t, o.caller, "999") })
	step("cancelled", "101/caller dialled 102: cancelled by nobody; called 102/bob CANCEL", func(t *testing.T) {
		out := dial(t, o.caller, "102")
		hangUp(t, out, rings(t, out, bob))
	})
	step("own messages", "101/caller dialled *97: refused by nobody; called ", func(t *testing.T) { refusal(t, o.caller, "*97") })
	step("pickup", "101/caller dialled 103: answered by 102/bob; called 102/bob ANSWER, 103/carol ; via pickup", func(t *testing.T) {
		out := dial(t, o.caller, "103")
		in := rings(t, out, carol)
		taken := dial(t, bob, "*8")
		if err := taken.WaitAnswer(); err != nil {
			t.Fatal(err)
		}
		hears(t, in.Done(), in, "the end of the ringing")
		hears(t, out.Answered(), out, "bob")
		hangUp(t, out, taken)
	})
	step("sequence", "101/caller dialled 106: answered by 106/second; called 106/first NOANSWER, 106/second ANSWER", func(t *testing.T) {
		out := dial(t, o.caller, "106")
		rings(t, out, first)
		in := rings(t, out, second)
		answer(t, out, in)
		hangUp(t, in, out)
	})
	step("twin", "101/caller dialled 212: answered by 212/; called 212/ ANSWER, 212/desk-212 CANCEL", func(t *testing.T) {
		out := dial(t, o.caller, "212")
		atDesk, mobile := rings(t, out, desk), rings(t, out, o.ada)
		o.asked(t, out, atDesk, mobile)
		c := l.live(t, "asked", func(c liveCall) bool {
			return len(c.Legs) == 3 && slices.ContainsFunc(c.Legs, func(l callLeg) bool { return l.State == "answering" })
		})
		if c.Answered != nil {
			t.Errorf("answered before 1 was pressed: %+v", c)
		}
		press(t, mobile, "1")
		if err := out.WaitAnswer(); err != nil {
			t.Fatal(err)
		}
		c = l.live(t, "accepted", answeredCall)
		if c.AnsweredBy.Number != mobiles["ada"] {
			t.Errorf("answered by %+v", c.AnsweredBy)
		}
		hangUp(t, out, mobile)
	})
	step("transfer", "101/caller dialled 102: answered by 102/bob; called 102/bob ANSWER, 103/carol ANSWER; via transfer", func(t *testing.T) {
		out, in := connect(t, o.caller, bob, "102")
		c := l.live(t, "up", answeredCall)
		path := tenant + "/calls/" + c.ID + "/transfer"
		if r := l.refused(t, "POST", path, object{"to": "999"}); r == nil || r.Status != 422 {
			t.Errorf("a transfer to no number: %+v", r)
		}
		if r := l.refused(t, "POST", path, object{"to": "103,1"}); r == nil || r.Status != 422 {
			t.Errorf("a transfer to no number: %+v", r)
		}
		l.do(t, "POST", path, object{"to": "103"}, nil)
		third := rings(t, out, carol)
		if err := third.Answer(within(t, 10*time.Second)); err != nil {
			t.Fatal(err)
		}
		hears(t, in.Done(), in, "the end of the transferring leg")
		talk(t, out, third)
		hangUp(t, third, out)
	})
	step("forwarded", "101/caller dialled 107: answered by 103/carol; called 103/carol ANSWER; via forward", func(t *testing.T) {
		out, in := connect(t, o.caller, carol, "107")
		hangUp(t, in, out)
	})
	step("forwarded outside", "101/caller dialled 108: answered by /; called / ANSWER; via forward", func(t *testing.T) {
		out := dial(t, o.caller, "108")
		in := rings(t, out, o.ada)
		answer(t, out, in)
		if c := l.live(t, "up", answeredCall); c.AnsweredBy.Number != mobiles["ada"] || len(c.Rules) != 2 {
			t.Errorf("the call is shown as %+v", c)
		}
		hangUp(t, in, out)
	})
	step("recorded", "101/caller dialled 109: answered by 109/tape; called 109/tape ANSWER", func(t *testing.T) {
		out, in := connect(t, o.caller, tape, "109")
		talk(t, out, in)
		hangUp(t, in, out)
	})
	if c, kept := l.cdrs(t, "")[0], l.recordings(t); len(kept) != 1 || c.Recording != kept[0].Name {
		t.Errorf("the record names %q, there is %+v", c.Recording, kept)
	}
	step("hung up", "101/caller dialled 102: answered by 102/bob; called 102/bob ANSWER", func(t *testing.T) {
		out, in := connect(t, o.caller, bob, "102")
		c := l.live(t, "up", answeredCall)
		l.do(t, "DELETE", tenant+"/calls/"+c.ID, nil, nil)
		hears(t, in.Done(), in, "the end")
		hears(t, out.Done(), out, "the end")
	})
	step("hung up while it rings", "101/caller dialled 102: cancelled by nobody; called 102/bob CANCEL", func(t *testing.T) {
		out := dial(t, o.caller, "102")
		in := rings(t, out, bob)
		c := l.live(t, "ringing", func(c liveCall) bool { return len(c.Legs) == 2 })
		l.do(t, "DELETE", tenant+"/calls/"+c.ID, nil, nil)
		hears(t, in.Done(), in, "the end")
		hears(t, out.Done(), out, "the end")
	})
	step("placed", "102/bob dialled 103: answered by 103/carol; called 103/carol ANSWER; via click", func(t *testing.T) {
		var placed struct{ ID string }
		l.do(t, "POST", tenant+"/calls", object{"extension": "102", "to": "103"}, &placed)
		atBob := incoming(t, bob)
		if atBob.CallerNumber() != "103" || atBob.CallerName() != "=Carol" {
			t.Errorf("bob's phone shows %q %q", atBob.CallerName(), atBob.CallerNumber())
		}
		if c := l.live(t, "rings", func(c liveCall) bool { return len(c.Legs) == 1 }); c.ID != placed.ID || c.Dialled != "103" || c.From.Extension != "102" {
			t.Errorf("the call is shown as %+v", c)
		}
		if err := atBob.Answer(within(t, 10*time.Second)); err != nil {
			t.Fatal(err)
		}
		atCarol := incoming(t, carol)
		if atCarol.CallerNumber() != "102" {
			t.Errorf("carol's phone shows %q", atCarol.CallerNumber())
		}
		if err := atCarol.Answer(within(t, 10*time.Second)); err != nil {
			t.Fatal(err)
		}
		talk(t, atBob, atCarol)
		hangUp(t, atBob, atCarol)
	})
	for _, kind := range []string{"started", "ringing", "answered", "transferred", "ended"} {
		if !slices.ContainsFunc(events.of("call"), func(data string) bool { return strings.Contains(data, `"what":"`+kind+`"`) }) {
			t.Errorf("no event says %s", kind)
		}
	}
	t.Run("list", func(t *testing.T) { l.checkCDRList(t, n) })
}

// checkCDRList pages, filters and exports.
func (l *lab) checkCDRList(t *testing.T, all int) {
	var ids []int64
	for after := ""; ; {
		var page struct {
			Items []cdr
			Next  string
		}
		l.do(t, "GET", tenant+"/cdrs?limit=4"+after, nil, &page)
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
		if got := len(l.cdrs(t, query)); got != want {
			t.Errorf("%s shows %d records, want %d", query, got, want)
		}
	}
	text := l.get(t, tenant+"/cdrs.csv")
	if lines := strings.Count(text, "\r\n"); lines != all+1 {
		t.Errorf("the export has %d lines, want %d", lines, all+1)
	}
	if !strings.Contains(text, ","+mobiles["ada"]+",") || strings.Contains(text, ",=") || strings.Contains(text, "\n=") {
		t.Errorf("the export is\n%s", text)
	}
}
