package calls

import (
	"time"

	"github.com/dialtone-pbx/dialtone/ami"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// leg is one phone or line in a call. State is written by to alone, Outcome by end alone.
type leg struct{ pbx.CallLeg }

// legEvent is an event that may change the state of a leg.
type legEvent string

// The events, with what Asterisk tells.
const (
	legOffHook   legEvent = "off hook"  // Newstate Up: before, its phone rings
	legConnected legEvent = "connected" // BridgeEnter: hears another phone or line, not as in a consultation
	legHeld      legEvent = "held"      // Hold
	legResumed   legEvent = "resumed"   // Unhold
	legConsults  legEvent = "consults"  // came to ConsultContext
	legParted    legEvent = "parted"    // came to HeldContext, or hears only a channel there, and in no bridge
	legHungUp    legEvent = "hung up"   // Hangup
)

// legStates is the state machine of a leg: the state that an event leads to. A leg begins as
// ringing. A state that an event does not name stays as it is.
//
// A leg is up only once it is connected: the owner of one that is off hook may still have to
// press 1. Its phone holds and resumes only a leg that is up.
var legStates = map[legEvent]map[pbx.LegState]pbx.LegState{
	legOffHook: {pbx.LegRinging: pbx.LegAnswering},
	legConnected: {
		pbx.LegRinging: pbx.LegUp, pbx.LegAnswering: pbx.LegUp, pbx.LegWaiting: pbx.LegUp, pbx.LegAsking: pbx.LegUp,
	},
	legHeld:    {pbx.LegUp: pbx.LegHeld},
	legResumed: {pbx.LegHeld: pbx.LegUp},
	legConsults: {
		pbx.LegRinging: pbx.LegAsking, pbx.LegAnswering: pbx.LegAsking,
		pbx.LegUp: pbx.LegAsking, pbx.LegHeld: pbx.LegAsking,
		pbx.LegWaiting: pbx.LegAsking,
	},
	legParted: {
		pbx.LegRinging: pbx.LegWaiting, pbx.LegAnswering: pbx.LegWaiting,
		pbx.LegUp: pbx.LegWaiting, pbx.LegHeld: pbx.LegWaiting,
	},
	legHungUp: {
		pbx.LegRinging: pbx.LegEnded, pbx.LegAnswering: pbx.LegEnded,
		pbx.LegUp: pbx.LegEnded, pbx.LegHeld: pbx.LegEnded,
		pbx.LegWaiting: pbx.LegEnded, pbx.LegAsking: pbx.LegEnded,
	},
}

func newLeg(id string, p pbx.CallParty, at time.Time) *leg {
	l := &leg{pbx.CallLeg{ID: id, CallParty: p, Started: at}}
	l.to(pbx.LegRinging, at)
	return l
}

// on lets an event change the state.
func (l *leg) on(e legEvent, at time.Time) {
	if next, changes := legStates[e][l.State]; changes {
		l.to(next, at)
	}
}

func (l *leg) to(state pbx.LegState, at time.Time) {
	l.State, l.Since = state, at
	if state == pbx.LegEnded {
		l.Ended = at
	}
}

// notConfirmed is what DialEnd says of a leg that was answered without a 1 being pressed:
// GOSUB_RESULT of the dialplan that asks for it.
const notConfirmed = "CONTINUE"

// end notes how the dial of a leg ended: by DialEnd, by an answer, or by a decline. "" is for
// a leg that turns out to be the caller's.
func (l *leg) end(o pbx.Outcome) { l.Outcome = o }

// dialOutcome is what a DialEnd means for the leg that was dialled. Of a call that was hung
// up over the API, chance decides whether Asterisk says NOANSWER or CANCEL.
func dialOutcome(v ami.CallEvent, hungUp bool) pbx.Outcome {
	o := pbx.Outcome(v.DialStatus)
	if o == notConfirmed {
		o = pbx.OutcomeNoAnswer
	}
	if hungUp && o == pbx.OutcomeNoAnswer {
		o = pbx.OutcomeCancel
	}
	return o
}

// declined reports whether a phone refused the call, for which DialEnd has no word.
func (l *leg) declined(cause int) bool {
	return !l.Caller && cause == pbx.CauseRefused && l.Outcome == pbx.OutcomeNoAnswer
}
