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
}

// run looks at the start and then once a day, until ctx ends.
func (r *retention) run(ctx context.Context) error {
	tick := time.NewTicker(forgetEvery)
	defer tick.Stop()
	for {
		if r.days > 0 {
			r.forget(ctx, time.Now().AddDate(0, 0, -r.days))
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
