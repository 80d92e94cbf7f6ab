package calls

import (
	"context"
	"time"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// Test is a test call of a trunk.
type Test struct {
	Tenant  string
	From    pbx.CallParty // on whose behalf it is; empty for the tenant itself
	Dialled string
	// Decide returns the step that dials, counted under the id of the call; another step says why
	// nothing is dialled. No other call outside of the tenant is decided meanwhile.
	Decide func(id string) (pbx.Step, error)
}

// testWithin is how long a test call may take with all that Asterisk does around it.
const testWithin = (pbx.TestRings + pbx.TestTalks + 10) * time.Second

// Test makes a test call and waits for its end. The id is "" where the step dials nothing. The
// error is a Conflict while the tenant has another test call.
func (t *Tracker) Test(ctx context.Context, by pbx.Author, o Test) (id string, step pbx.Step, end pbx.TestEnd,
	err error) {
	if _, err := t.o.Session(); err != nil || t.o.Control == nil {
		return "", step, end, errNoControl
	}
	id = "test-" + pbx.RandomSecret(15).Reveal()
	ended, free := t.expectTest(id, o)
	if ended == nil {
		return "", step, end, &pbx.Error{Kind: pbx.Conflict, Message: "another test call of the tenant is under way"}
	}
	defer free()
	t.o.Control.Alone(o.Tenant, func() { step, err = o.Decide(id) })
	if err != nil || step.Kind != pbx.StepDial {
		return "", step, end, err
	}
	t.note(id, func(call *trackedCall, _ *channel) {
		call.Tenant, call.From, call.Dialled = o.Tenant, o.From, o.Dialled
		addVia(call, pbx.ViaTest)
		call.Rules = append(call.Rules, "the API tests a trunk: "+step.Rule)
	})
	variables := map[string]string{pbx.TestVariable: id}
	for _, v := range step.Variables(o.Tenant) {
		variables[v.Name] = v.Value
	}
	t.logOrder("test call placed", by, o.Tenant, id, "to", o.Dialled)
	end, err = t.awaitTest(ctx, id, variables, ended)
	return id, step, end, err
}

// expectTest takes the tenant's only place; the channel is nil where it is taken.
func (t *Tracker) expectTest(id string, o Test) (ended chan pbx.TestEnd, free func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.testing[o.Tenant] {
		return nil, nil
	}
	ended = make(chan pbx.TestEnd, 1)
	t.tests[id], t.testing[o.Tenant] = ended, true
	return ended, func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		delete(t.tests, id)
		delete(t.testing, o.Tenant)
	}
}

// awaitTest has Asterisk place the call. One that nobody waits for any more is hung up.
func (t *Tracker) awaitTest(ctx context.Context, id string, variables map[string]string,
	ended <-chan pbx.TestEnd) (end pbx.TestEnd, err error) {
	ordering, cancel := context.WithTimeout(ctx, callWithin)
	defer cancel()
	err = t.o.Control.Originate(ordering, id, "Local/"+pbx.TestDial+"@"+pbx.TestContext+"/n", pbx.TestContext, pbx.TestTalk,
		variables)
	if err != nil {
		return end, refused(err, "place the test call")
	}
	waiting, stop := context.WithTimeout(ctx, testWithin)
	defer stop()
	select {
	case end = <-ended:
		return end, nil
	case <-waiting.Done():
	}
	ordering, cancel = context.WithTimeout(context.WithoutCancel(ctx), callWithin)
	defer cancel()
	if err := t.o.Control.HangUp(ordering, id); err != nil && pbx.KindOf(err) != pbx.NotFound {
		t.o.Log.Warn("hanging up a test call", "call", id, "error", err)
	}
	return end, &pbx.Error{Kind: pbx.Unavailable, Message: "Asterisk has not told how the test call ended"}
}

// Tested takes how a test call has ended. It does not block.
func (t *Tracker) Tested(id string, end pbx.TestEnd) {
	at := time.Now()
	t.mu.Lock()
	defer t.mu.Unlock()
	if ch := t.channels[id]; ch != nil {
		ch.call.noteTest(end, at)
	}
	t.tellTest(id, end)
}

// noteTest completes the call for its record.
func (c *trackedCall) noteTest(end pbx.TestEnd, at time.Time) {
	c.tested, _ = end.State()
	if c.tested != pbx.CallAnswered {
		return
	}
	c.Answered = at.Add(-end.Talked)
	for _, l := range c.legs {
		c.By, l.Answered = l.CallParty, c.Answered
	}
}

// testOver ends the wait for a test call whose end no dialplan has told. The lock is held.
func (t *Tracker) testOver(c *trackedCall) {
	if t.tests[c.ID] == nil || c.tested != "" {
		return
	}
	end := pbx.TestEnd{Outcome: pbx.OutcomeUnreachable}
	for _, l := range c.legs {
		end.Outcome = l.Outcome
	}
	if c.hungUp {
		end.Outcome = pbx.OutcomeCancel
	}
	t.tellTest(c.ID, end)
}

// tellTest tells the one that waits, once. The lock is held.
func (t *Tracker) tellTest(id string, end pbx.TestEnd) {
	select {
	case t.tests[id] <- end:
	default:
	}
}
