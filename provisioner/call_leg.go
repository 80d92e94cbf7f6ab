package provisioner

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/dialtone-pbx/dialtone/ami"
	"github.com/dialtone-pbx/dialtone/provisioner/event"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// notConfirmed is what DialEnd says of a leg that was answered by somebody who did
// not press 1: GOSUB_RESULT of the dialplan that asks.
const notConfirmed = "CONTINUE"

// dialled follows the dialling of one channel by another.
func (t *callTracker) dialled(by, to *channel, v ami.CallEvent, at time.Time) {
	if to.leg == nil {
		return
	}
	if v.Name == "DialEnd" {
		if v.DialStatus == notConfirmed {
			v.DialStatus = string(pbx.OutcomeNoAnswer)
		}
		if to.call.ended && v.DialStatus == string(pbx.OutcomeNoAnswer) {
			v.DialStatus = string(pbx.OutcomeCancel) // which of them Asterisk says then is chance
		}
		if to.leg.Outcome = pbx.Outcome(v.DialStatus); v.DialStatus != string(pbx.OutcomeAnswer) {
			to.call.last = v.DialStatus
		}
		return
	}
	to.leg.Caller = false
	t.recalls(by, to)
	t.named(by, to, v.DialString)
	if by.leg != nil && !hasCaller(by.call) {
		by.call.makeCaller(by, at)
	}
}

// makeCaller says that this leg placed the call.
func (c *trackedCall) makeCaller(ch *channel, at time.Time) {
	ch.leg.Caller, ch.leg.Outcome = true, ""
	c.From, c.click, c.last = ch.leg.CallParty, false, ""
	if ch.picked {
		c.callerUp = at
	}
}

// named completes whom a dialled channel reaches: outside, the number that was
// dialled; on behalf of whom, the name of the leg says.
func (t *callTracker) named(by, to *channel, dialString string) {
	if number, _, outside := strings.Cut(dialString, "@"); outside {
		to.leg.Number, to.leg.Name = number, ""
	}
	leg, isLeg := strings.CutPrefix(by.name, "Local/")
	if !isLeg || to.leg.Device != "" {
		return
	}
	leg, _, _ = strings.Cut(leg, "@")
	s := t.snapshot()
	if d := s.DeviceOf(leg); d != nil {
		to.leg.Device, to.leg.Extension = d.Name, d.Extension
	} else if part := strings.Split(leg, "."); len(part) == 3 && s.Extension(part[1], part[2]) != nil {
		to.leg.Extension = part[2]
	}
}

// takenUp notes that a channel went up. A called leg is through only when it is
// bridged: before, its owner may still have to press 1.
func (t *callTracker) takenUp(ch *channel, at time.Time) {
	if ch.leg == nil {
		return
	}
	if ch.leg.State == pbx.LegRinging {
		ch.leg.State, ch.leg.Since = pbx.LegAnswering, at
	}
	if ch.leg.Caller && ch.call.callerUp.IsZero() {
		ch.call.callerUp = at
	}
}

// held follows the hold key of a phone.
func (t *callTracker) held(ch *channel, on bool, at time.Time) {
	if ch.leg == nil || on == (ch.leg.State == pbx.LegHeld) || ch.leg.State != pbx.LegUp && ch.leg.State != pbx.LegHeld {
		return
	}
	ch.leg.State, ch.leg.Since = pbx.LegUp, at
	if on {
		ch.leg.State = pbx.LegHeld
	}
}

// connected looks who talks with whom after a channel came into a bridge. Two
// phones are through when they meet, directly or across Local channels.
func (t *callTracker) connected(ch *channel, at time.Time) {
	var real []*channel
	for _, o := range t.meets(ch) {
		if o.leg != nil {
			real = append(real, o)
		}
	}
	if len(real) < 2 {
		return
	}
	for _, o := range real {
		switch {
		case o.leg.State == pbx.LegAsking && o.context == pbx.ConsultContext: // talks with who was asked
		case o.leg.State != pbx.LegUp && o.leg.State != pbx.LegHeld:
			o.leg.State, o.leg.Since = pbx.LegUp, at
		}
		if o.leg.Answered.IsZero() {
			o.leg.Answered = at
			t.answered(o, at)
		}
	}
}

// answered notes that a leg is through for the first time.
func (t *callTracker) answered(ch *channel, at time.Time) {
	c := ch.call
	if ch.leg.Caller {
		return
	}
	ch.leg.Outcome = pbx.OutcomeAnswer
	if c.Answered.IsZero() {
		c.Answered = at
	}
	if c.By == (pbx.CallParty{}) {
		c.By = ch.leg.CallParty
	}
	if ch.leg.Extension != "" && !c.Incomplete {
		t.took(c.Tenant, ch.leg.Extension, at)
	}
	t.tell(c, event.CallTaken, ch.leg)
}

// meets returns the channels that hear each other with ch.
func (t *callTracker) meets(ch *channel) []*channel {
	found := []*channel{ch}
	for i := 0; i < len(found); i++ {
		at := found[i]
		for _, o := range at.call.channels {
			if near := at.bridge != "" && o.bridge == at.bridge || at.half == o.id; near && !slices.Contains(found, o) {
				found = append(found, o)
			}
		}
		// Across two calls that Asterisk is about to join.
		if half := t.channels[at.half]; half != nil && !slices.Contains(found, half) {
			found = append(found, half)
		}
	}
	return found
}

// pickedUp lets the channel that dialled the pickup code take the place of the
// one that rang. Its own call was no more than that.
func (t *callTracker) pickedUp(by, rang *channel, at time.Time) {
	if by.leg == nil || by.call == rang.call {
		return
	}
	by.call.dropped = true
	by.leg.Caller, by.leg.Via = false, pbx.ViaPickup
	t.move(by, rang.call, at)
	t.via(rang.call, pbx.ViaPickup)
}

// transferred notes a transfer that came about.
func (t *callTracker) transferred(ch *channel, v ami.CallEvent) {
	if v.Result != "Success" {
		return
	}
	t.via(ch.call, pbx.ViaTransfer)
	if v.Exten != "" {
		ch.call.Rules = append(ch.call.Rules, fmt.Sprintf("%s transferred the call to %s", who(ch.leg), v.Exten))
	}
	t.tell(ch.call, event.CallTransferred, ch.leg)
}

func who(l *pbx.CallLeg) string {
	switch {
	case l != nil && l.Extension != "":
		return "extension " + l.Extension
	case l != nil && l.Number != "":
		return l.Number
	}
	return "somebody"
}

func (t *callTracker) via(c *trackedCall, v pbx.CallVia) {
	if !slices.Contains(c.Via, v) {
		c.Via = append(c.Via, v)
	}
}
