package provisioner

import (
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/dialtone-pbx/dialtone/ami"
	"github.com/dialtone-pbx/dialtone/provisioner/event"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// maxChannels bounds what Asterisk can make us remember; a channel beyond it is
// not followed, and counted.
const maxChannels = 50_000

// callTracker follows every channel of Asterisk and makes calls of them: a full
// list at every connect, events after it. Events come in order from the one
// goroutine of the AMI connection, whose queue is the bounded one: when it
// overflows, the connection is made anew and everything listed again.
type callTracker struct {
	callOptions

	// recordingCalls is held while a recording is started or stopped.
	recordingCalls sync.Mutex

	mu       sync.Mutex
	channels map[string]*channel     // by Uniqueid
	calls    map[string]*trackedCall // by Linkedid
	early    map[string]*early       // by Uniqueid, of channels that no event has told of yet
	ignored  uint64                  // channels beyond maxChannels
	listed   bool                    // since the connect: no call under way is missing
}

// callOptions are what a callTracker needs. All but control are required.
type callOptions struct {
	log      *slog.Logger
	events   *event.Hub
	snapshot func() *pbx.Snapshot
	session  func() (*ami.Session, error) // to act on calls over AMI
	control  CallControl                  // nil: calls can be watched only
	// ended takes the record of a call that is over; it must not block.
	ended func(*pbx.CDR)
	// took notes that an extension answered.
	took func(tenant, extension string, at time.Time)
}

// channel is one channel of Asterisk.
type channel struct {
	id, name string
	linked   string // the Linkedid it was last seen with
	call     *trackedCall
	leg      *pbx.CallLeg // of the call; nil for a half of a Local channel
	half     string       // Uniqueid of the other half of a Local channel
	bridge   string       // it is in; "" for none
	context  string       // where it was last seen in the dialplan
	exten    string
	picked   bool      // up, by Asterisk's channel state
	listed   time.Time // when it was first seen
	missing  bool      // from the list of the last sweep
	recorded bool      // Asterisk records it
}

// trackedCall is a call under way.
type trackedCall struct {
	pbx.LiveCall
	legs     []*pbx.CallLeg
	channels map[string]*channel
	callerUp time.Time // when the caller's channel went up
	place    string    // the context the caller was last seen in
	exten    string
	cause    int            // of the caller's hangup
	last     string         // DIALSTATUS of the leg that ended last
	click    bool           // placed over the API, and rings the phones of who placed it
	ended    bool           // over the API
	dropped  bool           // the call became part of another one and has no record
	asked    []consultation // that are not over
	kept     []string       // Uniqueids of channels that are or were recorded
}

// early is what is known of a channel before its first event.
type early struct {
	at     time.Time
	routed []func(*trackedCall, *channel)
}

// maxEarly bounds that; the oldest makes place.
const maxEarly = 10_000

// earlyFor is how long Asterisk may take to tell of a channel that ARI knows.
const earlyFor = 30 * time.Second

func newCallTracker(o callOptions) *callTracker {
	return &callTracker{callOptions: o,
		channels: map[string]*channel{}, calls: map[string]*trackedCall{}, early: map[string]*early{}}
}

// handle follows one event.
func (t *callTracker) handle(e ami.Event) {
	v, ok := ami.ParseCallEvent(e.Frame)
	if !ok || v.Channel.UniqueID == "" {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	ch := t.see(v.Channel, e.At, v.Name == "Newchannel")
	if ch == nil {
		return
	}
	switch v.Name {
	case "DialBegin", "DialEnd":
		if other := t.see(v.Other, e.At, false); other != nil {
			t.dialled(ch, other, v, e.At)
		}
	case "LocalBridge":
		if other := t.see(v.Other, e.At, false); other != nil {
			ch.half, other.half = other.id, ch.id
		}
	case "BridgeEnter":
		ch.bridge = v.Channel.BridgeID
		t.connected(ch, e.At)
		t.takes(ch)
	case "BridgeLeave":
		ch.bridge = ""
		t.waits(ch, e.At)
	case "Hold", "Unhold":
		t.held(ch, v.Name == "Hold", e.At)
	case "MixMonitorStart", "MixMonitorStop":
		ch.recorded = v.Name == "MixMonitorStart"
		t.recording(ch.call)
	case "Pickup":
		if other := t.channels[v.Other.UniqueID]; other != nil {
			t.pickedUp(ch, other, e.At)
		}
	case "BlindTransfer", "AttendedTransfer":
		t.transferred(ch, v)
	case "Hangup":
		t.hungUp(ch, v.Cause, e.At)
	}
}

// see returns the channel an event shows, brought up to date; nil for one that
// is not followed. Only a Newchannel, or the list at a connect, makes one known: an
// event about a channel that has ended must not bring it back.
func (t *callTracker) see(c ami.Channel, at time.Time, create bool) *channel {
	ch := t.channels[c.UniqueID]
	if ch == nil {
		if !create || c.LinkedID == "" {
			return nil
		}
		if ch = t.add(c, at); ch == nil {
			return nil
		}
	}
	if c.Name != "" {
		ch.name = c.Name
	}
	if c.LinkedID != "" && c.LinkedID != ch.linked {
		ch.linked = c.LinkedID
		t.move(ch, t.callOf(c.LinkedID, at), at)
	}
	t.place(ch, c)
	if c.Context != "" {
		t.at(ch, c.Context, c.Exten, at)
	}
	if up := c.State == "Up"; up && !ch.picked {
		ch.picked = true
		t.takenUp(ch, at)
	}
	return ch
}

// place notes where in the dialplan the caller is.
func (t *callTracker) place(ch *channel, c ami.Channel) {
	if ch.leg == nil || !ch.leg.Caller || c.Context == "" {
		return
	}
	ch.call.place, ch.call.exten = c.Context, c.Exten
	if ch.leg.Number == "" {
		ch.leg.Number, ch.call.From.Number = c.CallerNumber, c.CallerNumber
	}
}

// add begins to follow a channel.
func (t *callTracker) add(c ami.Channel, at time.Time) *channel {
	if len(t.channels) >= maxChannels {
		t.ignored++
		return nil
	}
	_, begun := t.calls[c.LinkedID]
	call := t.callOf(c.LinkedID, at)
	if !begun && c.UniqueID != c.LinkedID {
		call.Incomplete = true // the channel that it is named after was there before us
	}
	ch := &channel{id: c.UniqueID, name: c.Name, linked: c.LinkedID, call: call, listed: at}
	t.channels[ch.id], call.channels[ch.id] = ch, ch
	if call.Tenant == "" {
		call.Tenant = t.snapshot().TenantOfChannel(c.Name, c.Context)
	}
	if !strings.HasPrefix(c.Name, "Local/") {
		ch.leg = &pbx.CallLeg{ID: ch.id, CallParty: t.party(c), State: pbx.LegRinging, Since: at, Started: at}
		ch.leg.Caller = !call.click && !hasCaller(call) && (c.UniqueID == c.LinkedID || c.State == "Ring")
		call.legs = append(call.legs, ch.leg)
	}
	known := t.early[ch.id]
	delete(t.early, ch.id)
	if ch.leg != nil && ch.leg.Caller {
		call.From, call.Dialled = ch.leg.CallParty, c.Exten
	}
	if known != nil {
		for _, routed := range known.routed {
			routed(call, ch)
		}
	}
	switch {
	case ch.leg == nil && ch.id != call.ID: // a half of a Local channel is nobody
	case ch.leg == nil || ch.leg.Caller:
		t.tell(call, event.CallStarted, nil)
	default:
		t.tell(call, event.CallRinging, ch.leg)
	}
	return ch
}

func hasCaller(c *trackedCall) bool {
	return slices.ContainsFunc(c.legs, func(l *pbx.CallLeg) bool { return l.Caller })
}

// callOf returns the call with that Linkedid, a new one if there is none.
func (t *callTracker) callOf(linked string, at time.Time) *trackedCall {
	c := t.calls[linked]
	if c == nil {
		c = &trackedCall{LiveCall: pbx.LiveCall{ID: linked, Started: at}, channels: map[string]*channel{}}
		t.calls[linked] = c
	}
	return c
}

// move makes a channel part of another call: Asterisk joins calls whose channels
// meet in a bridge.
func (t *callTracker) move(ch *channel, to *trackedCall, at time.Time) {
	from := ch.call
	if from == to {
		return
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
		for _, a := range from.asked {
			if a.by == ch.leg {
				to.asked = append(to.asked, a)
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

// hungUp forgets a channel, and with its last one the call.
func (t *callTracker) hungUp(ch *channel, cause int, at time.Time) {
	c := ch.call
	if ch.leg != nil {
		ch.leg.State, ch.leg.Since, ch.leg.Ended = pbx.LegEnded, at, at
		if ch.leg.Caller {
			c.cause = cause
		} else if cause == pbx.CauseRefused && ch.leg.Outcome == pbx.OutcomeNoAnswer {
			ch.leg.Outcome = pbx.OutcomeBusy // declined; DialEnd has no word for it
		}
	}
	delete(t.channels, ch.id)
	delete(c.channels, ch.id)
	if half := t.channels[ch.half]; half != nil {
		half.half = ""
	}
	if len(c.channels) == 0 {
		t.finish(c, at)
	} else if ch.recorded {
		t.recording(c)
	}
}

// finish ends a call.
func (t *callTracker) finish(c *trackedCall, at time.Time) {
	delete(t.calls, c.ID)
	if c.dropped || c.Tenant == "" || len(c.legs) == 0 {
		return
	}
	record := c.record(at)
	t.ended(record)
	t.events.Publish(c.Tenant, event.Call{Change: event.CallEnded, Call: c.view(), Outcome: record.Outcome})
}
