package calls

import (
	"slices"
	"strings"
	"time"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// view is a copy for readers.
func (c *trackedCall) view() pbx.LiveCall {
	v := c.LiveCall
	v.Rules, v.Via = slices.Clone(c.Rules), slices.Clone(c.Via)
	v.Legs = make([]pbx.CallLeg, len(c.legs))
	for i, l := range c.legs {
		v.Legs[i] = l.CallLeg
	}
	return v
}

// record is what remains of a call that has ended.
func (c *trackedCall) record(at time.Time) *pbx.CDR {
	r := &pbx.CDR{CallID: c.ID, Tenant: c.Tenant, From: c.From, Dialled: c.Dialled, By: c.By, Via: c.Via, Rules: c.Rules,
		Started: pbx.Millis(c.Started), Answered: pbx.Millis(c.Answered), Ended: pbx.Millis(at),
		Incomplete: c.Incomplete, RecordedOn: c.recordedOn}
	for _, l := range c.legs {
		if !l.Caller {
			r.Called = append(r.Called, l.CallLeg)
		}
	}
	if r.Answered.IsZero() && !c.click() && !c.inQueue() {
		r.Answered = pbx.Millis(c.callerUp) // by voicemail, or a service such as *97
	}
	r.Outcome = c.outcome()
	return r
}

// inVoicemail reports whether the caller was last seen leaving a message.
func (c *trackedCall) inVoicemail() bool {
	inFallback := strings.HasPrefix(c.callerContext, pbx.FallbackContext(""))
	return c.callerContext == pbx.VoicemailContext || inFallback && c.callerExten != pbx.VoicemailCode
}

// inQueue reports whether the caller was last seen waiting in a queue.
func (c *trackedCall) inQueue() bool { return c.callerContext == pbx.WaitContext }

// outcome says in one word how the call ended.
func (c *trackedCall) outcome() pbx.CallOutcome {
	up := !c.callerUp.IsZero() && !c.click()
	switch {
	case c.tested != "":
		return c.tested
	case !c.Answered.IsZero():
		return pbx.CallAnswered
	case up && c.inVoicemail():
		return pbx.CallVoicemail
	case c.refused: // not every SIP answer has a cause of its own
		return pbx.CallRefused
	case c.hungUp:
		return pbx.CallCancelled
	}
	if up && c.inQueue() {
		return pbx.CallCancelled
	}
	if o, known := pbx.OutcomeOfCause(c.callerCause); known {
		return o
	}
	if up && c.lastDial == "" { // a service, such as *97
		return pbx.CallAnswered
	}
	switch c.lastDial {
	case pbx.OutcomeNoAnswer:
		return pbx.CallNoAnswer
	case pbx.OutcomeBusy:
		return pbx.CallBusy
	case pbx.OutcomeUnreachable, pbx.OutcomeCongestion:
		return pbx.CallUnreachable
	}
	return pbx.CallCancelled
}
