package callflow

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/dialtone-pbx/dialtone/ari"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// errLate sends a call to the fallback when the controller is overloaded. The fallback
// rings sooner than a decision after a wait.
var errLate = errors.New("too many calls are in decision")

var errNoSnapshot = errors.New("no configuration is loaded yet")

// decide gets one entry out of Stasis, whatever happens.
func (f *Flow) decide(ctx context.Context, e *entry) Verdict {
	if e.desk {
		return f.atDesk(ctx, e)
	}
	if e.setting {
		return f.atSetting(ctx, e)
	}
	if e.test {
		return f.atTest(ctx, e)
	}
	if e.asks && !e.odd && !e.late {
		return f.atApplication(ctx, e)
	}
	err := errLate
	if !e.late && f.placeToDecide(e.arrived.Add(f.opts.Deadline/2)) {
		err = f.forward(ctx, e)
		f.deciders.free()
	}
	switch {
	case err == nil:
		return Decided
	case isGone(err):
		return Gone
	case f.hasLeft(e):
		// Asterisk obeyed and only its answer was lost, or the caller hung up meanwhile.
		// The channel is no longer ours to move.
		return Gone
	}
	verdict := f.fallBack(ctx, e)
	f.log.warn("call not decided", "error", err, "verdict", verdict, "channel", e.channel,
		"tenant", e.call.Tenant, "dialled", e.extension(), "after_step", e.step)
	return verdict
}

// isGone reports that the channel is no longer in Stasis. Either it hung up (404), or
// another command has moved it on (409), such as an earlier one of ours with a lost answer.
func isGone(err error) bool { return ari.IsNotFound(err) || ari.IsConflict(err) }

// forward finds the step and hands the channel over to it.
func (f *Flow) forward(ctx context.Context, e *entry) error {
	ctx, cancel := context.WithDeadline(ctx, e.arrived.Add(f.opts.Deadline))
	defer cancel()
	if e.odd {
		return fmt.Errorf("reading Stasis arguments %.100q: they are none of ours", e.args)
	}
	s := f.opts.Snapshot()
	if s == nil {
		return errNoSnapshot
	}
	if e.inbound {
		e.enter(s)
	}
	call, plan, index, err := f.way(s, e)
	if err != nil {
		return err
	}
	return f.carry(ctx, s, e, call, plan, index)
}

// carry gives the channel what a step needs, and lets it go on there.
func (f *Flow) carry(ctx context.Context, s *pbx.Snapshot, e *entry, call pbx.Call, plan pbx.Plan, index int) error {
	step := plan.Steps[index]
	if step.Kind == pbx.StepApplication {
		call = call.AtApplication(step.To)
	}
	for _, v := range variables(e, call, plan, index) {
		if err := f.opts.Client.SetChannelVar(ctx, e.channel, v.Name, v.Value); err != nil {
			return err
		}
	}
	f.countEnd(step)
	f.opts.Routed(e.channel, call, step)
	at := step.Extension(extensionOf(call.At(s)))
	return f.opts.Client.ContinueChannel(ctx, e.channel, step.Context(call.Tenant), at, 1, "")
}

// way returns the step to carry out, by its index in the plan.
func (f *Flow) way(s *pbx.Snapshot, e *entry) (pbx.Call, pbx.Plan, int, error) {
	call, index := e.call, 0
	call.Live, call.Resumed = f.opts.Live, e.step
	if e.step && e.outcome != pbx.OutcomeAnswer && f.opts.Back != nil {
		f.opts.Back(e.channel)
	}
	plan, err := f.plan(s, call)
	if err == nil && !e.step {
		plan, err = f.chosen(s, call, plan)
	}
	if err == nil && e.step {
		f.tellRefused(call, plan, e.ended)
		index = plan.After(e.ended, e.outcome)
	}
	if err != nil {
		return call, plan, index, err
	}
	return f.follow(s, e, call, plan, index)
}

