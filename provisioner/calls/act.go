package calls

import (
	"context"
	"time"

	"github.com/dialtone-pbx/dialtone/ami"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// Control acts on channels of Asterisk. An error is a NotFound error of pbx for a channel that
// is gone; any other one means that Asterisk did not do it.
type Control interface {
	// HangUp ends a channel.
	HangUp(ctx context.Context, channel string) error
	// Originate makes a channel with that id and sends it, answered, to an extension.
	Originate(ctx context.Context, id, endpoint, dialplanContext, extension string, variables map[string]string) error
	// Alone runs do while no other bounded call outside of the tenant is decided.
	Alone(tenant string, do func())
}

// callWithin bounds each action on a call.
const callWithin = 5 * time.Second

// HangUp ends a call of a tenant, with all its legs, and returns the call as it was.
func (t *Tracker) HangUp(ctx context.Context, by pbx.Author, tenant, id string) (*pbx.LiveCall, error) {
	call, err := t.Get(ctx, tenant, id)
	if err != nil {
		return nil, err
	}
	if t.o.Control == nil {
		return nil, errNoControl
	}
	ctx, cancel := context.WithTimeout(ctx, callWithin)
	defer cancel()
	// The caller's leg comes first: with it the dialplan ends, and with that the legs that
	// ring. Bridged legs end by themselves, or here.
	for _, channel := range t.ending(id) {
		if err := t.o.Control.HangUp(ctx, channel); err != nil && pbx.KindOf(err) != pbx.NotFound {
			return nil, refused(err, "hang up the call")
		}
	}
	t.logOrder("call hung up", by, tenant, id)
	return call, nil
}

// ending returns the channels of a call that is hung up over the API, the caller's first.
func (t *Tracker) ending(id string) (ids []string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	call := t.calls[id]
	if call == nil {
		return nil
	}
	call.hungUp = true
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

// Transfer sends the transferee of a leg, by default of the one that answered, to a number and
// hangs up the leg (a blind transfer). The leg, as transferor, must be allowed to dial it.
func (t *Tracker) Transfer(ctx context.Context, by pbx.Author, tenant, id, leg, to string) (*pbx.LiveCall, error) {
	if _, err := t.Get(ctx, tenant, id); err != nil {
		return nil, err
	}
	if err := pbx.CheckDialled("to", to); err != nil {
		return nil, err
	}
	name, err := t.transferring(id, leg)
	if err != nil {
		return nil, err
	}
	if err := t.mayDial(tenant, pbx.EndpointOfChannel(name), to); err != nil {
		return nil, err
	}
	err = t.atAsterisk(ctx, "transfer the call", func(ctx context.Context, s *ami.Session) error {
		return s.BlindTransfer(ctx, name, pbx.EntryContext(tenant), to)
	})
	if err != nil {
		return nil, err
	}
	t.logOrder("call transferred", by, tenant, id, "to", to)
	return t.Get(ctx, tenant, id)
}

// logOrder logs what the user of the API did to a call.
func (t *Tracker) logOrder(done string, by pbx.Author, tenant, id string, more ...any) {
	t.o.Log.Info(done, append([]any{"tenant", tenant, "call", id, "actor", by.Actor, "address", by.Address},
		more...)...)
}

// atAsterisk carries out an order, such as "transfer the call", over AMI.
func (t *Tracker) atAsterisk(ctx context.Context, order string, act func(context.Context, *ami.Session) error) error {
	s, err := t.o.Session()
	if err != nil {
		return errNoControl
	}
	ctx, cancel := context.WithTimeout(ctx, callWithin)
	defer cancel()
	return refused(act(ctx, s), order)
}

// transferring finds the channel of the leg that transfers.
func (t *Tracker) transferring(id, leg string) (name string, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	ch, err := t.talking(id, leg)
	if err != nil {
		return "", err
	}
	return ch.name, nil
}

// talking finds the leg with that id, by default the one that answered, if it is connected and
// does not consult. The lock is held.
func (t *Tracker) talking(id, leg string) (*channel, error) {
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
			return nil, &pbx.Error{Kind: pbx.Conflict, Field: "leg",
				Message: "leg asks somebody already: complete that, or return, first"}
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

// mayDial refuses a number that the phone behind an endpoint could not dial either. A leg
// from outside has no rights of its own: the entry context decides.
func (t *Tracker) mayDial(tenant, endpoint, to string) error {
	s := t.o.Snapshot()
	if s.DeviceOf(endpoint) == nil {
		endpoint = ""
	}
	first := pbx.Route(s, pbx.Call{Tenant: tenant, Dialled: to, Endpoint: endpoint}, time.Now()).Steps[0]
	if first.Kind == pbx.StepHangup && (first.Cause == pbx.CauseUnallocated || first.Cause == pbx.CauseRefused) {
		return pbx.Invalidf("to", "cannot be dialled: %s", first.Rule)
	}
	return nil
}

// clickSeconds is how long the phones of the extension that places a call ring.
const clickSeconds = 30

// Place rings the phones of an extension; the first that is answered dials the
// number. It returns the id that the call will have.
func (t *Tracker) Place(ctx context.Context, by pbx.Author, tenant, extension, to string) (id string, err error) {
	if err := t.o.Tenant(ctx, tenant); err != nil {
		return "", err
	}
	if err := pbx.CheckDialled("to", to); err != nil {
		return "", err
	}
	s := t.o.Snapshot()
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
	if err := t.mayDial(tenant, devices[0].Endpoint, to); err != nil {
		return "", err
	}
	if t.o.Control == nil {
		return "", errNoControl
	}
	id = "click-" + pbx.RandomSecret(15).Reveal()
	t.expectClick(id, tenant, pbx.CallParty{Number: extension, Name: e.Name, Extension: extension}, to)
	ctx, cancel := context.WithTimeout(ctx, callWithin)
	defer cancel()
	name := ""
	if called := s.Extension(tenant, to); called != nil {
		name = called.Name
	}
	variables := map[string]string{
		pbx.ClickDialVariable: pbx.ClickArgument(devices, clickSeconds), pbx.ClickNameVariable: name,
		"_" + pbx.ClickToVariable: to, "_" + pbx.ClickEntryVariable: pbx.EntryContext(tenant)}
	err = t.o.Control.Originate(ctx, id, "Local/"+pbx.ClickRing+"@"+pbx.ClickContext, pbx.ClickContext, pbx.ClickGo,
		variables)
	if err != nil {
		return "", refused(err, "place the call")
	}
	t.logOrder("call placed", by, tenant, id, "extension", extension)
	return id, nil
}

// expectClick notes which call the channel belongs to that Asterisk is about to create.
func (t *Tracker) expectClick(id, tenant string, from pbx.CallParty, to string) {
	t.note(id, func(call *trackedCall, _ *channel) {
		call.Tenant, call.From, call.Dialled = tenant, from, to
		addVia(call, pbx.ViaClick)
		rule := "the API lets the phones of extension " + from.Extension + " ring and then dial " + to
		call.Rules = append(call.Rules, rule)
	})
}
