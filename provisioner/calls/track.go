package calls

import (
	"cmp"
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/dialtone-pbx/dialtone/ami"
	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/provisioner/event"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// maxChannels bounds what Asterisk can make us remember; a channel beyond it is
// not followed, and counted.
const maxChannels = 50_000

// Tracker follows every channel of Asterisk and makes calls of them: a full
// list at every connect, events after it. Events come in order from the one
// goroutine of the AMI connection, whose queue is the bounded one: when it
// overflows, the connection is made anew and everything listed again.
type Tracker struct {
	// Turns are what was observed of ring groups.
	Turns *Turns

	o Options

	// recordingCalls is held while a recording is started or stopped.
	recordingCalls sync.Mutex

	mu       sync.Mutex
	channels map[string]*channel         // by Uniqueid
	calls    map[string]*trackedCall     // by Linkedid
	early    map[string]*early           // by Uniqueid, of channels that no event has told of yet
	tests    map[string]chan pbx.TestEnd // by id, of test calls under way
	testing  map[string]bool             // tenants with one
	on       map[string]int              // channels by endpoint
	ignored  uint64                      // channels beyond maxChannels
	listed   bool                        // since the connect: no call under way is missing
	brokenAt time.Time                   // when an event was broken last, see Broken
	ended    map[string]bool             // Uniqueids of channels that ended while a list is made; nil otherwise
	look     chan struct{}               // capacity 1: compare with Asterisk's list soon
}

// Options are what a Tracker needs. All but Control are required.
type Options struct {
	DB       *db.DB
	Log      *slog.Logger
	Events   *event.Hub
	Snapshot func() *pbx.Snapshot // the desired state in force
	// Tenant returns a NotFound error for a tenant that does not exist.
	Tenant  func(ctx context.Context, name string) error
	Session func() (*ami.Session, error) // to act on calls over AMI
	Control Control                      // nil: calls can be watched only
	// Ended takes the record of a call that is over. It must not block.
	Ended func(*pbx.CDR)
	// Answered counts an answer of an extension. It must not block.
	Answered func(tenant, extension string, at time.Time)
	// Came takes the number of a tenant that a call from a trunk is for. It must not block. It
	// may be nil.
	Came func(*pbx.Number)
	// OutsideEnded is told of each leg at a trunk that has ended, but for callers. It must not
	// block.
	OutsideEnded func(OutsideLeg)
}

// channel is one channel of Asterisk.
type channel struct {
	id, name string
	endpoint string // it was made at
	linked   string // the Linkedid it was last seen with; a join is ahead of it
	call     *trackedCall
	leg      *leg   // of the call; nil for a half of a Local channel
	half     string // Uniqueid of the other half of a Local channel
	bridge   string // it is in; "" for none
	context  string // where it was last seen in the dialplan
	exten    string
	picking  bool      // it was seen last at a pickup; where it is after that has no extension
	up       bool      // by Asterisk's channel state
	upAt     time.Time // when that was seen; zero: never
	called   bool      // by Dial, as was seen
	listed   time.Time // when it was first seen
	missing  bool      // from the list of the last sweep
	recorded bool      // Asterisk records it
	accepted time.Time // when the caller's own dial ended with its answer
}

// trackedCall is a call under way.
type trackedCall struct {
	pbx.LiveCall
	legs     []*leg
	channels map[string]*channel
	callerUp time.Time // when the caller's channel went up
	// callerContext and callerExten are where the caller was last seen in the dialplan.
	callerContext, callerExten string
	callerCause                int // of the caller's hangup

	lastDial      pbx.Outcome     // of the leg that ended last without an answer
	hungUp        bool            // over the API
	refused       bool            // the last step ends it with a SIP answer
	absorbed      bool            // the call became part of another one and has no record
	tested        pbx.CallOutcome // of a test call, once it has ended
	consultations []consultation  // that are not over
	recordedOn    []string        // Uniqueids of channels that are or were recorded
}

// early is what is known of a channel before its first event.
type early struct {
	at    time.Time
	notes []func(*trackedCall, *channel)
}

// maxEarly bounds what is known early. When full, expired entries go, then all.
const maxEarly = 10_000

// earlyFor is how long Asterisk may take to tell of a channel that ARI knows.
const earlyFor = 30 * time.Second

// New starts from what the database remembers of ring groups; Run starts the loops.
func New(ctx context.Context, o Options) (*Tracker, error) {
	turns, err := newTurns(ctx, o)
	if err != nil {
		return nil, err
	}
	return newTracker(o, turns), nil
}

func newTracker(o Options, turns *Turns) *Tracker {
	return &Tracker{o: o, Turns: turns,
		channels: map[string]*channel{}, calls: map[string]*trackedCall{}, early: map[string]*early{},
		tests: map[string]chan pbx.TestEnd{}, testing: map[string]bool{},
		on: map[string]int{}, look: make(chan struct{}, 1)}
}

// Handle follows one event. It does not block. How an event changes the state of a leg is
// the table legStates.
func (t *Tracker) Handle(e ami.Event) {
	t.Turns.handle(e)
	v, ok := ami.ParseCallEvent(e.Frame)
	if !ok || v.Channel.UniqueID == "" {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if v.Name == "Hangup" && t.ended != nil {
		t.ended[v.Channel.UniqueID] = true
	}
	ch := t.see(v.Channel, e.At, t.begins(v, e.At))
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
		t.join(ch, v, e.At)
		t.connected(ch, e.At)
		t.noteTaken(ch)
	case "BridgeLeave":
		ch.bridge = ""
		t.showWaiting(ch, e.At)
	case "Hold", "Unhold":
		t.holdKey(ch, v.Name == "Hold", e.At)
	case "MixMonitorStart", "MixMonitorStop":
		ch.recorded = v.Name == "MixMonitorStart"
		t.recording(ch.call)
	case "Pickup":
		t.pickedUp(ch, v.Other, e.At)
	case "BlindTransfer", "AttendedTransfer":
		t.transferred(ch, v)
	case "Hangup":
		t.hungUp(ch, v.Cause, e.At)
	}
}

// mendedWithin is how long after a broken event another than Newchannel may be the first that
// tells of a channel.
const mendedWithin = 5 * time.Second

// begins reports whether an event may make a channel known. The Newchannel of a call with line
// breaks in a number is broken. The dialplan mends the caller's number first of all, which is
// a NewCallerid, or hangs up under a number that is mended.
func (t *Tracker) begins(v ami.CallEvent, at time.Time) bool {
	mended := v.Name == "NewCallerid" || v.Name == "Hangup"
	return v.Name == "Newchannel" || mended && at.Sub(t.brokenAt) < mendedWithin
}

// see returns the channel an event shows, brought up to date; nil for one that
// is not followed. Only an event that begins it, or a list, makes one known: an
// event about a channel that has ended must not bring it back.
func (t *Tracker) see(c ami.Channel, at time.Time, create bool) *channel {
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
	if c.LinkedID != "" && ch.becomes(c.LinkedID) {
		ch.linked = c.LinkedID
		t.move(ch, t.callOf(c.LinkedID, at), at)
	}
	t.noteCaller(ch, c)
	if c.Context != "" {
		t.followPlace(ch, c.Context, c.Exten, at)
	}
	if c.State == "Up" && !ch.up {
		ch.up, ch.upAt = true, at
		t.offHook(ch, at)
	}
	return ch
}

// becomes reports whether an event gives a channel another Linkedid. Asterisk only ever gives
// it an older one (ast_bridge_channel_update_linkedids): a younger one is of an event from
// before the list that was taken over.
func (ch *channel) becomes(linked string) bool {
	order, known := compareLinked(linked, ch.linked)
	return linked != ch.linked && (!known || order < 0)
}

// noteCaller notes where in the dialplan the caller is.
func (t *Tracker) noteCaller(ch *channel, c ami.Channel) {
	if ch.leg == nil || !ch.leg.Caller || c.Context == "" {
		return
	}
	ch.call.callerContext, ch.call.callerExten = c.Context, c.Exten
	if ch.leg.Number == "" {
		ch.leg.Number = t.party(ch.call.Tenant, c).Number
		ch.call.From.Number = ch.leg.Number
	}
}

// add begins to follow a channel.
func (t *Tracker) add(c ami.Channel, at time.Time) *channel {
	if len(t.channels) >= maxChannels {
		t.ignored++
		return nil
	}
	_, begun := t.calls[c.LinkedID]
	call := t.callOf(c.LinkedID, at)
	if !begun && c.UniqueID != c.LinkedID {
		call.Incomplete = true // the channel that it is named after was there before us
	}
	ch := &channel{id: c.UniqueID, name: c.Name, linked: c.LinkedID, call: call, listed: at,
		endpoint: pbx.EndpointOfChannel(c.Name)}
	t.on[ch.endpoint]++
	t.channels[ch.id], call.channels[ch.id] = ch, ch
	if call.Tenant == "" {
		s := t.o.Snapshot()
		call.Tenant = s.TenantOfChannel(c.Name, c.Context)
		if n := s.NumberOfInbound(c.Name, c.Context, c.Exten); n != nil {
			call.Tenant = cmp.Or(call.Tenant, n.Tenant)
			if t.o.Came != nil {
				t.o.Came(n)
			}
		}
	}
	if !strings.HasPrefix(c.Name, "Local/") {
		ch.leg = newLeg(ch.id, t.party(call.Tenant, c), at)
		ch.leg.Trunk = t.o.Snapshot().TrunkName(call.Tenant, ch.endpoint)
		ch.leg.Caller = !call.click() && !hasCaller(call) && (c.UniqueID == c.LinkedID || c.State == "Ring")
		call.legs = append(call.legs, ch.leg)
	}
	known := t.early[ch.id]
	delete(t.early, ch.id)
	if ch.leg != nil && ch.leg.Caller {
		call.From, call.Dialled = ch.leg.CallParty, c.Exten
		if pbx.IsInbound(c.Context) {
			call.Dialled = cmp.Or(pbx.CalledNumber(c.Exten), c.Exten)
		}
	}
	if known != nil {
		for _, note := range known.notes {
			note(call, ch)
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
	return slices.ContainsFunc(c.legs, func(l *leg) bool { return l.Caller })
}

// click reports whether a call that was placed over the API still rings the phones of the
// extension that places it.
func (c *trackedCall) click() bool { return slices.Contains(c.Via, pbx.ViaClick) && !hasCaller(c) }

// callOf returns the call with that Linkedid, a new one if there is none.
func (t *Tracker) callOf(linked string, at time.Time) *trackedCall {
	c := t.calls[linked]
	if c == nil {
		c = &trackedCall{LiveCall: pbx.LiveCall{ID: linked, Started: at}, channels: map[string]*channel{}}
		t.calls[linked] = c
	}
	return c
}

// hungUp forgets a channel, and with its last one the call.
func (t *Tracker) hungUp(ch *channel, cause int, at time.Time) {
	c := ch.call
	if ch.leg != nil {
		t.answeredBriefly(ch)
		ch.leg.on(legHungUp, at)
		if ch.leg.Caller {
			c.callerCause = cause
		}
		if ch.leg.declined(cause) {
			ch.leg.end(pbx.OutcomeBusy)
		}
	}
	t.leftOutside(ch, at)
	delete(t.channels, ch.id)
	if t.on[ch.endpoint]--; t.on[ch.endpoint] <= 0 {
		delete(t.on, ch.endpoint)
	}
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
func (t *Tracker) finish(c *trackedCall, at time.Time) {
	delete(t.calls, c.ID)
	t.testOver(c)
	if c.absorbed || c.Tenant == "" || len(c.legs) == 0 {
		return
	}
	record := c.record(at)
	t.o.Ended(record)
	t.o.Events.Publish(c.Tenant, event.Call{Change: event.CallEnded, Call: c.view(), Outcome: record.Outcome})
}
