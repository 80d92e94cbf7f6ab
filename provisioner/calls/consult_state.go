package calls

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/dialtone-pbx/dialtone/ami"
	"github.com/dialtone-pbx/dialtone/provisioner/event"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// consultation is a leg that consults a target, in a call under way. It is kept until its end
// is shown. What happens next is decided by the dialplan, not by it.
type consultation struct {
	by *leg
	to string
}

// consultationBegan notes a consultation as its events will, which come later: the user of
// the API may order the next step at once.
func (t *Tracker) consultationBegan(by, held, to string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := time.Now()
	if ch := t.channels[held]; ch != nil && ch.context != pbx.HeldContext {
		ch.bridge = ""
		t.followPlace(ch, pbx.HeldContext, "s", now)
	}
	if ch := t.channels[by]; ch != nil && ch.context != pbx.ConsultContext {
		ch.bridge = ""
		t.followPlace(ch, pbx.ConsultContext, to, now)
	}
}

// followPlace follows a channel through the dialplan, as far as consultations need. The lock
// is held.
func (t *Tracker) followPlace(ch *channel, context, exten string, now time.Time) {
	was := ch.context
	if context == pbx.BackContext && exten == pbx.OverExtension && ch.exten != exten {
		ch.call.Rules = append(ch.call.Rules, "nobody can be reached: the caller is told so, and the call ends")
	}
	ch.context, ch.exten = context, exten
	if exten != "" {
		ch.picking = context == pbx.PickupContext
	}
	switch {
	case was == context:
	case context == pbx.ConsultContext && ch.leg != nil:
		ch.leg.on(legConsults, now)
		ch.call.consultations = append(ch.call.consultations, consultation{ch.leg, exten})
		ch.call.Rules = append(ch.call.Rules, fmt.Sprintf("%s holds the call and asks %s", nameOf(ch.leg), exten))
		t.tell(ch.call, event.CallAsking, ch.leg)
	case context == pbx.HeldContext:
		t.showWaiting(ch, now)
	case was == pbx.HeldContext && pbx.IsTenantContext(context):
		t.noteTransferred(ch.call, "%s transferred the call to %s while it rang",
			func(a consultation) bool { return a.to == exten })
	}
}

// showWaiting shows the legs at a channel that is held as waiting.
func (t *Tracker) showWaiting(ch *channel, now time.Time) {
	if ch.context != pbx.HeldContext || ch.bridge != "" {
		return
	}
	for _, o := range t.hears(ch) {
		if o.leg != nil {
			o.leg.on(legParted, now)
		}
	}
}

// noteTaken notes that the transferee is taken: by the target, or back by the transferor.
func (t *Tracker) noteTaken(ch *channel) {
	switch {
	case ch.context != pbx.TakeContext || ch.bridge == "":
	case ch.leg == nil:
		t.noteTransferred(ch.call, "%s transferred the call to %s after asking",
			func(a consultation) bool { return strings.HasPrefix(ch.name, consultPrefix(a.to)) })
	default:
		if _, is := ch.call.endConsultation(func(a consultation) bool { return a.by == ch.leg }); is {
			ch.call.Rules = append(ch.call.Rules, nameOf(ch.leg)+" took the call back")
			t.tell(ch.call, event.CallReturned, ch.leg)
		}
	}
}

// noteRecall notes that the transferor's phone is rung again: it hung up while the transferee
// waited.
func (t *Tracker) noteRecall(by, to *channel) {
	if by.context != pbx.HeldContext {
		return
	}
	if _, is := by.call.endConsultation(func(a consultation) bool { return a.by.Device == to.leg.Device }); is {
		by.call.Rules = append(by.call.Rules, nameOf(to.leg)+" hung up while somebody waited, and is rung again")
	}
}

// noteBack notes that a call comes back to the phone that transferred or parked it.
func (t *Tracker) noteBack(by, to *channel) {
	switch by.context {
	case pbx.BackContext:
		by.call.Rules = append(by.call.Rules, "nobody took the call: "+nameOf(to.leg)+", which transferred it, is rung again")
	case pbx.ParkedBackContext:
		by.call.Rules = append(by.call.Rules, "nobody took the parked call: "+nameOf(to.leg)+", which parked it, is rung")
	}
}

// noteTransferred ends the consultation that matches by a transfer. The rule is a format of
// the transferor's name and the target's number.
func (t *Tracker) noteTransferred(c *trackedCall, rule string, matches func(consultation) bool) {
	a, is := c.endConsultation(matches)
	if !is {
		return
	}
	c.Rules = append(c.Rules, fmt.Sprintf(rule, nameOf(a.by), a.to))
	addVia(c, pbx.ViaTransfer)
	t.tell(c, event.CallTransferred, a.by)
}

// endConsultation removes the most recent consultation that matches; false if none does.
func (c *trackedCall) endConsultation(matches func(consultation) bool) (consultation, bool) {
	for i, a := range slices.Backward(c.consultations) {
		if matches(a) {
			c.consultations = slices.Delete(c.consultations, i, i+1)
			return a, true
		}
	}
	return consultation{}, false
}

// consultPrefix begins the names of the Local channels by which a number is consulted.
func consultPrefix(number string) string { return "Local/" + number + "@" + pbx.AskContext + "-" }

// recallAbandoned sends held channels on that nothing can take any more. The dialplan does the
// same, but only when it looks the next time.
func (t *Tracker) recallAbandoned(ctx context.Context, s *ami.Session, list []ami.Channel) error {
	for _, c := range list {
		if !abandoned(c, list) {
			continue
		}
		transferor, err := s.ChannelVar(ctx, c.Name, pbx.AskerVariable)
		if err == nil && !slices.ContainsFunc(list, func(o ami.Channel) bool { return o.Name == transferor }) {
			t.o.Log.Warn("the phone that held a channel is gone: it is rung again", "channel", c.Name, "phone", transferor)
			err = s.Redirect(ctx, c.Name, ami.Place{Context: pbx.HeldContext, Extension: pbx.LeftExtension})
		}
		if err != nil && !errors.Is(err, ami.ErrNotFound) {
			return fmt.Errorf("looking after channel %s, which is held: %w", c.Name, err)
		}
	}
	return nil
}

// abandoned reports whether a listed channel is held while its call has no channel that takes
// it or leads to the target.
func abandoned(held ami.Channel, list []ami.Channel) bool {
	if held.Context != pbx.HeldContext || held.Exten != "s" {
		return false
	}
	return !slices.ContainsFunc(list, func(o ami.Channel) bool {
		sameBridge := o.BridgeID != "" && o.BridgeID == held.BridgeID
		takes := o.Context == pbx.TakeContext || strings.Contains(o.Name, "@"+pbx.AskContext+"-")
		return o.UniqueID != held.UniqueID && (sameBridge || o.LinkedID == held.LinkedID && takes)
	})
}

// targetOf returns the id of the half of a Local channel that leads from a transferor to the
// target; "" for none. The lock is held.
func (t *Tracker) targetOf(ch *channel) string {
	prefix, found := consultPrefix(ch.exten), ""
	for _, o := range ch.call.channels {
		switch {
		case !strings.HasPrefix(o.name, prefix) || !strings.HasSuffix(o.name, ";1"):
		case o.bridge != "" && o.bridge == ch.bridge:
			return o.id
		case o.bridge == "":
			found = o.id
		}
	}
	return found
}
