package calls

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/dialtone-pbx/dialtone/ami"
	"github.com/dialtone-pbx/dialtone/provisioner/event"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// dialled follows the dialling of one channel by another.
func (t *Tracker) dialled(by, to *channel, v ami.CallEvent, at time.Time) {
	if to.leg == nil {
		return
	}
	if v.Name == "DialEnd" {
		to.leg.end(dialOutcome(v, to.call.hungUp))
		switch {
		case to.leg.Outcome != pbx.OutcomeAnswer:
			to.call.lastDial = to.leg.Outcome
		case by.leg != nil && by.leg.Caller:
			to.accepted = at
		}
		return
	}
	to.leg.Caller, to.called = false, true
	t.noteRecall(by, to)
	t.noteBack(by, to)
	t.named(by, to, v.DialString)
	if by.leg != nil && !hasCaller(by.call) {
		by.call.makeCaller(by, at)
	}
}

// makeCaller says that this leg placed the call.
func (c *trackedCall) makeCaller(ch *channel, at time.Time) {
	ch.leg.Caller = true
	ch.leg.end("")
	c.From, c.lastDial = ch.leg.CallParty, ""
	if ch.up {
		c.callerUp = at
	}
}

// named completes the party of a dialled channel: outside, by the number that was dialled;
// of a leg that is a call of its own, by the name of the Local channel.
func (t *Tracker) named(by, to *channel, dialString string) {
	if number, _, outside := strings.Cut(dialString, "@"); outside {
		to.leg.Number, to.leg.Name = t.o.Snapshot().CalledBy(to.endpoint, number), ""
	}
	leg, isLeg := strings.CutPrefix(by.name, "Local/")
	if !isLeg || to.leg.Device != "" {
		return
	}
	leg, _, _ = strings.Cut(leg, "@")
	s := t.o.Snapshot()
	tenant := by.call.Tenant
	if d := s.DeviceOf(leg); d != nil && d.Tenant == tenant {
		to.leg.Device, to.leg.Extension = d.Name, d.Extension
	} else if part := strings.Split(leg, "."); len(part) == 3 && part[1] == tenant &&
		s.Extension(part[1], part[2]) != nil {
		to.leg.Extension = part[2]
	}
}

// offHook notes that a channel went up.
func (t *Tracker) offHook(ch *channel, at time.Time) {
	if ch.leg == nil {
		return
	}
	ch.leg.on(legOffHook, at)
	if ch.leg.Caller && ch.call.callerUp.IsZero() {
		ch.call.callerUp = at
	}
}

// holdKey follows the hold key of a phone.
func (t *Tracker) holdKey(ch *channel, on bool, at time.Time) {
	switch {
	case ch.leg == nil:
	case on:
		ch.leg.on(legHeld, at)
	default:
		ch.leg.on(legResumed, at)
	}
}

// connected finds the legs that hear each other after a channel came into a bridge: phones
// and lines that meet in it, directly or across Local channels.
func (t *Tracker) connected(ch *channel, at time.Time) {
	var real []*channel
	for _, o := range t.hears(ch) {
		if o.leg != nil {
			real = append(real, o)
		}
	}
	if len(real) < 2 {
		return
	}
	for _, o := range real {
		if o.context != pbx.ConsultContext { // there it hears the target
			o.leg.on(legConnected, at)
		}
		if o.leg.Answered.IsZero() {
			o.leg.Answered = at
			t.answered(o, at)
		}
	}
}

// answered notes that a leg is connected for the first time.
func (t *Tracker) answered(ch *channel, at time.Time) {
	c := ch.call
	if ch.leg.Caller {
		return
	}
	ch.leg.end(pbx.OutcomeAnswer)
	if c.Answered.IsZero() {
		c.Answered = at
	}
	if c.By == (pbx.CallParty{}) {
		c.By = ch.leg.CallParty
	}
	if ch.leg.Extension != "" && !c.Incomplete {
		t.o.Answered(c.Tenant, ch.leg.Extension, at)
	}
	t.tell(c, event.CallTaken, ch.leg)
}

// answeredBriefly counts the answer of a leg that hung up before Asterisk had bridged it. The
// caller's own dial says that it was confirmed, and that no other leg was answered.
func (t *Tracker) answeredBriefly(ch *channel) {
	if ch.leg.Answered.IsZero() && !ch.accepted.IsZero() {
		ch.leg.Answered = ch.accepted
		t.answered(ch, ch.accepted)
	}
}

// hears returns ch and the channels that it hears and that hear it.
func (t *Tracker) hears(ch *channel) []*channel {
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

// pickedUp notes that a channel took the call of one that rang. Asterisk tells of it once it has
// moved the channel (ast_do_pickup), so that the bridge may have made one call of both already,
// and the other phone may have hung up.
func (t *Tracker) pickedUp(by *channel, rang ami.Channel, at time.Time) {
	if by.leg == nil {
		return
	}
	by.picking, by.leg.Caller, by.leg.Via = true, false, pbx.ViaPickup
	to := t.calls[rang.LinkedID]
	if other := t.channels[rang.UniqueID]; other != nil {
		to = other.call
	}
	if to == nil || to == by.call {
		by.picking = false
		addVia(by.call, pbx.ViaPickup)
		return
	}
	t.move(by, to, at)
}

// transferred notes a transfer that came about.
func (t *Tracker) transferred(ch *channel, v ami.CallEvent) {
	if v.Result != "Success" {
		return
	}
	addVia(ch.call, pbx.ViaTransfer)
	if v.Exten != "" {
		ch.call.Rules = append(ch.call.Rules, fmt.Sprintf("%s transferred the call to %s", nameOf(ch.leg), v.Exten))
	} else {
		ch.call.Rules = append(ch.call.Rules, nameOf(ch.leg)+" transferred the call to the party that it had called")
	}
	t.tell(ch.call, event.CallTransferred, ch.leg)
}

func nameOf(l *leg) string {
	switch {
	case l != nil && l.Extension != "":
		return "extension " + l.Extension
	case l != nil && l.Number != "":
		return l.Number
	}
	return "somebody"
}

func addVia(c *trackedCall, v pbx.CallVia) {
	if !slices.Contains(c.Via, v) {
		c.Via = append(c.Via, v)
	}
}
