package provisioner

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

// consultation is a phone that asks somebody, in a call under way. It is kept until people
// are told how it ended; how it goes on is where the channels are.
type consultation struct {
	by *pbx.CallLeg
	to string
}

// asks notes a consultation that has begun, as its events will: whoever ordered it may
// order the next thing at once.
func (t *callTracker) asks(by, held, to string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := time.Now()
	if ch := t.channels[held]; ch != nil && ch.context != pbx.HeldContext {
		ch.bridge = ""
		t.at(ch, pbx.HeldContext, "s", now)
	}
	if ch := t.channels[by]; ch != nil && ch.context != pbx.ConsultContext {
		ch.bridge = ""
		t.at(ch, pbx.ConsultContext, to, now)
	}
}

// at follows a channel through the dialplan, as far as consultations go. The lock is
// held.
func (t *callTracker) at(ch *channel, context, exten string, now time.Time) {
	was := ch.context
	ch.context, ch.exten = context, exten
	switch {
	case was == context:
	case context == pbx.ConsultContext && ch.leg != nil:
		ch.leg.State, ch.leg.Since = pbx.LegAsking, now
		ch.call.asked = append(ch.call.asked, consultation{ch.leg, exten})
		ch.call.Rules = append(ch.call.Rules, fmt.Sprintf("%s holds the call and asks %s", who(ch.leg), exten))
		t.tell(ch.call, event.CallAsking, ch.leg)
	case context == pbx.HeldContext:
		t.waits(ch, now)
	case was == pbx.HeldContext && pbx.IsTenantContext(context):
		t.askedFor(ch.call, "%s transferred the call to %s while it rang", func(a consultation) bool { return a.to == exten })
	}
}

// waits shows the legs at a channel that is held as waiting.
func (t *callTracker) waits(ch *channel, now time.Time) {
	if ch.context != pbx.HeldContext || ch.bridge != "" {
		return
	}
	for _, o := range t.meets(ch) {
		if o.leg != nil && o.leg.State != pbx.LegWaiting && o.leg.State != pbx.LegAsking {
			o.leg.State, o.leg.Since = pbx.LegWaiting, now
		}
	}
}

// takes notes that who was held is taken: back by the phone that asked, or by who was
// asked.
func (t *callTracker) takes(ch *channel) {
	switch {
	case ch.context != pbx.TakeContext || ch.bridge == "":
	case ch.leg == nil:
		t.askedFor(ch.call, "%s transferred the call to %s after asking", func(a consultation) bool { return strings.HasPrefix(ch.name, asksBy(a.to)) })
	default:
		if _, is := ch.call.answers(func(a consultation) bool { return a.by == ch.leg }); is {
			ch.call.Rules = append(ch.call.Rules, who(ch.leg)+" took the call back")
			t.tell(ch.call, event.CallReturned, ch.leg)
		}
	}
}

// recalls notes that the phone is rung again whose owner left somebody waiting.
func (t *callTracker) recalls(by, to *channel) {
	if by.context != pbx.HeldContext {
		return
	}
	if _, is := by.call.answers(func(a consultation) bool { return a.by.Device == to.leg.Device }); is {
		by.call.Rules = append(by.call.Rules, who(to.leg)+" hung up while somebody waited, and is rung again")
	}
}

// askedFor notes that the consultation for which one holds ended in a transfer, by a rule with who
// asked and for whom.
func (t *callTracker) askedFor(c *trackedCall, rule string, one func(consultation) bool) {
	a, is := c.answers(one)
	if !is {
		return
	}
	c.Rules = append(c.Rules, fmt.Sprintf(rule, who(a.by), a.to))
	t.via(c, pbx.ViaTransfer)
	t.tell(c, event.CallTransferred, a.by)
}

// answers ends the last consultation for which one holds; false if there is none.
func (c *trackedCall) answers(one func(consultation) bool) (consultation, bool) {
	for i, a := range slices.Backward(c.asked) {
		if one(a) {
			c.asked = slices.Delete(c.asked, i, i+1)
			return a, true
		}
	}
	return consultation{}, false
}

// asksBy begins the names of the channels by which a number is asked.
func asksBy(number string) string { return "Local/" + number + "@" + pbx.AskContext + "-" }

// recallAbandoned lets channels that are held go on at once when nothing is left that could
// take them. The dialplan does the same, but only when it looks the next time.
func (t *callTracker) recallAbandoned(ctx context.Context, s *ami.Session, list []ami.Channel) error {
	for _, c := range list {
		if !abandoned(c, list) {
			continue
		}
		asker, err := s.ChannelVar(ctx, c.Name, pbx.AskerVariable)
		if err == nil && !slices.ContainsFunc(list, func(o ami.Channel) bool { return o.Name == asker }) {
			t.log.Warn("the phone that held a channel is gone: it is rung again", "channel", c.Name, "phone", asker)
			err = s.Redirect(ctx, c.Name, ami.Place{Context: pbx.HeldContext, Extension: pbx.LeftExtension})
		}
		if err != nil && !errors.Is(err, ami.ErrNotFound) {
			return fmt.Errorf("looking after channel %s, which is held: %w", c.Name, err)
		}
	}
	return nil
}

// abandoned reports whether a listed channel is held while its call has no channel that
// takes it or is dialled to ask.
func abandoned(held ami.Channel, list []ami.Channel) bool {
	if held.Context != pbx.HeldContext || held.Exten != "s" {
		return false
	}
	return !slices.ContainsFunc(list, func(o ami.Channel) bool {
		return o.UniqueID != held.UniqueID && (o.BridgeID != "" && o.BridgeID == held.BridgeID ||
			o.LinkedID == held.LinkedID && (o.Context == pbx.TakeContext || strings.Contains(o.Name, "@"+pbx.AskContext+"-")))
	})
}

// dialledBy returns the half of a Local channel that a phone which asks has dialled,
// by its id; "" for none. The lock is held.
func (t *callTracker) dialledBy(ch *channel) string {
	prefix, found := asksBy(ch.exten), ""
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
