package callflow

import (
	"context"
	"errors"
	"time"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// deskDeadline bounds a sign-in: hashing a PIN takes longer than choosing a way.
const deskDeadline = 3 * time.Second

var errNoDesks = errors.New("nobody can sign in here")

// atDesk signs the caller in or out and has the dialplan announce the result. A call that
// cannot be moved hears a refusal, because the dialplan plays one after its Stasis().
func (f *Flow) atDesk(ctx context.Context, e *entry) Verdict {
	label := pbx.DeskDoneLabel
	if err := f.moveDesk(ctx, e); err != nil {
		label = pbx.DeskRefusedLabel
	}
	return f.say(ctx, e, pbx.DeskContext(e.call.Tenant), label)
}

// say has the dialplan say how something went.
func (f *Flow) say(ctx context.Context, e *entry, dialplan, label string) Verdict {
	attempt, cancel := context.WithTimeout(ctx, f.opts.Deadline)
	defer cancel()
	err := f.opts.Client.ContinueChannel(attempt, e.channel, dialplan, e.extension(), 0, label)
	switch {
	case err == nil:
		return Decided
	case isGone(err), f.hasLeft(e):
		return Gone
	}
	return f.hangUp(ctx, e)
}

// moveDesk carries out the dialled code.
func (f *Flow) moveDesk(ctx context.Context, e *entry) error {
	ctx, cancel := context.WithTimeout(ctx, deskDeadline)
	defer cancel()
	feature := pbx.Feature("")
	if s := f.opts.Snapshot(); s != nil {
		feature, _, _ = s.CodesOf(e.call.Tenant).Read(e.call.Dialled)
	}
	switch {
	case feature == pbx.FeatureSignOut && f.opts.SignOut != nil:
		return f.opts.SignOut(ctx, e.call.Endpoint)
	case feature != pbx.FeatureSignIn || f.opts.SignIn == nil:
		return errNoDesks
	}
	number, err := f.opts.Client.GetChannelVar(ctx, e.channel, pbx.DeskNumberVariable)
	if err != nil {
		return err
	}
	pin, err := f.opts.Client.GetChannelVar(ctx, e.channel, pbx.DeskPINVariable)
	if err != nil {
		return err
	}
	return f.opts.SignIn(ctx, e.call.Endpoint, number, pin)
}
