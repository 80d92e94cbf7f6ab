package calls

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/dialtone-pbx/dialtone/ami"
	"github.com/dialtone-pbx/dialtone/provisioner/event"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// Asterisk is asked each time whether a call is recorded: the dialplan starts and stops
// recordings as well, see asteriskconf. A recorded channel is in the group of its call. If it
// is recorded on demand, a variable has the id of its MixMonitor.

const recordedGroup = "GROUP(" + pbx.RecordedGroup + ")"

var errRecorded = &pbx.Error{Kind: pbx.Conflict, Message: "the call is being recorded already"}

// Record begins to record a call of a tenant whose parties talk. The error is a Conflict for
// a call that is recorded already or not connected yet.
func (t *Tracker) Record(ctx context.Context, by pbx.Author, tenant, id string) (*pbx.LiveCall, error) {
	call, err := t.Get(ctx, tenant, id)
	if err != nil {
		return nil, err
	}
	channel, err := t.recordable(id)
	if err != nil {
		return nil, err
	}
	s, err := t.o.Session()
	if err != nil {
		return nil, errNoControl
	}
	ctx, cancel := context.WithTimeout(ctx, callWithin)
	defer cancel()
	t.recordingCalls.Lock()
	defer t.recordingCalls.Unlock()
	already, err := isRecorded(ctx, s, channel.name, id)
	if err == nil && (already || call.Recorded) {
		err = errRecorded
	}
	if err != nil {
		return nil, err
	}
	name := pbx.RecordingName(time.Now(), call.From.Number, call.Dialled, channel.id)
	err = s.SetChannelVar(ctx, channel.name, recordedGroup, id)
	if err == nil {
		file := pbx.RecordingFolder + "/" + tenant + "/" + name + pbx.RecordingSuffix
		err = s.MixMonitor(ctx, channel.name, file, "bi("+pbx.OnDemandVariable+")")
	}
	if err != nil {
		// Otherwise the call would pass for recorded from now on.
		return nil, refused(errors.Join(err, s.SetChannelVar(ctx, channel.name, recordedGroup, "")), "record the call")
	}
	t.recorded(channel.id, true)
	t.logOrder("recording of a call started", by, tenant, id, "recording", name)
	return t.Get(ctx, tenant, id)
}

// StopRecording ends a recording that was begun on demand, over the API or by phone. The error
// is a Conflict if the call is not recorded, or because all calls of an extension are.
func (t *Tracker) StopRecording(ctx context.Context, by pbx.Author, tenant, id string) (*pbx.LiveCall, error) {
	if _, err := t.Get(ctx, tenant, id); err != nil {
		return nil, err
	}
	s, err := t.o.Session()
	if err != nil {
		return nil, errNoControl
	}
	ctx, cancel := context.WithTimeout(ctx, callWithin)
	defer cancel()
	t.recordingCalls.Lock()
	defer t.recordingCalls.Unlock()
	channels, stopped := t.legChannels(id), false
	for _, ch := range channels {
		did, err := stopOnDemand(ctx, s, ch.name)
		if err != nil {
			return nil, err
		}
		if did {
			t.recorded(ch.id, false)
			stopped = true
		}
	}
	if !stopped {
		return nil, whyNotStopped(ctx, s, channels, id)
	}
	t.logOrder("recording of a call stopped", by, tenant, id)
	return t.Get(ctx, tenant, id)
}

// stopOnDemand ends the recording on demand of a channel, and reports whether there was one.
func stopOnDemand(ctx context.Context, s *ami.Session, channel string) (bool, error) {
	monitor, err := s.ChannelVar(ctx, channel, pbx.OnDemandVariable)
	if errors.Is(err, ami.ErrNotFound) || err == nil && monitor == "" {
		return false, nil
	}
	if err == nil {
		err = s.StopMixMonitor(ctx, channel, monitor)
	}
	for _, name := range []string{pbx.OnDemandVariable, recordedGroup} {
		if err == nil {
			err = s.SetChannelVar(ctx, channel, name, "")
		}
	}
	if err != nil {
		return false, refused(err, "stop recording the call")
	}
	return true, nil
}

// whyNotStopped returns the error for a call without a recording on demand.
func whyNotStopped(ctx context.Context, s *ami.Session, channels []legChannel, id string) error {
	for _, ch := range channels {
		if already, err := isRecorded(ctx, s, ch.name, id); err == nil && already {
			return &pbx.Error{Kind: pbx.Conflict,
				Message: "the call is recorded because all calls of one of its extensions are"}
		}
	}
	return &pbx.Error{Kind: pbx.Conflict, Message: "the call is not being recorded"}
}

// isRecorded asks whether any channel of a call is recorded.
func isRecorded(ctx context.Context, s *ami.Session, channel, id string) (bool, error) {
	n, err := s.ChannelVar(ctx, channel, "GROUP_COUNT("+id+"@"+pbx.RecordedGroup+")")
	if err != nil {
		return false, refused(err, "say whether the call is recorded")
	}
	return n != "0" && n != "", nil
}

// legChannel is the channel of a leg.
type legChannel struct{ name, id string }

// legChannels returns the channels of a call's legs, in order of appearance.
func (t *Tracker) legChannels(id string) (out []legChannel) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if call := t.calls[id]; call != nil {
		for _, l := range call.legs {
			if ch := call.channels[l.ID]; ch != nil {
				out = append(out, legChannel{ch.name, ch.id})
			}
		}
	}
	return out
}

// recordable finds the channel on which to record a call: the caller's if it is connected.
func (t *Tracker) recordable(id string) (found legChannel, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	call := t.calls[id]
	if call == nil {
		return found, pbx.NotFoundf("the call has just ended")
	}
	for _, l := range call.legs {
		ch := call.channels[l.ID]
		connected := ch != nil && ch.bridge != "" && (l.State == pbx.LegUp || l.State == pbx.LegHeld)
		if connected && (l.Caller || found.id == "") {
			found = legChannel{ch.name, ch.id}
		}
	}
	if found.id == "" {
		return found, &pbx.Error{Kind: pbx.Conflict, Message: "nobody talks in the call yet who could be recorded"}
	}
	return found, nil
}

// recorded notes that the recording of a channel has begun or ended.
func (t *Tracker) recorded(id string, on bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if ch := t.channels[id]; ch != nil {
		ch.recorded = on
		t.recording(ch.call)
	}
}

// recording finds out whether a call is recorded, remembers the channels for its record and
// publishes a change.
func (t *Tracker) recording(c *trackedCall) {
	now := false
	for _, ch := range c.channels {
		if now = now || ch.recorded; ch.recorded && !slices.Contains(c.recordedOn, ch.id) {
			c.recordedOn = append(c.recordedOn, ch.id)
		}
	}
	if now == c.Recorded {
		return
	}
	c.Recorded = now
	what := event.CallRecordingEnded
	if now {
		what = event.CallRecording
	}
	t.tell(c, what, nil)
}
