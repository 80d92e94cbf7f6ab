package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// simulated is what the simulator says of a place.
type simulated struct {
	At    string
	Steps []struct {
		Does, Rule, Mailbox string
		Rings               []string
		Seconds, Cause      int
		Next                map[string]int
		Then                *simulated
	}
}

// forecast is what the simulator's answer and people's behaviour come to.
type forecast struct {
	turns []turn
	ends  string
	now   time.Duration
	// silent is set when the last that rings does so for its whole time; asks when
	// somebody may be asked to press 1, for which there is time beyond.
	silent, asks bool
}

// lastEnd is when the last phone stops ringing because its time is over.
func lastEnd(turns []turn) (end time.Duration, timed bool) {
	for _, r := range turns {
		if r.to > end {
			end, timed = r.to, true
		}
	}
	return end, timed
}

// causes are the SIP status that Asterisk makes of a Q.850 cause.
var causes = map[int]string{1: "404", 17: "486", 19: "480", 20: "480", 21: "403", 34: "503"}

// judgeSimulator asks the simulator what happens to the call, and compares that
// with what the row says.
func (sc *scene) judgeSimulator(t *testing.T, turns []turn) {
	t.Helper()
	question := object{"from": sc.caller, "to": sc.row.dials, "when": sc.began.Format(time.RFC3339)}
	if number := mobiles[sc.caller]; number != "" {
		question["from"] = number
	}
	if busy := sc.engaged(); len(busy) > 0 {
		question["busy"] = busy
	}
	f := &forecast{}
	if err := sc.ask(t, f, question); err != nil {
		t.Error(err)
		return
	}
	for _, p := range sc.people {
		if to := p.transfers + p.announces; to != "" && f.ends == "with "+p.name {
			if err := sc.ask(t, f, object{"from": sc.caller, "to": to}); err != nil {
				t.Error(err)
			}
		}
	}
	if end, timed := lastEnd(turns); timed && f.silent && !near(end, f.now) && !(f.asks && end < f.now) {
		t.Errorf("the simulator says that it rings for %v in all, not %v", f.now, end)
	}
	left, want := slices.Clone(f.turns), sc.row.ends
	for _, r := range turns {
		i := slices.IndexFunc(left, func(o turn) bool {
			return o.who == r.who && (r.any || o.any || near(o.from, r.from)) && (r.to < 0 || r.to <= o.to+slack)
		})
		if i < 0 {
			t.Errorf("the simulator does not say that %s rings at %v: %v", r.who, r.from, f.turns)
			continue
		}
		left = slices.Delete(left, i, i+1)
	}
	if len(left) > 0 {
		t.Errorf("the simulator says that others ring: %v", left)
	}
	refused := len(f.ends) == 3 && want == "hung up" // a caller who is through already
	if f.ends != want && !refused && !(f.ends == "taken elsewhere" && strings.HasPrefix(want, "with ")) {
		t.Errorf("the simulator says that it ends %s", f.ends)
	}
}

// engaged are the extensions whose phones talk already.
func (sc *scene) engaged() (out []string) {
	for _, p := range sc.people {
		if p.talks != "" {
			out = append(out, deviceName.FindStringSubmatch(p.talks)[1])
		}
	}
	return out
}

// ask puts one question and follows the answer.
func (sc *scene) ask(t *testing.T, f *forecast, question object) error {
	var out struct{ Place *simulated }
	if err := sc.api.Do(t.Context(), "POST", tenant+"/simulate", question, &out); err != nil {
		return fmt.Errorf("asking the simulator: %w", err)
	}
	f.ends = ""
	for place, at := out.Place, 0; f.ends == ""; {
		if at >= len(place.Steps) {
			return fmt.Errorf("the simulator's plan for %s ends without an end", place.At)
		}
		step := place.Steps[at]
		switch step.Does {
		case "dial":
			outcome := sc.dialled(f, step.Rings, time.Duration(step.Seconds)*time.Second)
			if f.ends == "" {
				at = step.Next[outcome]
			}
		case "play":
			at = step.Next["played"]
		case "forward":
			place, at = step.Then, 0
		case "voicemail":
			f.ends = "mailbox " + step.Mailbox + " unavailable"
			if strings.Contains(step.Rule, " busy") || strings.Contains(step.Rule, "does not want to be disturbed") || strings.Contains(step.Rule, "wants no second one") {
				f.ends = "mailbox " + step.Mailbox + " busy"
			}
		case "messages":
			f.ends = "messages " + step.Mailbox
		case "hangup":
			f.ends = causes[step.Cause]
		case "pickup": // the call that rings is another
			f.ends = causes[step.Cause]
		default:
			f.ends = step.Does
		}
	}
	return nil
}

// dialled says what comes of a step that rings, as people behave: its outcome, or
// where the call ends when somebody answers.
func (sc *scene) dialled(f *forecast, legs []string, d time.Duration) string {
	rank, best := []string{"unreachable", "busy", "no-answer"}, 0
	answered, soonest := "", time.Hour
	for _, leg := range legs {
		name := sc.nameOf(leg, leg)
		p := sc.who(name)
		f.asks = f.asks || mobiles[name] != "" || p.does == "machine"
		switch {
		case p.does == "absent" || p.does == "dead":
			continue
		case p.does == "unseen" || p.does == "machine":
			best = max(best, 2)
			continue
		case p.does == "answers" && p.after < d && p.after < soonest && p.presses != "2":
			answered, soonest = name, p.after
		case p.does == "refuses" || p.presses == "2":
			best = max(best, 1)
		default:
			best = max(best, 2)
		}
		f.turns = append(f.turns, turn{who: name, from: f.now, to: f.now + d, any: f.ends != ""})
	}
	c := sc.who("caller")
	f.silent = best == 2 && answered == ""
	switch {
	case c.does == "leaves" && c.after < d && (answered == "" || c.after < soonest):
		f.ends, f.silent = "487", false
	case answered != "":
		f.ends = "with " + answered
	case best == 2 && sc.takenFrom() != "":
		f.ends, f.silent = "taken elsewhere", false
	case best == 2:
		f.now += d
	}
	return rank[best]
}

// takenFrom is who picks up the call of this row, if somebody does.
func (sc *scene) takenFrom() string {
	for _, p := range sc.people {
		if p.dials != "" && sc.row.ends == "with "+p.name {
			return p.name
		}
	}
	return ""
}
