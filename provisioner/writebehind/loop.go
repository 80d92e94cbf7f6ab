package writebehind

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// PauseMost is the longest pause after writes that failed.
const PauseMost = 5 * time.Second

// Loop calls a function that writes, now and then and when asked to. Its methods are
// safe for concurrent use.
type Loop struct {
	what  string
	every time.Duration
	write func(context.Context) error
	log   *slog.Logger
	wake  chan struct{}

	// writing is held while write runs. An older state of a row must not be written after a
	// newer one.
	writing sync.Mutex
}

// NewLoop returns a loop that calls write at least each time that every has passed.
// write writes all that waits, if anything does, and is called by one goroutine at a
// time. what names what it writes, in the plural, for the log.
func NewLoop(log *slog.Logger, what string, every time.Duration, write func(context.Context) error) *Loop {
	return &Loop{what: what, every: every, write: write, log: log, wake: make(chan struct{}, 1)}
}

// Nudge asks for a write at once. It never blocks. While writes fail, it changes
// nothing.
func (l *Loop) Nudge() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// Flush writes all that waits, now. It logs what fails as well as returning it, so a caller
// that only reads may go on with the database's state.
func (l *Loop) Flush(ctx context.Context) error {
	l.writing.Lock()
	defer l.writing.Unlock()
	err := l.write(context.WithoutCancel(ctx))
	if err != nil {
		l.log.Error("storing "+l.what, "error", err)
	}
	return err
}

// Run writes until ctx ends, and then once more what is left.
func (l *Loop) Run(ctx context.Context) error {
	tick := time.NewTicker(l.every)
	defer tick.Stop()
	pause, wake := l.every, l.wake
	for {
		select {
		case <-tick.C:
		case <-wake:
		case <-ctx.Done():
			if l.Flush(ctx) != nil {
				l.log.Error("the program ends and loses " + l.what + " that were not stored")
			}
			return ctx.Err()
		}
		switch err := l.Flush(ctx); {
		case err != nil:
			pause, wake = min(2*pause, PauseMost), nil
			tick.Reset(pause)
		case wake == nil:
			pause, wake = l.every, l.wake
			tick.Reset(pause)
		}
	}
}
