package truth

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	. "github.com/dialtone-pbx/dialtone/cmd/sandbox/lab"
)

// slack is how far a ring may begin or end off its second.
const slack = 1800 * time.Millisecond

// turn is one phone's ringing, as a row writes it: "120a 0-5".
type turn struct {
	who      string
	from, to time.Duration // to is -1 when it is somebody's own doing or another's
	any      bool          // written without times
	whole    bool          // in a forecast: nothing takes it away before to
}

func readTurns(text string) (out []turn, err error) {
	for part := range strings.SplitSeq(text, ", ") {
		if part == "" {
			continue
		}
		who, times, timed := strings.Cut(part, " ")
		r := turn{who: who, to: -1, any: !timed}
		if timed {
			first, last, ends := strings.Cut(times, "-")
			n, err1 := strconv.Atoi(first)
			m, err2 := strconv.Atoi(last)
			if err1 != nil || ends && err2 != nil {
				return nil, fmt.Errorf("reading %q", part)
			}
			r.from = time.Duration(n) * time.Second
			if ends {
				r.to = time.Duration(m) * time.Second
			}
		}
		out = append(out, r)
	}
	return out, nil
}

func near(a, b, off time.Duration) bool { return (a - b).Abs() <= off }

// is reports whether a sighting is what the row says. off is how far its times may be off.
func (r turn) is(s *sighting, off time.Duration) bool {
	return r.who == s.who && (r.any || near(s.from, r.from, off)) && (r.to < 0 || near(s.to, r.to, off) && !s.own)
}

// judge compares what was seen with the row, and both with the simulator and the
// record of the call.
func (sc *scene) judge(t *testing.T) {
	t.Helper()
	turns, err := readTurns(sc.row.rings)
	if err != nil {
		t.Fatal(err)
	}
	if sc.trouble != nil {
		t.Errorf("on stage: %v", sc.trouble)
	}
	if len(sc.seen) == 0 && sc.ends == "" {
		t.FailNow()
	}
	var seen []string
	left := sc.rung()
	for _, s := range left {
		text := fmt.Sprintf("%s %.1f", s.who, s.from.Seconds())
		if !s.own {
			text += fmt.Sprintf("-%.1f", s.to.Seconds())
		}
		seen = append(seen, text)
	}
	var missing []turn
	for _, r := range turns {
		if i := slices.IndexFunc(left, func(s *sighting) bool { return r.is(s, slack+sc.late) }); i >= 0 {
			left = slices.Delete(left, i, i+1)
		} else {
			missing = append(missing, r)
		}
	}
	if len(missing) > 0 || len(left) > 0 {
		t.Errorf("there rang %s; want %s", strings.Join(seen, ", "), sc.row.rings)
	}
	if sc.row.hears != "" && sc.heard != sc.row.hears {
		t.Errorf("the caller heard %s, want %s", sc.heard, sc.row.hears)
	}
	if sc.ends != sc.row.ends {
		t.Errorf("it ends %s, want %s", sc.ends, sc.row.ends)
	}
	sc.judgeReasons(t)
	sc.judgeRecord(t)
	sc.judgeSimulator(t, turns)
}

// judgeReasons checks that phones that were left because somebody else took the call hear of
// it (RFC 3326), so that they list no missed call, and others do not.
func (sc *scene) judgeReasons(t *testing.T) {
	t.Helper()
	end, legs, _ := strings.Cut(sc.row.cdr, "; ")
	legs, _, _ = strings.Cut(legs, "; ")
	want, told := map[string]int{}, map[string]int{}
	for leg := range strings.SplitSeq(legs, ", ") {
		who, outcome, _ := strings.Cut(leg, " ")
		if strings.HasPrefix(end, "answered") && (outcome == "CANCEL" || outcome == "") {
			want[who]++ // one may have rung before that, in vain
		}
	}
	left := map[string][]string{}
	for _, s := range sc.rung() {
		if s.own || !deviceName.MatchString(s.who) || sc.abandoned() {
			continue
		}
		reason := s.call.HangupReason()
		left[s.who] = append(left[s.who], reason)
		if strings.Contains(reason, "SIP") && strings.Contains(reason, "cause=200") {
			told[s.who]++
		}
	}
	for who, reasons := range left {
		if told[who] != want[who] {
			t.Errorf("%s is left with the reasons %q; want %d taken elsewhere", who, reasons, want[who])
		}
	}
}

// abandoned reports whether somebody gives up a call to a second phone in the row.
func (sc *scene) abandoned() bool {
	return slices.ContainsFunc(slices.Collect(maps.Values(sc.people)), func(p *actor) bool { return p.then == "abandons" })
}

// rung are the calls that arrived, without those that people placed.
func (sc *scene) rung() (out []*sighting) {
	for _, s := range sc.seen {
		if s.call.Incoming() {
			out = append(out, s)
		}
	}
	return out
}

// judgeRecord finds the record of the call, the first since it began, and compares it.
func (sc *scene) judgeRecord(t *testing.T) {
	t.Helper()
	query := "/cdrs?limit=100&from=" + url.QueryEscape(sc.began.Truncate(time.Millisecond).UTC().Format(time.RFC3339Nano))
	got := ""
	err := waitError(func() string {
		var page struct{ Items []CDR }
		if err := sc.Client.Do(context.WithoutCancel(t.Context()), "GET", Tenant+query, nil, &page); err != nil {
			return err.Error()
		}
		for _, c := range slices.Backward(page.Items) {
			if c.Dialled == sc.row.dials && sc.nameOf(c.From.Device, c.From.Number) == sc.caller {
				got = sc.recordText(c)
				if c.Answered != nil && c.Billable > c.Duration+0.01 || c.Answered == nil && c.Billable != 0 {
					return fmt.Sprintf("the times do not fit: %+v", c)
				}
				if len(c.Rules) == 0 {
					return fmt.Sprintf("no rule: %+v", c)
				}
				return ""
			}
		}
		return fmt.Sprintf("no record of the call from %s to %s", sc.caller, sc.row.dials)
	})
	if err != nil {
		t.Error(err)
	}
	if got != sc.row.cdr {
		t.Errorf("the record says %q, want %q", got, sc.row.cdr)
	}
}

// recordText is a record as rows write it.
func (sc *scene) recordText(c CDR) string {
	out := c.Outcome
	if c.AnsweredBy != nil {
		out += " by " + sc.nameOf(c.AnsweredBy.Device, c.AnsweredBy.Number)
	}
	var legs []string
	for _, l := range c.Called {
		legs = append(legs, strings.TrimSpace(sc.nameOf(l.Device, l.Number)+" "+l.Outcome))
	}
	slices.Sort(legs)
	if len(legs) > 0 {
		out += "; " + strings.Join(legs, ", ")
	}
	if len(c.Via) > 0 {
		out += "; via " + strings.Join(c.Via, " ")
	}
	if c.Recording != "" {
		out += "; recorded"
	}
	if c.Incomplete {
		out += "; incomplete"
	}
	return out
}

// nameOf is what rows call a device or a number outside.
func (s *stage) nameOf(device, number string) string {
	for _, n := range []string{device, number} {
		if name := mobileBy(cmp.Or(s.numbers[n], n)); name != "" {
			return name
		}
	}
	return cmp.Or(device, number)
}

func mobileBy(number string) string {
	for name, n := range Mobiles {
		if n == number {
			return name
		}
	}
	return ""
}
