package provisioner

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/dialtone-pbx/dialtone/db"
)

const (
	// forgetEvery is how often old records are looked for. forgetWithin is how long one
	// round may take; the next one goes on.
	forgetEvery  = 24 * time.Hour
	forgetWithin = 10 * time.Minute
)

// retention forgets the audit trail and other records that are old enough.
type retention struct {
	db   *db.DB
	log  *slog.Logger
	days int // 0 keeps everything
	// calendar is not fooled by a clock that has jumped.
	calendar db.Calendar
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

// run looks at the start and then once a day, until ctx ends.
func (r *retention) run(ctx context.Context) error {
	tick := time.NewTicker(forgetEvery)
	defer tick.Stop()
	for {
		if r.days > 0 {
			r.forget(ctx, r.today().AddDate(0, 0, -r.days))
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
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
