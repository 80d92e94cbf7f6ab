package callflow

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/dialtone-pbx/dialtone/ari"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

var errNoSnapshot = errors.New("no configuration is loaded yet")

// decide gets one entry out of Stasis, whatever happens.
func (f *Flow) decide(ctx context.Context, e *entry) Verdict {
	if e.desk {
		return f.atDesk(ctx, e)
	}
	err := f.forward(ctx, e)
	switch {
	case err == nil:
		return Decided
	case isGone(err):
		return Gone
	case f.hasLeft(e):
		// The command came through and only its answer did not, or the caller
		// hung up meanwhile. The channel is not ours to move any more.
		return Gone
	}
	verdict := f.fallBack(ctx, e)
	f.log.warn("call not decided", "error", err, "verdict", verdict, "channel", e.channel,
		"tenant", e.call.Tenant, "dialled", e.extension(), "after_step", e.step)
	return verdict
}

// isGone reports that the channel is not in Stasis any more: it hung up (404),
// or another command, such as an earlier one of ours whose answer was lost, has
// moved it on (409).
func isGone(err error) bool { return ari.IsNotFound(err) || ari.IsConflict(err) }

// forward finds the step and hands the channel over to it.
func (f *Flow) forward(ctx context.Context, e *entry) error {
	ctx, cancel := context.WithTimeout(ctx, f.opts.Deadline)
	defer cancel()
	if e.odd {
		return fmt.Errorf("reading Stasis arguments %.100q: they are none of ours", e.args)
	}
	plan, err := f.plan(e.call)
	if err != nil {
		return err
	}
	index, err := f.index(ctx, e, plan)
	if err != nil {
		return err
	}
	step := plan.Steps[index]
	if positions(plan) > 1 && step.Returns() {
		if err := f.opts.Client.SetChannelVar(ctx, e.channel, pbx.PositionVariable, strconv.Itoa(index)); err != nil {
			return err
		}
	}
	if err := f.opts.Client.SetChannelVar(ctx, e.channel, pbx.StepVariable, step.Argument(e.call.Tenant)); err != nil {
		return err
	}
	return f.opts.Client.ContinueChannel(ctx, e.channel, step.Context(e.call.Tenant), e.extension(), 1, "")
}

// plan makes the plan. A panic in a rule costs the one call its features and
// not all calls their controller.
func (f *Flow) plan(c pbx.Call) (plan pbx.Plan, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("routing a call: panic: %v", p)
		}
	}()
	s := f.opts.Snapshot()
	if s == nil {
		return pbx.Plan{}, errNoSnapshot
	}
	plan = f.route(s, c, time.Now())
	if len(plan.Steps) == 0 {
		return plan, errors.New("routing a call: the plan has no step")
	}
	return plan, nil
}

// index returns which step of the plan is to be carried out: the first for a
// new call, else the one that follows the step that ended.
func (f *Flow) index(ctx context.Context, e *entry, plan pbx.Plan) (int, error) {
	if !e.step {
		return 0, nil
	}
	ended := 0
	if positions(plan) > 1 {
		text, err := f.opts.Client.GetChannelVar(ctx, e.channel, pbx.PositionVariable)
		if err != nil && !ari.IsNotFound(err) {
			return 0, err
		}
		ended, _ = strconv.Atoi(text) // never written: it was the first step
	}
	return plan.After(ended, e.outcome), nil
}

// positions counts the steps a call can come back from.
func positions(p pbx.Plan) int {
	n := 0
	for _, s := range p.Steps {
		if s.Returns() {
			n++
		}
	}
	return n
}

// fallBack sends a call to where it would have gone without a controller: one
// that was rung to what follows the ringing, any other to the start of the
// fallback. A call with foreign arguments goes on after its Stasis().
func (f *Flow) fallBack(ctx context.Context, e *entry) Verdict {
	dialplan, extension, priority := pbx.FallbackContext(e.call.Tenant), e.extension(), 1
	rung := e.step && e.outcome != pbx.OutcomePlayed
	switch {
	case e.odd:
		dialplan, extension, priority = "", "", 0
	case rung:
		dialplan, priority = pbx.DialContext(e.call.Tenant), pbx.AfterPriority
	}
	attempt, cancel := context.WithTimeout(ctx, f.opts.Deadline)
	defer cancel()
	err := f.opts.Client.ContinueChannel(attempt, e.channel, dialplan, extension, priority, "")
	switch {
	case err == nil:
		return FellBack
	case ari.IsConflict(err), ari.IsNotFound(err) && !rung, f.hasLeft(e):
		return Gone
	}
	// A 404 can also mean that a context or extension is not there: its tenant
	// was deleted while it rang.
	return f.hangUp(ctx, e)
}

// hangUp is the last resort. Congestion is a word that every version knows.
func (f *Flow) hangUp(ctx context.Context, e *entry) Verdict {
	ctx, cancel := context.WithTimeout(ctx, f.opts.Deadline)
	defer cancel()
	err := f.opts.Client.HangupChannel(ctx, e.channel, "congestion")
	switch {
	case err == nil:
		return HungUp
	case ari.IsNotFound(err):
		return Gone
	}
	return Stranded
}
