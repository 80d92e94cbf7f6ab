package provisioner

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/dialtone-pbx/dialtone/ami"
	"github.com/dialtone-pbx/dialtone/provisioner/event"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// Whether a call is recorded, and by what, is asked of Asterisk each time: the dialplan
// starts and stops recordings as well, see asteriskconf. A channel that is recorded is
// in the group of its call; one that is on demand has the id in a variable.

const recordedGroup = "GROUP(" + pbx.RecordedGroup + ")"

var errRecorded = &pbx.Error{Kind: pbx.Conflict, Message: "the call is being recorded already"}

// RecordCall begins to record a call of a tenant whose parties talk. A call that is
// recorded already is a Conflict.
func (c *Controller) RecordCall(ctx context.Context, by pbx.Author, tenant, id string) (*pbx.LiveCall, error) {
	call, err := c.Call(ctx, tenant, id)
	if err != nil {
		return nil, err
	}
	channel, err := c.calls.recordable(id)
	if err != nil {
		return nil, err
	}
	s, err := c.calls.session()
	if err != nil {
		return nil, errNoCallControl
	}
	ctx, cancel := context.WithTimeout(ctx, callWithin)
	defer cancel()
	c.calls.recordingCalls.Lock()
	defer c.calls.recordingCalls.Unlock()
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
		err = s.MixMonitor(ctx, channel.name, pbx.RecordingFolder+"/"+tenant+"/"+name+pbx.RecordingSuffix, "bi("+pbx.OnDemandVariable+")")
	}
	if err != nil {
		// Whoever asks next must not be told that it is recorded.
		return nil, recordError(errors.Join(err, s.SetChannelVar(ctx, channel.name, recordedGroup, "")))
	}
	c.calls.recorded(channel.id, true)
	c.log.Info("recording of a call started", "tenant", tenant, "call", id, "recording", name, "actor", by.Actor, "address", by.Address)
	return c.Call(ctx, tenant, id)
}

// StopRecordingCall ends the recording of a call that was begun on demand, by the API
// or by phone. Another one, or none, is a Conflict.
func (c *Controller) StopRecordingCall(ctx context.Context, by pbx.Author, tenant, id string) (*pbx.LiveCall, error) {
	if _, err := c.Call(ctx, tenant, id); err != nil {
		return nil, err
	}
	s, err := c.calls.session()
	if err != nil {
		return nil, errNoCallControl
	}
	ctx, cancel := context.WithTimeout(ctx, callWithin)
	defer cancel()
	c.calls.recordingCalls.Lock()
	defer c.calls.recordingCalls.Unlock()
	channels, stopped := c.calls.parties(id), false
	for _, ch := range channels {
		did, err := stopOnDemand(ctx, s, ch.name)
		if err != nil {
			return nil, err
		}
		if did {
			c.calls.recorded(ch.id, false)
			stopped = true
		}
	}
	if !stopped {
		return nil, whyNotStopped(ctx, s, channels, id)
	}
	c.log.Info("recording of a call stopped", "tenant", tenant, "call", id, "actor", by.Actor, "address", by.Address)
	return c.Call(ctx, tenant, id)
}

// stopOnDemand ends what was begun on demand on a channel, and reports whether there
// was such a thing.
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
		return false, recordError(err)
	}
	return true, nil
}

func whyNotStopped(ctx context.Context, s *ami.Session, channels []partyChannel, id string) error {
	for _, ch := range channels {
		if already, err := isRecorded(ctx, s, ch.name, id); err == nil && already {
			return &pbx.Error{Kind: pbx.Conflict, Message: "the call is recorded because all calls of one of its extensions are"}
		}
	}
	return &pbx.Error{Kind: pbx.Conflict, Message: "the call is not being recorded"}
}

// isRecorded asks whether any channel of a call is recorded.
func isRecorded(ctx context.Context, s *ami.Session, channel, id string) (bool, error) {
	n, err := s.ChannelVar(ctx, channel, "GROUP_COUNT("+id+"@"+pbx.RecordedGroup+")")
	if err != nil {
		return false, recordError(err)
	}
	return n != "0" && n != "", nil
}

func recordError(err error) error {
	refused := &pbx.Error{Kind: pbx.Unavailable, Message: "Asterisk did not do that with the recording", Cause: err}
	switch {
	case errors.Is(err, ami.ErrPermission):
		refused.Message = "Asterisk's AMI user lacks the class call: manager.conf must say write = system,call,reporting (see dialtone doctor)"
	case errors.Is(err, ami.ErrNotFound):
		return pbx.NotFoundf("the call has just ended")
	case errors.As(err, new(*ami.ResponseError)):
		refused.Kind = pbx.Conflict
	}
	return refused
}

// partyChannel is the channel of a phone or line in a call.
type partyChannel struct{ name, id string }

// parties are those of a call, in order of appearance.
func (t *callTracker) parties(id string) (out []partyChannel) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if call := t.calls[id]; call != nil {
		for _, l := range call.legs {
			if ch := call.channels[l.ID]; ch != nil {
				out = append(out, partyChannel{ch.name, ch.id})
			}
		}
	}
	return out
}

// recordable finds the channel on which a call is recorded: of who called, if he talks.
func (t *callTracker) recordable(id string) (found partyChannel, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	call := t.calls[id]
	if call == nil {
		return found, pbx.NotFoundf("the call has just ended")
	}
	for _, l := range call.legs {
		ch := call.channels[l.ID]
		if ch != nil && ch.bridge != "" && (l.State == pbx.LegUp || l.State == pbx.LegHeld) && (l.Caller || found.id == "") {
			found = partyChannel{ch.name, ch.id}
		}
	}
	if found.id == "" {
		return found, &pbx.Error{Kind: pbx.Conflict, Message: "nobody talks in the call yet who could be recorded"}
	}
	return found, nil
}

// recorded notes that a channel is recorded, or is not any more.
func (t *callTracker) recorded(id string, on bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if ch := t.channels[id]; ch != nil {
		ch.recorded = on
		t.recording(ch.call)
	}
}

// recording looks whether a call is recorded by now, remembers on which channels and
// tells when that has changed.
func (t *callTracker) recording(c *trackedCall) {
	now := false
	for _, ch := range c.channels {
		if now = now || ch.recorded; ch.recorded && !slices.Contains(c.kept, ch.id) {
			c.kept = append(c.kept, ch.id)
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
