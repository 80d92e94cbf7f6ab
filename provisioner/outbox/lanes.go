package outbox

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"
)

// restMost is the longest pause of a receiver that cannot be reached.
const restMost = time.Minute

// LanesOptions are what Lanes need; all fields are required.
type LanesOptions[K comparable, E any] struct {
	Log    *slog.Logger
	What   string // is done, for the log
	AtOnce int    // how many attempts are made at once, of all lanes
	// First returns of each lane the entry that is due first, due or not yet. Those that are due
	// first stand before others.
	First func(context.Context) ([]E, error)
	// Next returns the one of a lane.
	Next func(context.Context, K) (e E, ok bool, err error)
	// Lane and Due tell of an entry to which lane it belongs, and when it is due.
	Lane func(E) K
	Due  func(E) time.Time
	// Attempt sends an entry and stores how that ended, several lanes at a time.
	Attempt func(context.Context, E) error
}

// Lanes work off a queue that has lanes. Each lane has one attempt at a time, so that a slow
// receiver holds up itself alone. Their methods are safe for concurrent use.
type Lanes[K comparable, E any] struct {
	*Loop
	o     LanesOptions[K, E]
	slots chan struct{} // of attempts under way

	mu    sync.Mutex
	busy  map[K]bool
	tired map[K]tired // by lanes with a receiver that could not be reached
}

// tired is how often the receiver of a lane could not be reached. It is left alone until then.
type tired struct {
	times int
	until time.Time
}

// NewLanes returns lanes that Run starts.
func NewLanes[K comparable, E any](o LanesOptions[K, E]) *Lanes[K, E] {
	l := &Lanes[K, E]{o: o, slots: make(chan struct{}, o.AtOnce), busy: map[K]bool{}, tired: map[K]tired{}}
	l.Loop = NewLoop(o.Log, o.What, l.step)
	return l
}

// Run works the queue off until ctx ends, and waits for the attempts under way to be broken off.
func (l *Lanes[K, E]) Run(ctx context.Context) error {
	err := l.Loop.Run(ctx)
	for range cap(l.slots) {
		l.slots <- struct{}{}
	}
	return err
}

// Enter takes one of the attempts at once for the caller, which gives it back with Leave. It
// reports false when all are taken.
func (l *Lanes[K, E]) Enter() bool {
	select {
	case l.slots <- struct{}{}:
		return true
	default:
		return false
	}
}

// Leave ends what Enter began.
func (l *Lanes[K, E]) Leave() {
	<-l.slots
	l.Nudge()
}

// step begins an attempt in each lane with an entry that is due. It returns when the next one is;
// an attempt that ends wakes the loop.
func (l *Lanes[K, E]) step(ctx context.Context) (time.Duration, error) {
	due, err := l.o.First(ctx)
	if err != nil {
		return Rest, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	pause := Look
	known := map[K]bool{}
	for _, e := range due {
		k := l.o.Lane(e)
		known[k] = true
		if l.busy[k] {
			continue
		}
		if wait := max(time.Until(l.o.Due(e)), time.Until(l.tired[k].until)); wait > 0 {
			pause = min(pause, wait)
			continue
		}
		if !l.Enter() {
			return pause, nil // the end of any attempt wakes the loop
		}
		l.busy[k] = true
		go l.work(ctx, k, e)
	}
	for k := range l.tired {
		if !known[k] {
			delete(l.tired, k)
		}
	}
	return pause, nil
}

// work makes an attempt, and goes on with what is due in the same lane while there is room for
// others.
func (l *Lanes[K, E]) work(ctx context.Context, k K, e E) {
	defer func() {
		l.mu.Lock()
		delete(l.busy, k)
		l.mu.Unlock()
		l.Leave()
	}()
	for {
		if err := l.o.Attempt(ctx, e); err != nil {
			if ctx.Err() == nil {
				l.o.Log.Error(l.o.What, "to", fmt.Sprint(k), "error", err)
				l.rest(k)
			}
			return
		}
		next, ok, err := l.o.Next(ctx, k)
		if err != nil || !ok || time.Until(l.o.Due(next)) > 0 || l.rests(k) || len(l.slots) == cap(l.slots) {
			return
		}
		e = next
	}
}

func (l *Lanes[K, E]) rest(k K) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tired[k] = tired{l.tired[k].times, time.Now().Add(Rest)}
}

func (l *Lanes[K, E]) rests(k K) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return time.Until(l.tired[k].until) > 0
}

// Reached notes whether the receiver of a lane answered. One that did not is left alone for a
// second, then for twice as long each time: its other entries would fare no better.
func (l *Lanes[K, E]) Reached(k K, answered bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if answered {
		delete(l.tired, k)
		return
	}
	n := l.tired[k].times + 1
	l.tired[k] = tired{n, time.Now().Add(min(time.Second<<min(n-1, 10), restMost))}
}
