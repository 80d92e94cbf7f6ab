package truth

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	. "github.com/dialtone-pbx/dialtone/cmd/sandbox/lab"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// simulated is what the simulator says of a place.
type simulated struct {
	At    string
	Steps []struct {
		Does, Rule, Mailbox string
		Ends                string
		Legs                []simulatedLeg
		Cause               int
		Next                map[string]int
		Then                *simulated
	}
}

type simulatedLeg struct {
	Rings          string
	After, Seconds int
}

// forecast is what the simulator's answer and people's behaviour come to.
type forecast struct {
	turns   []turn
	ends    string
	now     time.Duration
	trouble error
}

// saysBusy are rules by which a mailbox greets as busy.
var saysBusy = regexp.MustCompile(` busy|does not want to be disturbed|wants no second one`)

// causes are the SIP status that Asterisk makes of a Q.850 cause.
var causes = map[int]string{1: "404", 22: "410", 28: "484", 17: "486", 19: "480", 20: "480", 21: "403", 34: "503"}

// saidByCarriers are outcomes of numbers that carriers put through to nobody.
var saidByCarriers = map[string]string{"unallocated": "no-such-number", "changed": "number-changed",
	"incomplete": "incomplete"}

// simulate asks the simulator what will happen to the call, and to one that is
// transferred.
func (sc *scene) simulate(ctx context.Context) *forecast {
	question := Object{"from": sc.caller, "to": sc.row.dials}
	if number := Mobiles[sc.caller]; number != "" {
		question["from"] = number
	}
	if busy := sc.engaged(); len(busy) > 0 {
		question["busy"] = busy
	}
	f := &forecast{}
	if f.trouble = sc.ask(ctx, f, question); f.trouble != nil {
		return f
	}
	for _, p := range sc.people {
		if to := p.sent(); to != "" && f.ends == "with "+p.name {
			question["to"] = to
			f.trouble = sc.ask(ctx, f, question)
			f.comesBack(p)
		}
	}
	return f
}

// comesBack is what the simulator does not know: a transferor gets the call back unless the
// target takes it, over the API and by the transfer key.
func (f *forecast) comesBack(p *actor) {
	if p.then == "abandons" {
		f.turns = append(f.turns, turn{who: p.name, to: -1, any: true})
	}
	if p.consults != "" && p.then != "completes" && p.then != "departs" {
		f.ends = "with " + p.name
	}
	if p.consults == "" && len(f.ends) == 3 { // the call that was sent on is refused
		f.turns = append(f.turns, turn{who: p.name, to: -1, any: true})
		f.ends = "with " + p.name
	}
}

