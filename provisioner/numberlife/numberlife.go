// Package numberlife follows what happens to numbers by itself: their first call, and the end of
// their rest.
//
// It owns the numbers that calls came to since the start, and the queue of those that the
// database must be told of. The queue is bounded: what does not fit is told with the next call.
// It may import db, provisioner/event and provisioner/pbx.
package numberlife

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/provisioner/event"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

const (
	// every is how often numbers that have rested long enough are looked for.
	every = time.Minute
	// mostWaiting is how many numbers wait to be noted.
	mostWaiting = 1000
	// mostAtOnce is how many are noted in one transaction.
	mostAtOnce = 100
)

// Options is what Life needs. All fields are required.
type Options struct {
	DB      *db.DB
	Log     *slog.Logger
	Events  *event.Hub
	Changed func() // runs after numbers have become available
}

// Life follows the numbers. Its methods are safe for concurrent use.
type Life struct {
	o    Options
	came chan string

	mu sync.Mutex
	// known is the numbers to which calls came, with the revision that they had then: a number
	// that was changed may have been given back meanwhile, and is noted again.
	known map[string]int64
}

// New makes Life.
func New(o Options) *Life {
	return &Life{o: o, came: make(chan string, mostWaiting), known: map[string]int64{}}
}

// Called notes that a trunk calls a number of a tenant. It does not block.
func (l *Life) Called(n *pbx.Number) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.known[n.Number] == n.Revision {
		return
	}
	select {
	case l.came <- n.Number:
		l.known[n.Number] = n.Revision
	default:
	}
}

// Run notes calls and ends the rest of numbers, until ctx ends.
func (l *Life) Run(ctx context.Context) error {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		l.endAging(ctx)
		select {
		case n := <-l.came:
			l.note(ctx, n)
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// note writes the first calls to a number and to those that wait behind it.
func (l *Life) note(ctx context.Context, number string) {
	numbers := []string{number}
	for more := true; more && len(numbers) < mostAtOnce; {
		select {
		case n := <-l.came:
			numbers = append(numbers, n)
		default:
			more = false
		}
	}
	first, err := l.o.DB.CallsCame(ctx, time.Now(), numbers)
	if err != nil {
		l.mu.Lock()
		for _, n := range numbers { // their next call tells again
			delete(l.known, n)
		}
		l.mu.Unlock()
		l.o.Log.Error("noting calls to numbers", "error", err)
		return
	}
	ports, err := l.o.DB.PortsOf(ctx, first)
	if err != nil {
		l.o.Log.Error("looking for the port requests of numbers", "error", err)
	}
	for _, p := range ports {
		l.o.Log.Info("the first call came to a number that is being ported", "number", p.Number, "tenant", p.Tenant,
			"request", p.Request)
		l.o.Events.Publish(p.Tenant, event.Port(p))
	}
}

// endAging makes numbers available that have rested long enough.
func (l *Life) endAging(ctx context.Context) {
	for {
		n, err := l.o.DB.EndAging(ctx, pbx.Author{Actor: "dialtone"})
		if err != nil && ctx.Err() == nil {
			l.o.Log.Error("ending the rest of numbers", "error", err)
		}
		if err != nil || n == 0 {
			return
		}
		l.o.Changed()
	}
}
