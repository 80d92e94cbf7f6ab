package provisioner

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
	"github.com/dialtone-pbx/dialtone/provisioner/spool"
)

const (
	// forgetEvery is how often old records are looked for. forgetWithin is how long one
	// round may take; the next one goes on.
	forgetEvery  = 24 * time.Hour
	forgetWithin = 10 * time.Minute
	// trimEvery is how often recordings are looked at.
	trimEvery = time.Hour
)

// retention forgets the audit trail and other records that are old enough, and recordings of calls.
type retention struct {
	db   *db.DB
	log  *slog.Logger
	days int // 0 keeps everything
	// calendar is not fooled by a clock that has jumped.
	calendar db.Calendar
	tenants  func() []*pbx.Tenant
	trim     func(ctx context.Context, tenant string, before time.Time, most int64) (spool.Trimmed, error)
}

// today returns the time by which records are old. It says so when that is not the clock's.
func (r *retention) today() time.Time {
	today, ahead := r.calendar.Today()
	if ahead > 0 {
		r.log.Warn("the clock is far ahead of the newest record: old records are forgotten by an earlier day until the next start",
			"day", today.UTC().Format(time.DateOnly), "ahead", ahead.Round(time.Hour).String())
	}
	return today
}

// run looks at the start, and then once a day for records and once an hour for recordings, until ctx
// ends.
func (r *retention) run(ctx context.Context) error {
	records, recordings := time.NewTicker(forgetEvery), time.NewTicker(trimEvery)
	defer records.Stop()
	defer recordings.Stop()
	r.forgetOld(ctx)
	r.trimAll(ctx)
	for {
		select {
		case <-records.C:
			r.forgetOld(ctx)
		case <-recordings.C:
			r.trimAll(ctx)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (r *retention) forgetOld(ctx context.Context) {
	if r.days > 0 {
		r.forget(ctx, r.today().AddDate(0, 0, -r.days))
	}
}

// megabyte is the unit of Tenant.RecordingMegabytes, in bytes.
const megabyte = 1_000_000

// trimAll removes recordings of tenants that keep them for so long, or so many, alone.
func (r *retention) trimAll(ctx context.Context) {
	for _, t := range r.tenants() {
		if t.RecordingDays == 0 && t.RecordingMegabytes == 0 {
			continue
		}
		var before time.Time
		if t.RecordingDays > 0 {
			before = r.today().AddDate(0, 0, -t.RecordingDays)
		}
		did, err := r.trim(ctx, t.Name, before, int64(t.RecordingMegabytes)*megabyte)
		if did.Files > 0 {
			r.log.Info("removed old recordings", "tenant", t.Name, "files", did.Files, "bytes", did.Bytes)
		}
		if err != nil && ctx.Err() == nil && pbx.KindOf(err) != pbx.Unavailable {
			r.log.Error("removing old recordings", "tenant", t.Name, "error", err)
		}
	}
}

func (r *retention) forget(ctx context.Context, before time.Time) {
	limit, cancel := context.WithTimeout(ctx, forgetWithin)
	defer cancel()
	rows, err := r.db.Forget(limit, before)
	if rows > 0 {
		r.log.Info("forgot old records", "rows", rows, "before", before.UTC().Format(time.DateOnly))
	}
	if err != nil && !errors.Is(err, context.Canceled) {
		r.log.Error("forgetting old records", "error", err)
	}
}
