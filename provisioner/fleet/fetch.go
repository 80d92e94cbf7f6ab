package fleet

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/provisioner/event"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
	"github.com/dialtone-pbx/dialtone/provisioner/writebehind"
)

const (
	// fetchBytes is how much of the record waits for the database: 40,000 requests, a
	// second of a boot storm. Requests beyond that are dropped and counted. Their phones
	// get their files all the same.
	fetchBytes = 8 << 20
	// fetchPause is the longest that a record waits. A kill can lose that much and the
	// batch that is being written.
	fetchPause = 500 * time.Millisecond
	// fetchQuiet is how many pauses without a request come before batches are sorted.
	// Phones that boot after a power cut come in waves, and sorting takes as long as
	// answering them.
	fetchQuiet = 10
	// fetchesShown is how many requests of a phone Last returns.
	fetchesShown = 50
)

// FetchLog writes the requests of phones to the database, in batches.
type FetchLog struct {
	db       *db.DB
	log      *slog.Logger
	events   *event.Hub
	snapshot func() *pbx.Snapshot
	dropped  atomic.Int64
	loop     *writebehind.Loop

	mu    sync.Mutex
	batch *db.FetchBatch // requests to be written
	told  []event.Fetch  // events about batch

	// What follows belongs to write. held is the batch that is being written.
	held     *db.FetchBatch
	heldTold []event.Fetch
	quiet    int // pauses without a request
}

func newFetchLog(o Options) *FetchLog {
	l := &FetchLog{db: o.DB, log: o.Log, events: o.Events, snapshot: o.Snapshot,
		batch: &db.FetchBatch{}, held: &db.FetchBatch{},
		quiet: fetchQuiet - 1} // batches in the database may be from before a kill
	l.loop = writebehind.NewLoop(o.Log, "requests of phones", fetchPause, l.write)
	return l
}

// add notes a request. It is dropped when fetchBytes wait already.
func (l *FetchLog) add(f pbx.PhoneFetch) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.batch.Size() >= fetchBytes {
		l.dropped.Add(1)
		return
	}
	l.batch.Add(f)
	if l.batch.Size() >= fetchBytes/2 {
		l.loop.Nudge()
	}
	// A subscriber is dropped when its queue overflows, so more events are pointless.
	if len(l.told) <= event.Queue && l.events.Listened() {
		l.told = append(l.told, event.Fetch{MAC: f.MAC, File: f.File, Status: f.Status})
	}
}

// Dropped counts the requests that were not recorded since the start.
func (l *FetchLog) Dropped() int64 { return l.dropped.Load() }

// Last returns the last requests of a phone, newest first, at most fetchesShown.
func (l *FetchLog) Last(ctx context.Context, mac pbx.MAC) ([]pbx.PhoneFetch, error) {
	return l.db.Fetches(ctx, mac, fetchesShown)
}

// write writes the requests that wait. Later ones make the next batch. A batch that the
// database refused is held until it is written, before all later ones.
func (l *FetchLog) write(ctx context.Context) error {
	again := l.held.Requests() > 0
	if err := l.writeOne(ctx); err != nil || !again {
		return err
	}
	return l.writeOne(ctx) // requests that came while the database refused the first batch
}

func (l *FetchLog) writeOne(ctx context.Context) error {
	if l.held.Requests() == 0 {
		l.mu.Lock()
		l.batch, l.held = l.held, l.batch
		l.told, l.heldTold = nil, l.told
		l.mu.Unlock()
	}
	if l.held.Requests() == 0 {
		if l.quiet++; l.quiet == fetchQuiet {
			l.sort(ctx)
		}
		return nil
	}
	l.quiet = 0
	full, err := l.db.AddFetches(ctx, l.held)
	if err != nil {
		return err
	}
	l.held.Reset()
	for _, e := range l.heldTold {
		tenant := "" // the phone may be deleted by now
		if p := l.snapshot().Phone(e.MAC); p != nil {
			tenant = p.Tenant
		}
		l.events.Publish(tenant, e)
	}
	if full {
		l.sort(ctx)
	}
	return nil
}

func (l *FetchLog) sort(ctx context.Context) {
	if err := l.db.SortFetches(ctx); err != nil {
		l.log.Error("sorting the requests of phones", "error", err)
	}
}
