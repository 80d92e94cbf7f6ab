package provisioner

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

const (
	// fetchQueue is how many records of requests wait for the database: 2 s of a
	// boot storm at 10,000 requests/s. When it is full the record is dropped and
	// counted; the phone gets its file all the same.
	fetchQueue = 20_000
	// fetchPause is the longest a record waits: what kill -9 can lose.
	fetchPause = 500 * time.Millisecond
	fetchBatch = 2_000
)

// fetchLog writes what phones fetched to the database, in batches.
type fetchLog struct {
	db      *db.DB
	log     *slog.Logger
	events  *hub
	tenant  func(pbx.MAC) string // whose phone it is; "" for nobody's
	queue   chan pbx.PhoneFetch
	dropped atomic.Int64
}

// FetchEvent tells the event stream of one request of a phone.
type FetchEvent struct {
	MAC    string `json:"mac"`
	File   string `json:"file"`
	Status int    `json:"status"`
}

func newFetchLog(d *db.DB, log *slog.Logger, h *hub, tenant func(pbx.MAC) string) *fetchLog {
	return &fetchLog{db: d, log: log, events: h, tenant: tenant, queue: make(chan pbx.PhoneFetch, fetchQueue)}
}

// RecordFetch notes a request of a known phone. It never blocks.
func (c *Controller) RecordFetch(f pbx.PhoneFetch) {
	c.seen.note(f)
	c.resyncs.fetched(f)
	select {
	case c.fetches.queue <- f:
	default:
		c.fetches.dropped.Add(1)
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
	batch := make([]pbx.PhoneFetch, 0, fetchBatch)
	for {
		select {
		case f := <-l.queue:
			batch = append(batch, f)
			if len(batch) < fetchBatch {
				continue
			}
		case <-tick.C:
		case <-ctx.Done():
			l.write(context.WithoutCancel(ctx), l.drain(batch))
			return ctx.Err()
		}
		l.write(ctx, batch)
		batch = batch[:0]
	}
}

// drain takes what is still queued at the end.
func (l *fetchLog) drain(batch []pbx.PhoneFetch) []pbx.PhoneFetch {
	for {
		select {
		case f := <-l.queue:
			batch = append(batch, f)
		default:
			return batch
		}
	}
}

func (l *fetchLog) write(ctx context.Context, batch []pbx.PhoneFetch) {
	if len(batch) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, writeDeadline)
	defer cancel()
	if err := l.db.AddFetches(ctx, batch); err != nil {
		l.dropped.Add(int64(len(batch)))
		l.log.Error(fmt.Sprintf("recording %d requests of phones", len(batch)), "error", err)
		return
	}
	for _, f := range batch {
		l.events.publish(EventFetch, l.tenant(f.MAC), FetchEvent{MAC: f.MAC.Colons(), File: f.File, Status: f.Status})
	}
}
