package pbx

import (
	"fmt"
	"slices"
	"strings"
)

// link is one trunk of a chain, of which the next is tried when one does not take a call.
type link struct {
	outlet
	over string // why the trunk is passed over; "" is tried in its turn
	full bool   // passed over because of a bound
}

// open reports whether the trunk is tried.
func (l link) open() bool { return l.over == "" }

// nextTrunk are the final SIP answers after which another trunk is tried: the carrier could
// not put the call through, and nobody has refused it. 401, 403 and 407 are about our account,
// 402 about our money; 406, 415, 488 and 606 about media, 400, 405, 413, 414, 416, 420, 421, 423,
// 493 and 494 about how we ask. 5xx are the carrier's own faults, see NextTrunk. What tells of
// the number or of a person is not here (404, 410, 480, 484 to 487, 433, 600, 603, 604, 607,
// 608), nor what ends circles (482, 483).
var nextTrunk = []int{400, 401, 402, 403, 405, 406, 407, answerTimeout, 413, 414, 415, 416, 420,
	421, 423, 488, 493, 494, 606}

// answerTimeout ends a call that rang for too long, or that the carrier was silent about.
const answerTimeout = 408

// NextTrunk returns the SIP answers below 500 and above 599 after which another trunk is
// tried; all between are. 408 is one only while nothing has rung; the dialplan is made of it.
func NextTrunk() []int { return nextTrunk }

// goesOn reports whether the next trunk is tried after one that a dial ended so. A call for
// help goes on as long as nobody has answered.
func (r routing) goesOn(answer int, o Outcome, help bool) bool {
	switch {
	case o == OutcomeAnswer || o == OutcomeCancel:
		return false
	case help:
		return true
	case answer == 0: // the carrier was not reached
		return o == OutcomeUnreachable || o == OutcomeCongestion
	case answer == answerTimeout:
		return !r.c.Rang
	}
	return answer/100 == 5 || slices.Contains(nextTrunk, answer)
}

// chain returns the trunks that a call outside tries, in order, and why others are passed
// over. A call that has come back has the chain that it began with: a position in it means
// the same trunk, whatever has changed meanwhile.
func (r routing) chain(ways []outlet, help bool) (chain []link, over []link) {
	if r.c.Resumed {
		return r.recalledChain(ways, help), nil
	}
	var last []link
	chain = make([]link, 0, len(ways))
	for _, o := range ways {
		l := r.linkOf(o)
		switch {
		case help && (o.trunk.Disabled || !l.open()), l.open() && r.signedOut(o.trunk):
			last = append(last, link{outlet: o})
		case !l.open():
			over = append(over, l)
		default:
			chain = append(chain, l)
		}
	}
	return append(chain, last...), over
}

// recalledChain is the chain that Order names. Without one the call began with a single trunk,
// and has tried it: whatever trunks there are by now, no second one belongs to its chain.
func (r routing) recalledChain(ways []outlet, help bool) (out []link) {
	add := func(o outlet) {
		l := link{outlet: o}
		if !help {
			l = r.linkOf(o)
		}
		out = append(out, l)
	}
	if r.c.Order == "" {
		add(ways[0])
		return out
	}
	for endpoint := range strings.SplitSeq(r.c.Order, orderMark) {
		i := slices.IndexFunc(ways, func(o outlet) bool { return o.trunk.Endpoint == endpoint })
		if i < 0 { // its place is kept
			gone := &Trunk{Tenant: r.c.Tenant, Name: "that is gone", Endpoint: endpoint}
			out = append(out, link{outlet: outlet{trunk: gone}, over: "a trunk is gone"})
			continue
		}
		add(ways[i])
	}
	return out
}

// linkOf says whether a trunk is passed over now.
func (r routing) linkOf(o outlet) link {
	l, t := link{outlet: o}, o.trunk
	switch why := r.trunkFull(t, 0); {
	case !dialable(t.Endpoint):
		l.over = fmt.Sprintf("trunk %s has no endpoint", t.Name)
	case why != "":
		l.over, l.full = why, true
	case r.c.Out[t.Endpoint]:
		l.over = fmt.Sprintf("trunk %s is taken to be out of order", t.Name)
	case r.silent(t):
		l.over = fmt.Sprintf("trunk %s is out of order: its carrier does not answer OPTIONS", t.Name)
	}
	return l
}

