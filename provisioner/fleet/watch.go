package fleet

import (
	"fmt"
	"time"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// expire ends orders that take too long, and goes on with those whose phone came back. The
// lock is held.
func (q *Orders) expire(now time.Time) {
	for _, o := range q.orders {
		within := resyncWithin
		if o.Action == pbx.ResyncReboot {
			within = rebootWithin
		}
		switch {
		case o.State == pbx.ResyncSent && now.Sub(o.SentAt) >= within:
			q.end(o, pbx.ResyncTimedOut, fmt.Sprintf("the phone did not ask for its file within %v", within), now)
		case o.State == pbx.ResyncAway && now.Sub(o.DueAt) >= awayWithin:
			q.end(o, pbx.ResyncFailed, fmt.Sprintf("the phone was not registered for %v, so nobody was told", awayWithin), now)
		case o.State == pbx.ResyncAway:
			q.goOn(o, now)
		case o.State == pbx.ResyncQueued && now.Sub(o.DueAt) >= queuedWithin:
			q.end(o, pbx.ResyncFailed, fmt.Sprintf("Asterisk was not connected for %v", queuedWithin), now)
		}
	}
}

// read copies orders. An ended order stays in memory until it is written, so each is
// there.
func (q *Orders) read(ids []int64) []pbx.Resync {
	batch := make([]pbx.Resync, 0, len(ids))
	for _, id := range ids {
		batch = append(batch, *q.orders[id])
	}
	return batch
}

// written forgets orders that have ended.
func (q *Orders) written(batch []pbx.Resync) {
	for _, o := range batch {
		if !o.Active() && !q.changed.Marked(o.ID) {
			q.forget(&o)
		}
	}
}