// sent returns the step to carry out for a call that is sent somewhere.
func (f *Flow) sent(s *pbx.Snapshot, e *entry, call pbx.Call, to pbx.Destination) (pbx.Call, pbx.Plan, int, error) {
	call = call.Sent(to)
	plan, err := f.plan(s, call)
	if err == nil {
		plan, err = f.chosen(s, call, plan)
	}
	if err != nil {
		return call, plan, 0, err
	}
	return f.follow(s, e, call, plan, 0)
}

// follow goes through plans that only send the call on.
func (f *Flow) follow(s *pbx.Snapshot, e *entry, call pbx.Call, plan pbx.Plan, index int) (pbx.Call, pbx.Plan, int,
	error) {
	var err error
	for err == nil {
		if plan.Steps[index].Kind != pbx.StepForward {
			reserved := false
			if plan, reserved, err = f.reserve(s, e, call, plan, index); reserved || err != nil {
				break
			}
			continue // it sends the call on by now
		}
		if len(call.Hops) >= pbx.MaxHops { // Route does not let it come this far
			err = fmt.Errorf("following a call: it was forwarded %d times", len(call.Hops))
			break
		}
		f.opts.Routed(e.channel, call, plan.Steps[index])
		call, index = call.Sent(plan.Steps[index].To), 0
		if plan, err = f.plan(s, call); err == nil {
			plan, err = f.chosen(s, call, plan)
		}
	}
	return call, plan, index, err
}

// reserve has the legs outside of a step counted before they are dialled. Where they are
// bounded, the plan is made again under a lock of the tenant, so that of two calls at once the
// second knows of the first. It reports whether the step is one to carry out.
func (f *Flow) reserve(s *pbx.Snapshot, e *entry, call pbx.Call, plan pbx.Plan, index int) (pbx.Plan, bool, error) {
	if f.opts.Reserve == nil || !plan.Steps[index].Charged() {
		return plan, true, nil
	}
	if !bounded(s, call.Tenant, plan.Steps[index]) {
		f.opts.Reserve(e.channel, call.Tenant, plan.Steps[index])
		return plan, true, nil
	}
	lock := f.outside.of(call.Tenant)
	lock.Lock()
	defer lock.Unlock()
	call.Order = plan.Order // the members that were chosen
	plan, err := f.plan(s, call)
	if err != nil {
		return plan, false, err
	}
	step := plan.Steps[min(index, len(plan.Steps)-1)]
	if step.Kind == pbx.StepForward {
		return plan, false, nil
	}
	f.opts.Reserve(e.channel, call.Tenant, step)
	return plan, true, nil
}

// bounded reports whether a guard bounds any leg of a step that counts.
func bounded(s *pbx.Snapshot, tenant string, step pbx.Step) bool {
	return slices.ContainsFunc(step.Legs, func(l pbx.Leg) bool {
		return l.Charge != nil && s.Guarded(tenant, l.Charge.Extension)
	})
}

// tenantLocks are locks that few tenants share.
type tenantLocks [64]sync.Mutex

// of returns the lock of a tenant.
func (l *tenantLocks) of(tenant string) *sync.Mutex {
	return &l[maphash.String(lockSeed, tenant)%uint64(len(l))]
}

var lockSeed = maphash.MakeSeed()

// tellRefused tells of a call that a carrier has refused for our account.
func (f *Flow) tellRefused(c pbx.Call, plan pbx.Plan, ended int) {
	if !pbx.IsAboutAccount(c.Answer) || ended < 0 || ended >= len(plan.Steps) {
		return
	}
	for _, l := range plan.Steps[ended].Legs {
		if l.Outside != "" {
			f.opts.Refused(l.Endpoint, c.Answer)
		}
	}
}

