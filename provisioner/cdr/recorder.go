package cdr

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
	"github.com/dialtone-pbx/dialtone/provisioner/spool"
	"github.com/dialtone-pbx/dialtone/provisioner/writebehind"
	"golang.org/x/sync/errgroup"
)

const (
	// recordQueue bounds the records of calls that wait to be written. Overflow rule:
	// a record beyond it is counted, logged and lost; the call itself is not touched.
	recordQueue = 20_000
	// recordPause is how long records are gathered, recordsAtOnce how many one
	// transaction writes.
	recordPause   = 250 * time.Millisecond
	recordsAtOnce = 500
	// pruneEvery is how often old records are looked for.
	pruneEvery = time.Hour
)

// Recorder writes the records of ended calls and the extensions' counts of answers. Memory
// is authoritative for the latter; the database follows. Its methods are safe for
// concurrent use.
type Recorder struct {
	db         *db.DB
	log        *slog.Logger
	recordings *spool.Spool
	today      func() time.Time

	mu      sync.Mutex
	counts  map[extensionKey]db.AnswerCount
	waiting *writebehind.Rows[recordKey, recordBatch]
}

// recordKey is an entry that waits to be written: a record or a count.
type recordKey struct {
	record    *pbx.CDR
	extension extensionKey
}

// recordBatch is the content of one transaction. A record and the count of its answer are
// both stored or neither is.
type recordBatch struct {
	records []*pbx.CDR
	counts  []db.AnswerCount
}

// extensionKey names an extension.
type extensionKey struct{ tenant, number string }

// Options are what a Recorder needs. All fields are required.
type Options struct {
	DB         *db.DB
	Log        *slog.Logger
	Recordings *spool.Spool // where the recordings of calls are found
	// Today is the time by which records are old.
	Today func() time.Time
}

// New starts from the state in the database; Run starts the loops.
func New(ctx context.Context, o Options) (*Recorder, error) {
	r := &Recorder{db: o.DB, log: o.Log, recordings: o.Recordings, today: o.Today,
		counts: map[extensionKey]db.AnswerCount{}}
	r.waiting = writebehind.New(&r.mu, writebehind.Options[recordKey, recordBatch]{What: "records of calls",
		Every: recordPause, Batch: recordsAtOnce, Most: recordQueue, Read: r.read, Write: r.write, Log: o.Log})
	stored, err := o.DB.AnswerCounts(ctx)
	if err != nil {
		return nil, err
	}
	for _, a := range stored {
		r.counts[extensionKey{a.Tenant, a.Extension}] = a
	}
	return r, nil
}

// Add has the record of a call that has ended written. It never blocks; a record that
// finds recordQueue others waiting is lost and counted.
func (r *Recorder) Add(record *pbx.CDR) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.waiting.Offer(recordKey{record: record})
}

// Count counts one answer of an extension.
func (r *Recorder) Count(tenant, extension string, at time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	k := extensionKey{tenant, extension}
	a := r.counts[k]
	a.Tenant, a.Extension, a.Last, a.Count = tenant, extension, pbx.Millis(at), a.Count+1
	r.counts[k] = a
	r.waiting.Mark(recordKey{extension: k})
}

// Forget drops the count of an extension that was deleted; its row went with it. The next
// extension with that number begins anew.
func (r *Recorder) Forget(tenant, extension string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.counts, extensionKey{tenant, extension})
}

// Renumber carries the count of an extension to its new number, as the row was.
func (r *Recorder) Renumber(tenant, from, to string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if a, known := r.counts[extensionKey{tenant, from}]; known {
		delete(r.counts, extensionKey{tenant, from})
		a.Extension = to
		r.counts[extensionKey{tenant, to}] = a
		r.waiting.Mark(recordKey{extension: extensionKey{tenant, to}})
	}
}

