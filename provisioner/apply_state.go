package provisioner

import (
	"context"
	"errors"
	"time"

	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/provisioner/event"
)

// succeeded records a pass that Asterisk acknowledged.
func (a *applier) succeeded(ctx context.Context, start time.Time, revision int64, reloaded []string) {
	state := event.Apply{Applied: revision, At: time.Now(), Took: time.Since(start), Reloaded: reloaded, Warnings: a.warnings}
	a.record(ctx, state, db.ApplyResult{Revision: revision, State: db.ApplyState(event.Applied)})
	for _, w := range a.warnings {
		a.log.Warn("applied in part", "revision", revision, "missing", w)
	}
	a.log.Info("applied", "revision", revision, "reloaded", reloaded, "ms", state.Took.Milliseconds())
}

// failed records a pass that did not get through, and returns its error.
func (a *applier) failed(ctx context.Context, start time.Time, revision int64, err error) error {
	state := a.currentState()
	state.Failed, state.Error, state.At, state.Took, state.Reloaded = revision, err.Error(), time.Now(), time.Since(start), nil
	if errors.Is(err, errAway) {
		// Not a failure of the change: it stays pending.
		state.Failed = 0
		a.publish(state)
		return err
	}
	a.record(context.WithoutCancel(ctx), state, db.ApplyResult{Revision: revision, State: db.ApplyState(event.Failed), Error: state.Error})
	a.log.Error("applying the configuration", "revision", revision, "error", err)
	return err
}

func (a *applier) record(ctx context.Context, s event.Apply, r db.ApplyResult) {
	r.At, r.Duration, r.Reloaded = s.At, s.Took, s.Reloaded
	if err := a.db.RecordApply(ctx, r); err != nil {
		a.log.Error("recording the result of an apply", "error", err)
	}
	a.publish(s)
}

// publish makes a new state visible and wakes everyone who waits for one.
func (a *applier) publish(s event.Apply) {
	a.mu.Lock()
	a.state = s
	close(a.changed)
	a.changed = make(chan struct{})
	a.mu.Unlock()
	a.events.Publish("", s)
}

func (a *applier) currentState() event.Apply {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.state
}

// ApplyState returns how far Asterisk has come.
func (c *Controller) ApplyState() event.Apply { return c.apply.currentState() }

// WaitApplied returns when a revision is applied or failed, or ctx ends; the
// state tells which.
func (c *Controller) WaitApplied(ctx context.Context, revision int64) event.Apply {
	return c.apply.wait(ctx, revision)
}

func (a *applier) wait(ctx context.Context, revision int64) event.Apply {
	for {
		a.mu.Lock()
		state, changed := a.state, a.changed
		a.mu.Unlock()
		if state.Progress(revision) != event.Pending {
			return state
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return state
		}
	}
}