// variables are the variables that the channel needs for the step, the step itself last.
// Variables that the channel has already are left out.
func variables(e *entry, call pbx.Call, plan pbx.Plan, index int) []pbx.Variable {
	step := plan.Steps[index]
	out := append(slices.Clone(e.set), leaves(e, call)...)
	if step.Kind == pbx.StepApplication {
		return append(append(out, arrives(call, step)...), step.Variables(call.Tenant)...)
	}
	if step.Returns() {
		dialled := call.Dialled
		if !plainNumber.MatchString(dialled) {
			dialled = ""
		}
		if len(call.Hops) > len(e.call.Hops) {
			out = append(out, pbx.Variable{Name: pbx.HopsVariable, Value: pbx.HopsText(dialled, call.Hops)})
		}
		if plan.Order != e.call.Order || e.asks {
			out = append(out, pbx.Variable{Name: pbx.OrderVariable, Value: plan.Order})
		}
		if index != e.ended || positions(plan) > 1 {
			out = append(out, pbx.Variable{Name: pbx.PositionVariable, Value: strconv.Itoa(index)})
		}
	}
	return append(out, step.Variables(call.Tenant)...)
}

// plan makes the plan. A panic in a rule costs the one call its features and
// not all calls their controller.
func (f *Flow) plan(s *pbx.Snapshot, c pbx.Call) (plan pbx.Plan, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("routing a call: panic: %v", p)
		}
	}()
	plan = f.route(s, c, time.Now())
	if len(plan.Steps) == 0 {
		return plan, errors.New("routing a call: the plan has no step")
	}
	return plan, nil
}

// chosen tells Chose where a new call begins at a ring group that takes turns. The plan is
// made again under the lock, so that of two calls at once each has a turn of its own.
func (f *Flow) chosen(s *pbx.Snapshot, call pbx.Call, plan pbx.Plan) (pbx.Plan, error) {
	g := call.RingGroup(s)
	if g == nil || !g.TakesTurns() || f.opts.Chose == nil {
		return plan, nil
	}
	f.turns.Lock()
	defer f.turns.Unlock()
	plan, err := f.plan(s, call)
	if err == nil && plan.Order != "" {
		f.opts.Chose(g.Tenant, g.Name, plan.First())
	}
	return plan, err
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

// fallBack sends a call to its place in the dialplan without a controller. A call that was
// rung continues behind the ringing, any other at the start of the fallback. A call from a
// trunk goes on at the number called. A call with foreign arguments goes on after its
// Stasis(). A call that Asterisk refuses to move is hung up.
func (f *Flow) fallBack(ctx context.Context, e *entry) Verdict {
	dialplan, extension, priority, label := pbx.FallbackContext(e.call.Tenant), e.extension(), 1, ""
	rung := e.step && e.outcome != pbx.OutcomePlayed
	switch {
	case e.odd:
		dialplan, extension, priority = "", "", 0
	case e.asks:
		dialplan, extension = pbx.ApplicationContext, pbx.OverdueExtension
	case e.inbound, e.call.Endpoint == "" && strings.HasPrefix(e.exten, "+"): // a number of this system
		dialplan = pbx.AllNumbersContext
	case rung:
		dialplan, priority, label = pbx.DialContext(e.call.Tenant), 0, pbx.RungLabel
	}
	place := f.placeToMove(e.arrived.Add(f.opts.Deadline / 2))
	if place == nil {
		return Stranded
	}
	defer place.free()
	if f.hasLeft(e) {
		return Gone
	}
	attempt, cancel := context.WithTimeout(ctx, f.opts.Deadline)
	defer cancel()
	err := f.opts.Client.ContinueChannel(attempt, e.channel, dialplan, extension, priority, label)
	switch {
	case err == nil:
		return FellBack
	case ari.IsConflict(err), ari.IsNotFound(err) && !rung, f.hasLeft(e):
		return Gone
	case !ari.IsAnswered(err):
		// Asterisk is late. It may obey yet, and a caller would rather wait than be cut off.
		return Stranded
	}
	// A 404 can also mean that a context or extension is not there. Its tenant was deleted
	// while it rang.
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
