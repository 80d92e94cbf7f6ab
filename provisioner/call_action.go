package provisioner

import (
	"context"
	"errors"
	"time"

	"github.com/dialtone-pbx/dialtone/ami"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// CallControl acts on channels of Asterisk. Its errors are pbx errors: NotFound
// for a channel that is gone, Unavailable where Asterisk does not answer.
type CallControl interface {
	// HangUp ends a channel.
	HangUp(ctx context.Context, channel string) error
	// Originate makes a channel with that id and sends it, answered, to an extension.
	Originate(ctx context.Context, id, endpoint, dialplanContext, extension string, variables map[string]string) error
}

// callWithin bounds each action on a call.
const callWithin = 5 * time.Second

var errNoCallControl = &pbx.Error{Kind: pbx.Unavailable, Message: "there is no connection to Asterisk that calls are acted on by"}

// HangUpCall ends a call of a tenant: all its legs.
func (c *Controller) HangUpCall(ctx context.Context, by pbx.Author, tenant, id string) (*pbx.LiveCall, error) {
	call, err := c.Call(ctx, tenant, id)
	if err != nil {
		return nil, err
	}
	if c.calls.control == nil {
		return nil, errNoCallControl
	}
	ctx, cancel := context.WithTimeout(ctx, callWithin)
	defer cancel()
	// The caller's leg ends the dialplan and with it the legs that ring; what was
	// bridged ends by itself, or here.
	for _, channel := range c.calls.ending(id) {
		if err := c.calls.control.HangUp(ctx, channel); err != nil && pbx.KindOf(err) != pbx.NotFound {
			return nil, err
		}
	}
	c.log.Info("call hung up", "tenant", tenant, "call", id, "actor", by.Actor, "address", by.Address)
	return call, nil
}

// ending returns the channels of a call that is ended by us, callers first.
func (t *callTracker) ending(id string) (ids []string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	call := t.calls[id]
	if call == nil {
		return nil
	}
	call.ended = true
	for _, l := range call.legs {
		if call.channels[l.ID] != nil && l.Caller {
			ids = append(ids, l.ID)
		}
	}
	for channel, ch := range call.channels {
		if ch.leg == nil || !ch.leg.Caller {
			ids = append(ids, channel)
		}
	}
	return ids
}

// TransferCall lets the leg with that id, by default the one that answered, go,
// and sends who talks with it to a number: as far as the leg may dial it.
func (c *Controller) TransferCall(ctx context.Context, by pbx.Author, tenant, id, leg, to string) (*pbx.LiveCall, error) {
	if _, err := c.Call(ctx, tenant, id); err != nil {
		return nil, err
	}
	if err := pbx.CheckDialled("to", to); err != nil {
		return nil, err
	}
	name, err := c.calls.transferring(id, leg)
	if err != nil {
		return nil, err
	}
	if err := c.mayDial(tenant, pbx.EndpointOfChannel(name), to); err != nil {
		return nil, err
	}
	err = c.atAsterisk(ctx, func(ctx context.Context, s *ami.Session) error {
		return s.BlindTransfer(ctx, name, pbx.EntryContext(tenant), to)
	})
	if err != nil {
		return nil, err
	}
	c.log.Info("call transferred", "tenant", tenant, "call", id, "to", to, "actor", by.Actor, "address", by.Address)
	return c.Call(ctx, tenant, id)
}

// atAsterisk acts on channels over AMI, within bounds.
func (c *Controller) atAsterisk(ctx context.Context, act func(context.Context, *ami.Session) error) error {
	s, err := c.calls.session()
	if err != nil {
		return errNoCallControl
	}
	ctx, cancel := context.WithTimeout(ctx, callWithin)
	defer cancel()
	err = act(ctx, s)
	if known := new(pbx.Error); err == nil || errors.As(err, &known) {
		return err
	}
	return transferError(err)
}

func transferError(err error) error {
	refused := &pbx.Error{Kind: pbx.Unavailable, Message: "Asterisk did not transfer the call", Cause: err}
	switch {
	case errors.Is(err, ami.ErrPermission):
		refused.Message = "Asterisk's AMI user lacks the class call: manager.conf must say write = system,call,reporting (see dialtone doctor)"
	case errors.Is(err, ami.ErrNotFound):
		return pbx.NotFoundf("the leg has just ended")
	case errors.As(err, new(*ami.ResponseError)):
		refused.Kind = pbx.Conflict
	}
	return refused
}

// transferring finds the channel of the leg that transfers.
func (t *callTracker) transferring(id, leg string) (name string, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	ch, err := t.talking(id, leg)
	if err != nil {
		return "", err
	}
	return ch.name, nil
}

// talking finds the leg with that id, by default the one that answered, that talks with
// somebody it could let go. The lock is held.
func (t *callTracker) talking(id, leg string) (*channel, error) {
	call := t.calls[id]
	if call == nil {
		return nil, pbx.NotFoundf("the call has just ended")
	}
	for _, l := range call.legs {
		ch := call.channels[l.ID]
		if ch == nil || leg != "" && l.ID != leg || leg == "" && (l.Caller || ch.bridge == "" && l.State != pbx.LegAsking) {
			continue
		}
		if l.State == pbx.LegAsking {
			return nil, &pbx.Error{Kind: pbx.Conflict, Field: "leg", Message: "leg asks somebody already: complete that, or return, first"}
		}
		if ch.bridge == "" {
			return nil, &pbx.Error{Kind: pbx.Conflict, Field: "leg", Message: "leg talks with nobody who could be transferred"}
		}
		return ch, nil
	}
	if leg != "" {
		return nil, pbx.Invalidf("leg", "is none of the call's legs")
	}
	return nil, &pbx.Error{Kind: pbx.Conflict, Message: "nobody has answered the call who could transfer it"}
}

// mayDial refuses what the phone behind an endpoint could not dial either. Who
// comes from outside has no rights of its own: the entry context decides.
func (c *Controller) mayDial(tenant, endpoint, to string) error {
	s := c.Snapshot()
	if s.DeviceOf(endpoint) == nil {
		endpoint = ""
	}
	first := pbx.Route(s, pbx.Call{Tenant: tenant, Dialled: to, Endpoint: endpoint}, time.Now()).Steps[0]
	if first.Kind == pbx.StepHangup && (first.Cause == pbx.CauseUnallocated || first.Cause == pbx.CauseRefused) {
		return pbx.Invalidf("to", "cannot be dialled: %s", first.Rule)
	}
	return nil
}

// clickSeconds is how long the phones of who places a call ring.
const clickSeconds = 30

// PlaceCall rings the phones of an extension; the first that is answered dials the
// number. It returns the id that the call will have.
func (c *Controller) PlaceCall(ctx context.Context, by pbx.Author, tenant, extension, to string) (id string, err error) {
	if _, err := c.Tenants.Get(ctx, "", tenant); err != nil {
		return "", err
	}
	if err := pbx.CheckDialled("to", to); err != nil {
		return "", err
	}
	s := c.Snapshot()
	e := s.Extension(tenant, extension)
	if e == nil {
		return "", pbx.Invalidf("extension", "%.40q does not exist in tenant %s", extension, tenant)
	}
	var devices []*pbx.Device
	for _, d := range s.RungBy(e) {
		if d.Kind != pbx.DeviceExternal {
			devices = append(devices, d)
		}
	}
	if len(devices) == 0 {
		return "", pbx.Invalidf("extension", "%s has no phone that could ring", extension)
	}
	if err := c.mayDial(tenant, devices[0].Endpoint, to); err != nil {
		return "", err
	}
	if c.calls.control == nil {
		return "", errNoCallControl
	}
	id = "click-" + pbx.RandomSecret(15).Reveal()
	c.calls.expectClick(id, tenant, pbx.CallParty{Number: extension, Name: e.Name, Extension: extension}, to)
	ctx, cancel := context.WithTimeout(ctx, callWithin)
	defer cancel()
	name := ""
	if called := s.Extension(tenant, to); called != nil {
		name = called.Name
	}
	err = c.calls.control.Originate(ctx, id, "Local/"+pbx.ClickRing+"@"+pbx.ClickContext, pbx.ClickContext, pbx.ClickGo, map[string]string{
		pbx.ClickDialVariable: pbx.ClickArgument(devices, clickSeconds), pbx.ClickNameVariable: name,
		"_" + pbx.ClickToVariable: to, "_" + pbx.ClickEntryVariable: pbx.EntryContext(tenant)})
	if err != nil {
		return "", err
	}
	c.log.Info("call placed", "tenant", tenant, "extension", extension, "call", id, "actor", by.Actor, "address", by.Address)
	return id, nil
}

// expectClick says what a channel that Asterisk is to make is for.
func (t *callTracker) expectClick(id, tenant string, from pbx.CallParty, to string) {
	t.routed(id, func(call *trackedCall, _ *channel) {
		call.Tenant, call.From, call.Dialled, call.click = tenant, from, to, true
		t.via(call, pbx.ViaClick)
		call.Rules = append(call.Rules, "the API lets the phones of extension "+from.Extension+" ring and then dial "+to)
	})
}
