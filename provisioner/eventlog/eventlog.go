// Package eventlog owns what is kept of events, so that a listener that was away reads what it
// missed.
//
// The hub hands each event to Keep, which only queues it. The database follows in batches, four a
// second at most and none while nothing happens: a commit waits for the disk, and hundreds of
// events a second come together when many phones register. So a kill loses what happened within
// the last quarter of a second; the next start says so to every listener from before. An orderly
// end loses nothing. It may import provisioner/pbx, provisioner/event, db and
// provisioner/writebehind.
package eventlog

import (
	"context"
	"log/slog"
	"maps"
	"sync"
	"time"

	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/provisioner/event"
	"github.com/dialtone-pbx/dialtone/provisioner/writebehind"
)

const (
	// storeEvery is how long an event waits at most until it is stored.
	storeEvery = 250 * time.Millisecond
	// mostWaiting is how many events wait at most for the database. Those that come then are not
	// kept, and listeners that ask for them are told so.
	mostWaiting = 20_000
	// batch is how many events one transaction stores at most.
	batch = 1000
	// forgetEvery is how often old events are looked for.
	forgetEvery = time.Minute
	// forgetWithin and endWithin bound one look, and the last write.
	forgetWithin, endWithin = 30 * time.Second, 5 * time.Second
)

// The bounds of what is kept. What goes beyond them is forgotten within a minute, oldest first. A
// tenant has its own bound, so that a busy one does not take what others may want to read.
const (
	KeepFor      = 3 * 24 * time.Hour
	KeepOfTenant = 10_000
	KeepInAll    = 100_000
)

// Options are what a Log needs. All fields are required.
type Options struct {
	DB     *db.DB
	Log    *slog.Logger
	Events *event.Hub // without an event so far
	// Encode returns the data of an event as the stream of events has it, in JSON.
	Encode func(event.Event) ([]byte, error)
	Queued func() // runs after events were queued for webhooks
}

// Log keeps events. Its methods are safe for concurrent use.
type Log struct {
	o    Options
	loop *writebehind.Loop

	mu      sync.Mutex
	waiting []event.Event
	lost    map[string]uint64 // the last event of a tenant that was not kept, until that is stored
	dropped uint64
}

// New keeps the events of a hub from now on; Run stores them.
func New(ctx context.Context, o Options) (*Log, error) {
	l := &Log{o: o, lost: map[string]uint64{}}
	l.loop = writebehind.NewLoop(o.Log, "events", storeEvery, l.store)
	before, err := o.DB.StartEvents(ctx)
	if err != nil {
		return nil, err
	}
	o.Events.Keep(before, l.keep)
	return l, nil
}

// keep queues an event. Overflow rule: the events that wait stay, and the new one is not kept.
func (l *Log) keep(e event.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.waiting) < mostWaiting {
		l.waiting = append(l.waiting, e)
		return
	}
	l.lost[e.Tenant] = e.ID
	if l.dropped++; l.dropped%1000 == 1 {
		l.o.Log.Error("events are not kept: the database does not keep up", "so_far", l.dropped)
	}
}

// Dropped returns how many events were not kept because the database did not keep up.
func (l *Log) Dropped() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.dropped
}

// Run stores and forgets events until ctx ends; End stores the last ones.
func (l *Log) Run(ctx context.Context) error {
	done := make(chan struct{})
	go func() {
		defer close(done)
		l.forgetOld(ctx)
	}()
	err := l.loop.Run(ctx)
	<-done
	return err
}

// End stores what was published until the hub was closed.
func (l *Log) End(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), endWithin)
	defer cancel()
	if err := l.loop.Flush(ctx); err != nil {
		return err
	}
	return l.o.DB.EndEvents(ctx)
}

// After returns at most so many events after an id, of a tenant or with "" of all. All that was
// published before the call is considered.
func (l *Log) After(ctx context.Context, tenant string, after uint64, limit int) (db.Events, error) {
	if err := l.loop.Flush(ctx); err != nil {
		return db.Events{}, err
	}
	return l.o.DB.EventsAfter(ctx, tenant, after, limit)
}

// store writes what waits, batch by batch until one fails.
func (l *Log) store(ctx context.Context) error {
	for {
		l.mu.Lock()
		events, lost := l.waiting[:min(batch, len(l.waiting))], maps.Clone(l.lost)
		l.mu.Unlock()
		if len(events)+len(lost) == 0 {
			return nil
		}
		if err := l.write(ctx, events, lost); err != nil {
			return err
		}
		l.mu.Lock()
		if l.waiting = l.waiting[len(events):]; len(l.waiting) == 0 {
			l.waiting = nil // frees what a burst took
		}
		for tenant, upto := range lost {
			if l.lost[tenant] == upto {
				delete(l.lost, tenant)
			}
		}
		l.mu.Unlock()
	}
}

func (l *Log) write(ctx context.Context, events []event.Event, lost map[string]uint64) error {
	rows := make([]db.Event, 0, len(events))
	for _, e := range events {
		data, err := e.Text(l.o.Encode)
		if err != nil { // the stream leaves it out as well
			l.o.Log.Error("keeping an event", "error", err)
			continue
		}
		rows = append(rows, db.Event{ID: e.ID, Tenant: e.Tenant, Type: string(e.Type), At: e.At, Data: data})
	}
	queued, err := l.o.DB.AddEvents(ctx, rows, lost)
	if queued {
		l.o.Queued()
	}
	return err
}

// forgetOld forgets at the start and then once a minute, until ctx ends.
func (l *Log) forgetOld(ctx context.Context) {
	tick := time.NewTicker(forgetEvery)
	defer tick.Stop()
	for {
		l.forget(ctx)
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

func (l *Log) forget(ctx context.Context) {
	within, cancel := context.WithTimeout(ctx, forgetWithin)
	defer cancel()
	_, err := l.o.DB.ForgetEvents(within, time.Now().Add(-KeepFor), KeepOfTenant, KeepInAll)
	if err != nil && ctx.Err() == nil {
		l.o.Log.Error("forgetting old events", "error", err)
	}
}
