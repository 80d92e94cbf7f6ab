package calls

import (
	"cmp"
	"slices"
	"time"

	"github.com/dialtone-pbx/dialtone/ami"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// joins reports whether Asterisk makes one call of the channels in the bridge of an event:
// in those of Dial, of transfers and of the application Bridge. Bridges of conferences,
// parking lots, hold and ARI are of other types and keep calls apart.
func joins(v ami.CallEvent) bool { return v.BridgeType == "basic" && v.BridgeChannels > 1 }

// join makes one call of the channels that meet in a bridge: that which began first. Asterisk
// does the same to their Linkedids (ast_bridge_channel_update_linkedids) and tells of it with
// the next event of each channel, which may come after all others of the call have ended.
func (t *Tracker) join(ch *channel, v ami.CallEvent, at time.Time) {
	if !joins(v) || t.among(ch) >= v.BridgeChannels {
		return
	}
	first, met := ch.call, []*channel(nil)
	for _, o := range t.channels {
		if o.bridge != ch.bridge {
			continue
		}
		met = append(met, o)
		if o.call.olderThan(first) {
			first = o.call
		}
	}
	for _, o := range met {
		t.move(o, first, at)
	}
}

// olderThan reports whether Asterisk holds a call for the older of two. Started tells less than
// their Linkedids: calls that were listed at a connect have the second alone.
func (c *trackedCall) olderThan(o *trackedCall) bool {
	order, known := compareLinked(c.ID, o.ID)
	return known && order < 0 || !known && c.Started.Before(o.Started)
}

// compareLinked orders two Linkedids as Asterisk does, by the second and the running number in
// them (ast_channel_internal_oldest_linkedid). It does not know ids given over the API.
func compareLinked(a, b string) (order int, known bool) {
	second, number, ok := creation(a)
	otherSecond, otherNumber, otherOK := creation(b)
	return cmp.Or(cmp.Compare(second, otherSecond), cmp.Compare(number, otherNumber)), ok && otherOK
}

// among returns how many channels of ch's call are in its bridge.
func (t *Tracker) among(ch *channel) (n int) {
	for _, o := range ch.call.channels {
		if o.bridge == ch.bridge {
			n++
		}
	}
	return n
}

// move makes a channel part of another call: Asterisk joins calls whose channels
// meet in a bridge. The call of a channel that picks up has no record.
func (t *Tracker) move(ch *channel, to *trackedCall, at time.Time) {
	from := ch.call
	if from == to {
		return
	}
	if ch.picking && ch.leg != nil {
		ch.picking, from.absorbed = false, true
		ch.leg.Caller, ch.leg.Via = false, pbx.ViaPickup
		addVia(to, pbx.ViaPickup)
	}
	delete(from.channels, ch.id)
	ch.call, to.channels[ch.id] = to, ch
	if ch.recorded {
		t.recording(from)
		t.recording(to)
	}
	if to.Tenant == "" {
		to.Tenant = from.Tenant
	}
	if ch.leg != nil {
		// The record of the call that it leaves keeps the leg as it was.
		left := *ch.leg
		from.legs[slices.Index(from.legs, ch.leg)] = &left
		ch.leg.Caller = ch.leg.Caller && !hasCaller(to)
		to.legs = append(to.legs, ch.leg)
		for _, a := range from.consultations {
			if a.by == ch.leg {
				to.consultations = append(to.consultations, a)
			}
		}
		if ch.leg.Caller {
			to.From, to.Dialled = ch.leg.CallParty, from.Dialled
		}
	}
	if len(from.channels) == 0 {
		t.finish(from, at)
	}
}
