package provisioner

import (
	"context"
	"errors"
	"fmt"

	"github.com/dialtone-pbx/dialtone/ami"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// ConsultCall lets the phone of a leg, by default of the one that answered, dial a
// number with its own rights, while who it talked with hears music.
func (c *Controller) ConsultCall(ctx context.Context, by pbx.Author, tenant, id, leg, to string) (*pbx.LiveCall, error) {
	if _, err := c.Call(ctx, tenant, id); err != nil {
		return nil, err
	}
	if err := pbx.CheckDialled("to", to); err != nil {
		return nil, err
	}
	asker, held, err := c.calls.asking(id, leg)
	if err != nil {
		return nil, err
	}
	endpoint := pbx.EndpointOfChannel(asker.name)
	d := c.Snapshot().DeviceOf(endpoint)
	if d == nil || d.Tenant != tenant {
		return nil, &pbx.Error{Kind: pbx.Conflict, Field: "leg", Message: "leg is no phone of the tenant: it has no rights to dial with"}
	}
	if err := c.mayDial(tenant, endpoint, to); err != nil {
		return nil, err
	}
	err = c.atAsterisk(ctx, func(ctx context.Context, s *ami.Session) error { return hold(ctx, s, d, asker.name, held.name, to) })
	if err != nil {
		return nil, err
	}
	c.calls.asks(asker.id, held.id, to)
	c.log.Info("call held to ask somebody", "tenant", tenant, "call", id, "to", to, "actor", by.Actor, "address", by.Address)
	return c.Call(ctx, tenant, id)
}

// hold sends two channels that talk on their ways, where all they need to know is in
// their variables. Those come first: until the last action nothing has happened.
func hold(ctx context.Context, s *ami.Session, d *pbx.Device, asker, held, to string) error {
	for _, v := range []struct{ channel, name, value string }{
		{held, pbx.AskerVariable, asker},
		{held, pbx.RecallVariable, pbx.RecallArgument(d)},
		{held, pbx.UnansweredVariable, pbx.UnansweredArgument(d)},
		{held, pbx.GoOnVariable, ""}, // of an earlier one, as the next
		{held, pbx.WaitsVariable, ""},
		{asker, "_" + pbx.HeldVariable, held},
		{asker, "_" + pbx.AskEntryVariable, pbx.EntryContext(d.Tenant)},
	} {
		if err := s.SetChannelVar(ctx, v.channel, v.name, v.value); err != nil {
			return err
		}
	}
	return s.RedirectBoth(ctx, held, ami.Place{Context: pbx.HeldContext, Extension: "s"}, asker, ami.Place{Context: pbx.ConsultContext, Extension: to})
}

// CompleteCall ends a consultation by letting the phone that asks go: who was held
// gets who was asked or, while that rings, goes on to the number as after a transfer
// without asking.
func (c *Controller) CompleteCall(ctx context.Context, by pbx.Author, tenant, id, leg string) (*pbx.LiveCall, error) {
	asker, err := c.consulting(ctx, tenant, id, leg)
	if err != nil {
		return nil, err
	}
	err = c.atAsterisk(ctx, func(ctx context.Context, s *ami.Session) error {
		held, err := s.ChannelVar(ctx, asker.name, pbx.HeldVariable)
		if err != nil {
			return err
		}
		err = s.SetChannelVar(ctx, held, pbx.GoOnVariable, pbx.GoOnArgument(tenant, asker.to))
		if errors.Is(err, ami.ErrNotFound) {
			return &pbx.Error{Kind: pbx.Conflict, Message: "who was held has hung up"}
		}
		if err != nil {
			return err
		}
		return c.letGo(ctx, asker.id)
	})
	if err != nil {
		return nil, err
	}
	c.log.Info("call transferred after asking", "tenant", tenant, "call", id, "to", asker.to, "actor", by.Actor, "address", by.Address)
	return c.Call(ctx, tenant, id)
}

// ReturnCall ends a consultation by letting who was asked go: the phone that asks
// takes back who was held, as if who was asked had hung up.
func (c *Controller) ReturnCall(ctx context.Context, by pbx.Author, tenant, id, leg string) (*pbx.LiveCall, error) {
	asker, err := c.consulting(ctx, tenant, id, leg)
	if err != nil {
		return nil, err
	}
	if asker.dialled == "" {
		return nil, &pbx.Error{Kind: pbx.Conflict, Message: "the consultation is just beginning or ending"}
	}
	ctx, cancel := context.WithTimeout(ctx, callWithin)
	defer cancel()
	if err := c.letGo(ctx, asker.dialled); err != nil {
		return nil, err
	}
	c.log.Info("call taken back", "tenant", tenant, "call", id, "actor", by.Actor, "address", by.Address)
	return c.Call(ctx, tenant, id)
}

// letGo hangs up a channel that may just have ended.
func (c *Controller) letGo(ctx context.Context, channel string) error {
	if c.calls.control == nil {
		return errNoCallControl
	}
	if err := c.calls.control.HangUp(ctx, channel); err != nil && pbx.KindOf(err) != pbx.NotFound {
		return err
	}
	return nil
}

// asker is the channel of a phone that asks somebody.
type asker struct {
	id, name string
	to       string // number that it dialled
	dialled  string // id of the channel that it rings or talks with; "" for none
}

// consulting finds the leg of a call that asks somebody.
func (c *Controller) consulting(ctx context.Context, tenant, id, leg string) (asker, error) {
	if _, err := c.Call(ctx, tenant, id); err != nil {
		return asker{}, err
	}
	return c.calls.consulting(id, leg)
}

func (t *callTracker) consulting(id, leg string) (asker, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	call := t.calls[id]
	if call == nil {
		return asker{}, pbx.NotFoundf("the call has just ended")
	}
	known := leg == ""
	for _, l := range call.legs {
		if ch := call.channels[l.ID]; ch != nil && (leg == "" || l.ID == leg) {
			known = true
			if l.State == pbx.LegAsking {
				return asker{id: ch.id, name: ch.name, to: ch.exten, dialled: t.dialledBy(ch)}, nil
			}
		}
	}
	if !known {
		return asker{}, pbx.Invalidf("leg", "is none of the call's legs")
	}
	return asker{}, &pbx.Error{Kind: pbx.Conflict, Message: "nobody in the call asks somebody else now: begin with consult"}
}

// asking finds the channel of the leg that is to ask, and the one that it talks with.
func (t *callTracker) asking(id, leg string) (by, held asker, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	ch, err := t.talking(id, leg)
	if err != nil {
		return by, held, err
	}
	var with []*channel
	for _, o := range t.channels {
		if o != ch && o.bridge == ch.bridge {
			with = append(with, o)
		}
	}
	if len(with) != 1 {
		return by, held, &pbx.Error{Kind: pbx.Conflict, Field: "leg", Message: fmt.Sprintf("leg talks with %d others, and only one can be held", len(with))}
	}
	return asker{id: ch.id, name: ch.name}, asker{id: with[0].id, name: with[0].name}, nil
}