// signedOut reports whether a trunk registers and its carrier does not have it. Such a trunk
// comes last: some carriers take its calls all the same.
func (r routing) signedOut(t *Trunk) bool {
	return t.Register && r.c.Live != nil && !r.c.Live.SignedIn(t.Endpoint)
}

// orderOf is the Order of a plan with this chain; "" where there is nothing to tell apart.
func orderOf(chain []link, trunks int) string {
	if trunks < 2 {
		return ""
	}
	endpoints := make([]string, len(chain))
	for i, l := range chain {
		endpoints[i] = l.trunk.Endpoint
	}
	return strings.Join(endpoints, orderMark)
}

// closed is the plan of a call for which no trunk is open.
func closed(over []link) Plan {
	p := hangup(CauseCongestion, "%s", reasons(over))
	p.Steps[0].AtBound = slices.ContainsFunc(over, func(l link) bool { return l.full })
	return p
}

func reasons(over []link) string {
	out := make([]string, len(over))
	for i, l := range over {
		out[i] = l.over
	}
	return strings.Join(out, "; ")
}

// nexts names the steps behind each link by outcome: the next open trunk, or one of the ends
// that stand behind the chain.
func (r routing) nexts(chain []link, help bool) []Next {
	n := len(chain)
	ends := follow(n, n+1, n+2, n+3)
	ends.set(OutcomeUnallocated, n+4)
	ends.set(OutcomeChanged, n+5)
	ends.set(OutcomeIncomplete, n+6)
	usual := r.onward(r.c.Answer, help)
	out, on := make([]Next, n), 0
	for i := n - 1; i >= 0; i-- {
		out[i] = ends
		if on > 0 {
			out[i].set(OutcomeDeclined, ends.To(OutcomeUnreachable))
			for _, o := range r.taken(usual, chain[i].trunk, help) {
				out[i].set(o, on)
			}
		}
		if chain[i].open() {
			on = i
		}
	}
	return out
}

// taken are the usual outcomes after which the next trunk is tried, but that of the answer that
// a simulation takes the carrier to give: the answer decides.
func (r routing) taken(usual []Outcome, t *Trunk, help bool) []Outcome {
	o := r.assumed(t)
	if o == "" {
		return usual
	}
	out := slices.DeleteFunc(slices.Clone(usual), func(u Outcome) bool { return u == o })
	if r.goesOn(r.c.Carriers[t.Endpoint], o, help) {
		out = append(out, o)
	}
	return out
}

// assumed is the outcome of a dial on a trunk that a simulation takes for granted; "" for none.
func (r routing) assumed(t *Trunk) Outcome {
	if says := r.c.Carriers[t.Endpoint]; says != 0 {
		return outcomeOfAnswer(says)
	}
	return ""
}

// onward are the outcomes of a dial on one trunk after which the next is tried.
func (r routing) onward(answer int, help bool) (out []Outcome) {
	for _, o := range outcomes {
		if o != OutcomePlayed && r.goesOn(answer, o, help) {
			out = append(out, o)
		}
	}
	return out
}

// chainEnds is how many ends stand behind a chain.
const chainEnds = 7

// endChain adds the ends of a call that no trunk of a chain took, in the order of nexts. Their
// rules are not formatted: every call outside has all of them.
func (r routing) endChain(steps []Step, carrier, number string) []Step {
	return append(steps,
		endStep(CauseNoAnswer, number+" did not answer"),
		r.notThrough(carrier, number),
		endStep(CauseBusy, number+" is busy"+r.said()),
		endStep(CauseNormal, "the call to "+number+" has ended"),
		endStep(CauseUnallocated, carrier+" knows no number "+number+r.said()),
		endStep(CauseChanged, carrier+" says that "+number+" is not in use any more"),
		endStep(CauseInvalidNumberFormat, carrier+" says that "+number+" is no whole number"))
}

// passVariable tells legs of their own which trunks are passed over: their endpoints, each
// between two orderMarks.
func (r routing) passVariable(legs []Leg) []Variable {
	several, over := false, ""
	for _, l := range legs {
		if l.Own == nil || len(l.Own.Ways) < 2 {
			continue
		}
		several = true
		for _, w := range l.Own.Ways {
			t := r.s.TrunkOf(w.Trunk)
			if t != nil && (!r.linkOf(outlet{trunk: t}).open() || r.signedOut(t)) && !strings.Contains(over, orderMark+w.Trunk+orderMark) {
				over += orderMark + w.Trunk + orderMark
			}
		}
	}
	if !several {
		return nil
	}
	return []Variable{{"__" + PassedVariable, over}}
}