// countAway counts the answers in records that were made of lines. Answers already counted
// before the outage are not newer than the last one of their extension, and are skipped.
func (r *Recorder) countAway(records []*pbx.CDR) {
	var legs []pbx.CallLeg
	tenant := map[string]string{} // by the id of a leg
	for _, c := range records {
		for _, l := range c.Called {
			if l.Outcome == pbx.OutcomeAnswer && l.Extension != "" {
				legs = append(legs, l)
				tenant[l.ID] = c.Tenant
			}
		}
	}
	slices.SortFunc(legs, func(a, b pbx.CallLeg) int { return a.Answered.Compare(b.Answered) })
	for _, l := range legs {
		r.mu.Lock()
		last := r.counts[extensionKey{tenant[l.ID], l.Extension}].Last
		r.mu.Unlock()
		if l.Answered.After(last) {
			r.Count(tenant[l.ID], l.Extension, l.Answered)
		}
	}
}

// Answered returns when an extension last answered a call, and its number of answers. Both
// survive a restart.
func (r *Recorder) Answered(tenant, extension string) (last time.Time, count int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	a := r.counts[extensionKey{tenant, extension}]
	return a.Last, a.Count
}

// Run writes records and deletes old ones until ctx ends. Waiting records are written then.
func (r *Recorder) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return r.waiting.Run(ctx) })
	g.Go(func() error { return r.prune(ctx) })
	return g.Wait()
}

// Lost returns how many records of calls did not fit into the queue.
func (r *Recorder) Lost() uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.waiting.Lost()
}

func (r *Recorder) read(keys []recordKey) (b recordBatch) {
	for _, k := range keys {
		if k.record != nil {
			b.records = append(b.records, k.record)
		} else if count, known := r.counts[k.extension]; known {
			b.counts = append(b.counts, count)
		}
	}
	return b
}

func (r *Recorder) write(ctx context.Context, b recordBatch) error {
	r.nameRecordings(b.records)
	return r.db.WriteCDRs(ctx, b.records, b.counts)
}

// prune deletes old records until ctx ends.
func (r *Recorder) prune(ctx context.Context) error {
	tick := time.NewTicker(pruneEvery)
	defer tick.Stop()
	for {
		n, err := r.db.PruneCDRs(ctx, r.today())
		if err != nil && ctx.Err() == nil {
			r.log.Error("old records of calls stay", "error", err)
		}
		if n > 0 {
			r.log.Info("old records of calls deleted", "records", n)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// nameRecordings finds the recordings of calls. Their names end with the Uniqueid of the
// recorded channel. One list of the folder serves a batch. Whether a call that was under
// way at a connect was recorded before that is not known.
func (r *Recorder) nameRecordings(records []*pbx.CDR) {
	listed := map[string][]*pbx.Recording{}
	for _, c := range records {
		if len(c.RecordedOn) == 0 && !c.Incomplete || c.Recording != "" || c.Answered.IsZero() {
			continue
		}
		list, done := listed[c.Tenant]
		if !done {
			var err error
			after := c.Started.Add(-time.Hour).UTC().Format("20060102T150405Z")
			if list, err = r.recordings.List(c.Tenant, spool.Filter{After: after}); err != nil {
				r.log.Warn("a call was recorded and its recording is not found", "error", err)
			}
			listed[c.Tenant] = list
		}
		c.Recording = recordingOf(c, list)
	}
}

func recordingOf(c *pbx.CDR, list []*pbx.Recording) string {
	ids := append(slices.Clone(c.RecordedOn), c.CallID)
	for _, l := range c.Called {
		ids = append(ids, l.ID)
	}
	for _, recording := range list {
		for _, id := range ids {
			if strings.HasSuffix(recording.Name, pbx.RecordingEnd(id)) {
				return recording.Name
			}
		}
	}
	return ""
}

// List returns records of calls of a tenant, newest first.
func (r *Recorder) List(ctx context.Context, tenant string, f db.CDRFilter) ([]*pbx.CDR, error) {
	return r.db.CDRs(ctx, tenant, f)
}
