package provisioner

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

const (
	// fetchBytes is how much of the record waits for the database: 40,000 requests,
	// a second of a boot storm. What comes on top is dropped and counted; the phone
	// gets its file all the same.
	fetchBytes = 8 << 20
	// fetchPause is the longest a record waits: what kill -9 can lose, with the time
	// to write it.
	fetchPause = 500 * time.Millisecond
	// fetchQuiet is how many pauses nobody asks for anything before what waits is sorted:
	// phones that boot after a power cut come in waves, and sorting takes as much as
	// answering them.
	fetchQuiet = 10
)

// fetchLog writes what phones fetched to the database, in batches.
type fetchLog struct {
	db      *db.DB
	log     *slog.Logger
	events  *hub
	tenant  func(pbx.MAC) string // whose phone it is; "" for nobody's
	dropped atomic.Int64
	half    chan struct{} // has a token when there is half of what may wait

	mu    sync.Mutex
	batch *db.FetchBatch
	spare *db.FetchBatch
	told  []FetchEvent // of the batch, for those who listen
}

// FetchEvent tells the event stream of one request of a phone.
type FetchEvent struct {
	mac pbx.MAC

	MAC    string `json:"mac"`
	File   string `json:"file"`
	Status int    `json:"status"`
}

func newFetchLog(d *db.DB, log *slog.Logger, h *hub, tenant func(pbx.MAC) string) *fetchLog {
	return &fetchLog{db: d, log: log, events: h, tenant: tenant, half: make(chan struct{}, 1), batch: &db.FetchBatch{}, spare: &db.FetchBatch{}}
}

// RecordFetch notes a request of a known phone. It waits for no database.
func (c *Controller) RecordFetch(f pbx.PhoneFetch) {
	c.seen.note(f)
	c.resyncs.fetched(f)
	c.fetches.add(f)
}

func (l *fetchLog) add(f pbx.PhoneFetch) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.batch.Size() >= fetchBytes {
		l.dropped.Add(1)
		return
	}
	l.batch.Add(f)
	if l.batch.Size() >= fetchBytes/2 {
		select {
		case l.half <- struct{}{}:
		default:
		}
	}
	// One more than a subscriber takes ends it, and what follows is nobody's.
	if len(l.told) <= subscriberQueue && l.events.listened() {
		l.told = append(l.told, FetchEvent{mac: f.MAC, MAC: f.MAC.Colons(), File: f.File, Status: f.Status})
	}
}

// FetchesDropped counts the records lost to a full queue since the start.
func (c *Controller) FetchesDropped() int64 { return c.fetches.dropped.Load() }

// Fetches returns the last requests of a phone, newest first, at most 50.
func (c *Controller) Fetches(ctx context.Context, mac pbx.MAC) ([]pbx.PhoneFetch, error) {
	return c.db.Fetches(ctx, mac, 50)
}

func (l *fetchLog) run(ctx context.Context) error {
	tick := time.NewTicker(fetchPause)
	defer tick.Stop()
	quiet := fetchQuiet - 1 // pauses; what waits may be from before a kill
	for {
		select {
		case <-tick.C:
		case <-l.half:
		case <-ctx.Done():
			l.flush(context.WithoutCancel(ctx))
			return ctx.Err()
		}
		if l.flush(ctx) {
			quiet = 0
			continue
		}
		if quiet++; quiet == fetchQuiet {
			l.sort(ctx)
		}
	}
}

// flush writes what there is, and reports whether there was anything. Requests that
// come meanwhile make the next batch.
func (l *fetchLog) flush(ctx context.Context) bool {
	l.mu.Lock()
	batch, told := l.batch, l.told
	l.batch, l.spare, l.told = l.spare, batch, nil
	l.mu.Unlock()
	defer batch.Reset()
	if batch.Requests() == 0 {
		return false
	}
	full, err := l.db.AddFetches(ctx, batch)
	if err != nil {
		l.dropped.Add(int64(batch.Requests()))
		l.log.Error(fmt.Sprintf("recording %d requests of phones", batch.Requests()), "error", err)
		return true
	}
	for _, e := range told {
		l.events.publish(EventFetch, l.tenant(e.mac), e)
	}
	if full {
		l.sort(ctx)
	}
	return true
}

func (l *fetchLog) sort(ctx context.Context) {
	if err := l.db.SortFetches(ctx); err != nil {
		l.log.Error("sorting the requests of phones", "error", err)
	}
}
