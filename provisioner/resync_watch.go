package provisioner

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// watch ends what takes too long and writes changed orders, until ctx ends.
func (r *resyncer) watch(ctx context.Context) error {
	tick := time.NewTicker(resyncPause)
	defer tick.Stop()
	for {
		select {
		case now := <-tick.C:
			r.expire(now)
			r.flush(ctx)
		case <-ctx.Done():
			r.flush(context.WithoutCancel(ctx))
			return ctx.Err()
		}
	}
}

func (r *resyncer) expire(now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, o := range r.orders {
		within := resyncWithin
		if o.Action == pbx.ResyncReboot {
			within = rebootWithin
		}
		switch {
		case o.State == pbx.ResyncSent && now.Sub(o.SentAt) >= within:
			r.end(o, pbx.ResyncTimedOut, fmt.Sprintf("the phone did not ask for its file within %v", within), now)
		case o.State == pbx.ResyncQueued && now.Sub(o.DueAt) >= queuedWithin:
			r.end(o, pbx.ResyncFailed, fmt.Sprintf("Asterisk was not connected for %v", queuedWithin), now)
		}
	}
}

// flush writes changed orders; what cannot be written stays dirty. Ended ones
// leave memory once they are written.
func (r *resyncer) flush(ctx context.Context) {
	r.flushing.Lock()
	defer r.flushing.Unlock()
	r.mu.Lock()
	dirty := r.dirty
	r.dirty = map[int64]bool{}
	batch := make([]pbx.Resync, 0, len(dirty))
	for _, id := range slices.Sorted(maps.Keys(dirty)) {
		batch = append(batch, *r.orders[id])
	}
	r.mu.Unlock()
	if len(batch) == 0 {
		return
	}
	err := r.db.WriteResyncs(ctx, batch)
	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil {
		r.log.Error(fmt.Sprintf("storing %d orders to phones", len(batch)), "error", err)
		maps.Copy(r.dirty, dirty)
		return
	}
	for _, o := range batch {
		if !o.Active() && !r.dirty[o.ID] {
			r.forget(&o)
		}
	}
}
