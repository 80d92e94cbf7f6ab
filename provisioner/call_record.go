package provisioner

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
		v.Legs[i] = *l
	}
	return v
}

// record is what remains of a call that has ended.
func (c *trackedCall) record(at time.Time) *pbx.CDR {
	r := &pbx.CDR{CallID: c.ID, Tenant: c.Tenant, Started: pbx.Millis(c.Started), Ended: pbx.Millis(at), From: c.From, Dialled: c.Dialled, By: c.By,
		Via: c.Via, Rules: c.Rules, Incomplete: c.Incomplete, RecordedOn: c.kept, Answered: pbx.Millis(c.Answered)}
	for _, l := range c.legs {
		if !l.Caller {
			r.Called = append(r.Called, *l)
		}
	}
	if r.Answered.IsZero() && !c.click {
		r.Answered = pbx.Millis(c.callerUp) // by voicemail, or a service such as *97
	}
	r.Outcome = c.outcome()
	return r
}

// outcome says in one word how the call ended.
func (c *trackedCall) outcome() pbx.CallOutcome {
	up := !c.callerUp.IsZero() && !c.click
	switch {
	case !c.Answered.IsZero():
		return pbx.CallAnswered
	case up && c.place == pbx.VoicemailContext, up && strings.HasPrefix(c.place, pbx.FallbackContext("")) && c.exten != pbx.VoicemailCode:
		return pbx.CallVoicemail
	case c.ended:
		return pbx.CallCancelled
	}
	if o, known := pbx.OutcomeOfCause(c.cause); known {
		return o
	}
	if up && c.last == "" { // a service, such as *97
		return pbx.CallAnswered
	}
	switch pbx.Outcome(c.last) {
	case pbx.OutcomeNoAnswer:
		return pbx.CallNoAnswer
	case pbx.OutcomeBusy:
		return pbx.CallBusy
	case pbx.OutcomeUnreachable, pbx.OutcomeCongestion:
		return pbx.CallUnreachable
	}
	return pbx.CallCancelled
}