// judgeSimulator compares what the simulator said with what the row says.
func (sc *scene) judgeSimulator(t *testing.T, turns []turn) {
	t.Helper()
	f, want := sc.forecast, sc.row.ends
	if f == nil || f.trouble != nil {
		t.Errorf("the simulator: %+v", f)
		return
	}
	for _, p := range sc.people {
		if p.again != "" || p.redirects != "" { // it is asked about one call at a time, and no phone's own forward
			return
		}
	}
	left := slices.Clone(f.turns)
	for _, r := range turns {
		i := slices.IndexFunc(left, r.foreseen)
		if i < 0 {
			t.Errorf("the simulator does not say that %s rings from %v to %v: %v", r.who, r.from, r.to, f.turns)
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

// foreseen reports whether a turn of a forecast is this one of a row.
func (r turn) foreseen(o turn) bool {
	begins := r.any || o.any || near(o.from, r.from, slack)
	ends := r.to < 0 || near(o.to, r.to, slack) || !o.whole && r.to < o.to
	return o.who == r.who && begins && ends
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
func (sc *scene) ask(ctx context.Context, f *forecast, question Object) error {
	var out struct{ Place *simulated }
	if err := sc.Client.Do(ctx, "POST", Tenant+"/simulate", question, &out); err != nil {
		return fmt.Errorf("asking the simulator: %w", err)
	}
	later := f.ends != ""
	f.ends = ""
	for place, at := out.Place, 0; f.ends == ""; {
		if at >= len(place.Steps) {
			return fmt.Errorf("the simulator's plan for %s ends without an end", place.At)
		}
		step := place.Steps[at]
		switch step.Does {
		case "dial":
			outcome := sc.dialled(f, step.Legs, later)
			if f.ends == "" {
				at = step.Next[outcome]
			}
		case "page":
			sc.dialled(f, step.Legs, later)
			f.ends = "paging"
		case "queue":
			if at = sc.queued(f, step.Next); at == 0 {
				f.ends = sc.row.ends
			}
		case "play":
			at = step.Next["played"]
		case "forward":
			place, at = step.Then, 0
		case "voicemail":
			f.ends = "mailbox " + step.Mailbox + " unavailable"
			if saysBusy.MatchString(step.Rule) && !strings.Contains(step.Rule, "which forwarded the call") {
				f.ends = "mailbox " + step.Mailbox + " busy"
			}
			if strings.Contains(step.Rule, "after announcement ") {
				f.ends = "mailbox " + step.Mailbox + " greeted"
			}
		case "messages":
			f.ends = "messages " + step.Mailbox
		case "hangup":
			f.ends = causes[step.Cause]
			if unexplained.MatchString(step.Rule) && sc.saysWhy() {
				f.ends = sc.row.ends // which the simulator cannot know
			}
		case "pickup": // the call that rings is another
			f.ends = causes[step.Cause]
		case "setting", "announce":
			f.ends = "hung up"
		case "monitor":
			f.ends = "monitor " + step.Rule[strings.LastIndexByte(step.Rule, ' ')+1:]
		case "park":
			if f.ends = "taken elsewhere"; sc.takenFrom() == nil {
				f.ends = causes[pbx.CauseAbsent]
			}
		default:
			f.ends = step.Does
		}
	}
	return nil
}

// unexplained are rules for the end of a call that was not put through.
var unexplained = regexp.MustCompile(`did not put the call to .* through|cannot be reached`)

// saysWhy reports whether a phone or the carrier says in the row why it takes no call.
func (sc *scene) saysWhy() bool {
	for _, p := range sc.people {
		if p.says != "" {
			return true
		}
	}
	return false
}

// dialled says what comes of a step that rings, as people behave: its outcome, or
// where the call ends when somebody answers. later is set for a second step of a
// row, whose time depends on people.
func (sc *scene) dialled(f *forecast, legs []simulatedLeg, later bool) string {
	rank, best := []string{"unreachable", "busy", "no-answer"}, 0
	answered, soonest, longest := "", time.Hour, time.Duration(0)
	first, begin := len(f.turns), f.now
	for _, leg := range legs {
		name := sc.nameOf(leg.Rings, leg.Rings)
		p, after, d := sc.who(name), time.Duration(leg.After)*time.Second, time.Duration(leg.Seconds)*time.Second
		switch {
		case p.does == "absent" || p.does == "dead":
			continue
		case p.says != "" && deviceName.MatchString(name):
			f.turns = append(f.turns, turn{who: name, from: f.now + after, to: f.now + after + d, any: later})
			continue
		case p.says != "":
			return rank[0]
		case saidByCarriers[p.does] != "":
			return saidByCarriers[p.does]
		case p.does == "answers" && p.after < d && after+p.after < soonest && p.presses != "2":
			answered, soonest = name, after+p.after
		case p.does == "refuses" || p.does == "declines" || p.does == "dnd" || p.presses == "2":
			best = max(best, 1)
		default:
			best, longest = 2, max(longest, after+d)
		}
		if p.does != "unseen" && p.does != "machine" {
			f.turns = append(f.turns, turn{who: name, from: f.now + after, to: f.now + after + d, any: later})
		}
	}
	c := sc.who("caller")
	until := longest
	switch {
	case c.does == "leaves" && c.after < min(longest, soonest):
		f.ends, until = "487", c.after
	case answered != "":
		f.ends, until = "with "+answered, soonest
	case best == 2 && sc.takenFrom() != nil:
		f.ends, until = "taken elsewhere", sc.takenFrom().after
	case best == 2:
		f.now += longest
	}
	for i := range f.turns[first:] {
		r := &f.turns[first+i]
		r.whole = best == 2 && r.to <= begin+until
	}
	// Who would only ring when the call is somewhere else already does not.
	f.turns = slices.DeleteFunc(f.turns, func(r turn) bool { return f.ends != "" && r.from > begin+until && !later })
	return rank[best]
}

// takenFrom is who picks up the call of this row, if somebody does.
func (sc *scene) takenFrom() *actor {
	for _, p := range sc.people {
		if p.dials != "" && sc.row.ends == "with "+p.name {
			return p
		}
	}
	return nil
}
