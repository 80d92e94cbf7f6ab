package provisioner

import (
	"fmt"
	"log/slog"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/dialtone-pbx/dialtone/ami"
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
	log      *slog.Logger
	events   *hub
	snapshot func() *pbx.Snapshot
	// ended takes the record of a call; it must not block.
	ended func(*pbx.CDR)
	// took notes that an extension answered.
	took func(tenant, extension string, at time.Time)

	mu       sync.Mutex
	channels map[string]*channel     // by Uniqueid
	calls    map[string]*trackedCall // by Linkedid
	early    map[string]*early       // by Uniqueid, of channels that no event has told of yet
	ignored  uint64                  // channels beyond maxChannels
}

// channel is one channel of Asterisk.
type channel struct {
	id, name string
	linked   string // the Linkedid it was last seen with
	call     *trackedCall
	leg      *pbx.CallLeg // of the call; nil for a half of a Local channel
	half     string       // Uniqueid of the other half of a Local channel
	bridge   string       // it is in; "" for none
	picked   bool         // up, by Asterisk's channel state
	listed   time.Time    // when it was first seen
	missing  bool         // from the list of the last sweep
}

// trackedCall is a call under way.
type trackedCall struct {
	pbx.LiveCall
	legs     []*pbx.CallLeg
	channels map[string]*channel
	callerUp time.Time // when the caller's channel went up
	place    string    // the context the caller was last seen in
	exten    string
	cause    int    // of the caller's hangup
	last     string // DIALSTATUS of the leg that ended last
	click    bool   // placed over the API, and rings the phones of who placed it
	ended    bool   // over the API
	dropped  bool   // the call became part of another one and has no record
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

func newCallTracker(log *slog.Logger, h *hub, snapshot func() *pbx.Snapshot) *callTracker {
	return &callTracker{log: log, events: h, snapshot: snapshot, ended: func(*pbx.CDR) {}, took: func(string, string, time.Time) {},
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
	case "BridgeLeave":
		ch.bridge = ""
	case "Hold", "Unhold":
		t.held(ch, v.Name == "Hold", e.At)
	case "MixMonitorStart":
		ch.call.Recorded = true
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
	call := t.callOf(c.LinkedID, at)
	ch := &channel{id: c.UniqueID, name: c.Name, linked: c.LinkedID, call: call, listed: at}
	t.channels[ch.id], call.channels[ch.id] = ch, ch
	if call.Tenant == "" {
		call.Tenant = t.tenantOf(c)
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
		t.tell(call, CallStarted, nil)
	default:
		t.tell(call, CallRinging, ch.leg)
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
	if to.Tenant == "" {
		to.Tenant = from.Tenant
	}
	if ch.leg != nil {
		// The record of the call that it leaves keeps the leg as it was.
		left := *ch.leg
		from.legs[slices.Index(from.legs, ch.leg)] = &left
		ch.leg.Caller = ch.leg.Caller && !hasCaller(to)
		to.legs = append(to.legs, ch.leg)
		if ch.leg.Caller {
			to.From, to.Dialled = ch.leg.CallParty, from.Dialled
		}
	}
	if len(from.channels) == 0 {
		t.finish(from, at)
	}
}

// dialled follows the dialling of one channel by another.
func (t *callTracker) dialled(by, to *channel, v ami.CallEvent, at time.Time) {
	if to.leg == nil {
		return
	}
	if v.Name == "DialEnd" {
		if to.call.ended && v.DialStatus == string(pbx.OutcomeNoAnswer) {
			v.DialStatus = string(pbx.OutcomeCancel) // which of them Asterisk says then is chance
		}
		if to.leg.Outcome = pbx.Outcome(v.DialStatus); v.DialStatus != string(pbx.OutcomeAnswer) {
			to.call.last = v.DialStatus
		}
		return
	}
	to.leg.Caller = false
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
		if o.leg.State == pbx.LegRinging || o.leg.State == pbx.LegAnswering {
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
	t.tell(c, CallTaken, ch.leg)
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
	t.tell(ch.call, CallTransferred, ch.leg)
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

// hungUp forgets a channel, and with its last one the call.
func (t *callTracker) hungUp(ch *channel, cause int, at time.Time) {
	c := ch.call
	if ch.leg != nil {
		ch.leg.State, ch.leg.Since, ch.leg.Ended = pbx.LegEnded, at, at
		if ch.leg.Caller {
			c.cause = cause
		}
	}
	delete(t.channels, ch.id)
	delete(c.channels, ch.id)
	if half := t.channels[ch.half]; half != nil {
		half.half = ""
	}
	if len(c.channels) == 0 {
		t.finish(c, at)
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
	t.events.publishOf(c.Tenant, EventCall, CallEvent{What: CallEnded, Call: c.view(), Outcome: record.Outcome})
}

// channelPlace finds the tenant in the name of a context of ours.
var channelPlace = regexp.MustCompile(`^(?:from|trunk|dial|fallback|record|play|desk)-([a-z0-9-]{1,31})$`)

// tenantOf returns whose channel it is; "" for one that is not ours.
func (t *callTracker) tenantOf(c ami.Channel) string {
	s := t.snapshot()
	if d := s.DeviceOf(endpointOf(c.Name)); d != nil {
		return d.Tenant
	}
	if part := channelPlace.FindStringSubmatch(c.Context); part != nil && s.Tenant(part[1]) != nil {
		return part[1]
	}
	return ""
}

// party returns who is behind a channel.
func (t *callTracker) party(c ami.Channel) pbx.CallParty {
	p := pbx.CallParty{Number: known(c.CallerNumber), Name: known(c.CallerName)}
	if d := t.snapshot().DeviceOf(endpointOf(c.Name)); d != nil {
		p.Device, p.Extension = d.Name, d.Extension
	}
	return p
}

// known turns Asterisk's word for an empty value into one.
func known(s string) string {
	if s == "<unknown>" {
		return ""
	}
	return s
}

// endpointOf returns the endpoint in PJSIP/ENDPOINT-0000002a, or "".
func endpointOf(name string) string {
	endpoint, isPJSIP := strings.CutPrefix(name, "PJSIP/")
	dash := strings.LastIndexByte(endpoint, '-')
	if !isPJSIP || dash < 0 {
		return ""
	}
	return endpoint[:dash]
}

// began reads the time in a Uniqueid, such as 1795344763.12; fallback if there is
// none.
func began(id string, fallback time.Time) time.Time {
	whole, _, _ := strings.Cut(id[strings.LastIndexByte(id, '-')+1:], ".")
	seconds, err := strconv.ParseInt(whole, 10, 64)
	if at := time.Unix(seconds, 0); err == nil && seconds > 0 && at.Before(fallback) {
		return at
	}
	return fallback
}
