package calls

import (
	"context"
	"errors"
	"fmt"

	"github.com/dialtone-pbx/dialtone/ami"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// Consult lets a leg, by default the one that answered, call a target while the transferee
// hears music. The leg must be a phone of the tenant and dials with its own rights; it is the
// transferor. The error is a Conflict while the leg talks with nobody, or with several.
func (t *Tracker) Consult(ctx context.Context, by pbx.Author, tenant, id, leg, to string) (*pbx.LiveCall, error) {
	if _, err := t.Get(ctx, tenant, id); err != nil {
		return nil, err
	}
	if err := pbx.CheckDialled("to", to); err != nil {
		return nil, err
	}
	transferor, transferee, err := t.mayConsult(id, leg)
	if err != nil {
		return nil, err
	}
	endpoint := pbx.EndpointOfChannel(transferor.name)
	d := t.o.Snapshot().DeviceOf(endpoint)
	if d == nil || d.Tenant != tenant {
		return nil, &pbx.Error{Kind: pbx.Conflict, Field: "leg",
			Message: "leg is no phone of the tenant: it has no rights to dial with"}
	}
	if err := t.mayDial(tenant, endpoint, to); err != nil {
		return nil, err
	}
	err = t.atAsterisk(ctx, "begin the consultation", func(ctx context.Context, s *ami.Session) error {
		return hold(ctx, s, d, transferor.name, transferee.name, to)
	})
	if err != nil {
		return nil, err
	}
	t.consultationBegan(transferor.id, transferee.id, to)
	t.logOrder("consultation begun", by, tenant, id, "to", to)
	return t.Get(ctx, tenant, id)
}

// hold sends two channels that talk to their places in the dialplan. Variables tell the
// dialplan the rest. They are set first: until the last action nothing has happened.
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
	return s.RedirectBoth(ctx, held, ami.Place{Context: pbx.HeldContext, Extension: "s"},
		asker, ami.Place{Context: pbx.ConsultContext, Extension: to})
}

// Complete connects the transferee to the target and hangs up on the transferor. If the target
// still rings, this becomes a blind transfer. The leg is the transferor's; "" where there is
// only one.
func (t *Tracker) Complete(ctx context.Context, by pbx.Author, tenant, id, leg string) (*pbx.LiveCall, error) {
	if _, err := t.Get(ctx, tenant, id); err != nil {
		return nil, err
	}
	transferor, err := t.consulting(id, leg)
	if err != nil {
		return nil, err
	}
	err = t.atAsterisk(ctx, "transfer the call", func(ctx context.Context, s *ami.Session) error {
		held, err := s.ChannelVar(ctx, transferor.name, pbx.HeldVariable)
		if err != nil {
			return err
		}
		err = s.SetChannelVar(ctx, held, pbx.GoOnVariable, pbx.GoOnArgument(tenant, transferor.to))
		if errors.Is(err, ami.ErrNotFound) {
			return &pbx.Error{Kind: pbx.Conflict, Message: "the other party has hung up"}
		}
		if err != nil {
			return err
		}
		return t.letGo(ctx, transferor.id)
	})
	if err != nil {
		return nil, err
	}
	t.logOrder("call transferred after a consultation", by, tenant, id, "to", transferor.to)
	return t.Get(ctx, tenant, id)
}

// Return hangs up on the target and reconnects transferor and transferee. The leg is the
// transferor's; "" where there is only one.
func (t *Tracker) Return(ctx context.Context, by pbx.Author, tenant, id, leg string) (*pbx.LiveCall, error) {
	if _, err := t.Get(ctx, tenant, id); err != nil {
		return nil, err
	}
	transferor, err := t.consulting(id, leg)
	if err != nil {
		return nil, err
	}
	if transferor.target == "" {
		return nil, &pbx.Error{Kind: pbx.Conflict, Message: "the consultation is just beginning or ending"}
	}
	ctx, cancel := context.WithTimeout(ctx, callWithin)
	defer cancel()
	if err := t.letGo(ctx, transferor.target); err != nil {
		return nil, err
	}
	t.logOrder("call taken back", by, tenant, id)
	return t.Get(ctx, tenant, id)
}

// letGo hangs up a channel of a consultation. One that has just ended is no error.
func (t *Tracker) letGo(ctx context.Context, channel string) error {
	if t.o.Control == nil {
		return errNoControl
	}
	if err := t.o.Control.HangUp(ctx, channel); err != nil && pbx.KindOf(err) != pbx.NotFound {
		return refused(err, "end the consultation")
	}
	return nil
}

// consulting is the channel of a leg that consults a target.
type consulting struct {
	id, name string
	to       string // number of the target
	target   string // id of the channel that leads to the target; "" for none
}

// consulting finds the leg of a call that consults: the one with that id, or any.
func (t *Tracker) consulting(id, leg string) (found consulting, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	call := t.calls[id]
	if call == nil {
		return found, pbx.NotFoundf("the call has just ended")
	}
	known := leg == ""
	for _, l := range call.legs {
		if ch := call.channels[l.ID]; ch != nil && (leg == "" || l.ID == leg) {
			known = true
			if l.State == pbx.LegAsking {
				return consulting{id: ch.id, name: ch.name, to: ch.exten, target: t.targetOf(ch)}, nil
			}
		}
	}
	if !known {
		return found, pbx.Invalidf("leg", "is none of the call's legs")
	}
	return found, &pbx.Error{Kind: pbx.Conflict,
		Message: "nobody in the call asks somebody else now: begin with consult"}
}

// mayConsult finds the channels of transferor and transferee for a consultation to come.
func (t *Tracker) mayConsult(id, leg string) (transferor, transferee legChannel, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	ch, err := t.talking(id, leg)
	if err != nil {
		return transferor, transferee, err
	}
	var with []*channel
	for _, o := range t.channels {
		if o != ch && o.bridge == ch.bridge {
			with = append(with, o)
		}
	}
	if len(with) != 1 {
		return transferor, transferee, &pbx.Error{Kind: pbx.Conflict, Field: "leg",
			Message: fmt.Sprintf("leg talks with %d others, and only one can be held", len(with))}
	}
	return legChannel{ch.name, ch.id}, legChannel{with[0].name, with[0].id}, nil
}
