// Package outbox owns when something that waits in a queue is sent, tried again and given up.
//
// It is the clock of every queue that lies in the database and whose entries leave the machine:
// mail and webhooks. What an entry is, which is next and how it is sent belongs to the queue's
// owner. It may import nothing of ours.
package outbox

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"time"
)

const (
	// Rest is the pause after a queue could not be read or written.
	Rest = 5 * time.Second
	// Look is how often a queue is read at least, in case a clock was set.
	Look = time.Hour
)

// Loop works a queue off, step by step. Its methods are safe for concurrent use.
type Loop struct {
	log  *slog.Logger
	what string
	step func(context.Context) (time.Duration, error)
	wake chan struct{}
}

// NewLoop returns a loop that Run starts. step sends what is due, and returns how long to wait
// before the next step; it is called by one goroutine. what says what is done, for the log.
func NewLoop(log *slog.Logger, what string, step func(context.Context) (time.Duration, error)) *Loop {
	return &Loop{log: log, what: what, step: step, wake: make(chan struct{}, 1)}
}

// Nudge says that something was queued. It never blocks.
func (l *Loop) Nudge() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// Run works the queue off until ctx ends.
func (l *Loop) Run(ctx context.Context) error {
	for {
		pause, err := l.step(ctx)
		if err != nil && ctx.Err() == nil {
			l.log.Error(l.what, "error", err)
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-l.wake:
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		}
		timer.Stop()
	}
}

// Retry says when a failed attempt is made again.
type Retry struct {
	First    time.Duration // pause before the second attempt
	Factor   int           // of each pause to the one before
	Most     time.Duration // the longest pause; 0 is without bound
	Attempts int           // given up after so many; 0 is without bound
	Spread   float64       // each pause is up to this part longer or shorter, by chance
}

// Next returns when the next attempt is due after so many that failed, the last of them now. It
// reports false when there is none: the last was permanent, they were enough, or the next would
// come after expires.
func (r Retry) Next(now time.Time, failed int, permanent bool, expires time.Time) (due time.Time, again bool) {
	pause := r.First
	for n := 1; n < failed && (r.Most == 0 || pause < r.Most); n++ {
		pause *= time.Duration(r.Factor)
	}
	if r.Most > 0 {
		pause = min(pause, r.Most)
	}
	pause += time.Duration(r.Spread * (2*rand.Float64() - 1) * float64(pause))
	due = now.Add(pause)
	return due, !permanent && (r.Attempts == 0 || failed < r.Attempts) && !due.After(expires)
}
