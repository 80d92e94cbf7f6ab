package apply

import (
	"context"
	"errors"
	"time"

	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/provisioner/event"
)

// succeeded records a pass that Asterisk acknowledged.
func (l *Loop) succeeded(ctx context.Context, start time.Time, revision int64, reloaded []string) {
	state := event.Apply{Applied: revision, At: time.Now(), Took: time.Since(start), Reloaded: reloaded,
		Warnings: l.warnings}
	l.record(ctx, state, db.ApplyResult{Revision: revision, State: db.ApplyState(event.Applied)})
	for _, w := range l.warnings {
		l.o.Log.Warn("applied in part", "revision", revision, "missing", w)
	}
	l.o.Log.Info("applied", "revision", revision, "reloaded", reloaded, "ms", state.Took.Milliseconds())
}

// failed records a pass that did not get through, and returns its error.
func (l *Loop) failed(ctx context.Context, start time.Time, revision int64, err error) error {
	state := l.State()
	state.Failed, state.Error, state.At, state.Took, state.Reloaded = revision, err.Error(), time.Now(),
		time.Since(start), nil
	if errors.Is(err, errAway) {
		// Not a failure of the change: it stays pending.
		state.Failed = 0
		l.publish(state)
		return err
	}
	l.record(context.WithoutCancel(ctx), state, db.ApplyResult{Revision: revision, State: db.ApplyState(event.Failed),
		Error: state.Error})
	l.o.Log.Error("applying the configuration", "revision", revision, "error", err)
	return err
}

func (l *Loop) record(ctx context.Context, s event.Apply, r db.ApplyResult) {
	r.At, r.Duration, r.Reloaded = s.At, s.Took, s.Reloaded
	if err := l.o.DB.RecordApply(ctx, r); err != nil {
		l.o.Log.Error("recording the result of an apply", "error", err)
	}
	l.publish(s)
}

// publish makes a new state visible and wakes everyone who waits for one.
func (l *Loop) publish(s event.Apply) {
	l.mu.Lock()
	l.state = s
	close(l.changed)
	l.changed = make(chan struct{})
	l.mu.Unlock()
	l.o.Events.Publish("", s)
}

// State returns how far Asterisk has come.
func (l *Loop) State() event.Apply {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.state
}

// Wait returns when a revision is applied or failed, or ctx ends. The state tells which.
func (l *Loop) Wait(ctx context.Context, revision int64) event.Apply {
	for {
		l.mu.Lock()
		state, changed := l.state, l.changed
		l.mu.Unlock()
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
