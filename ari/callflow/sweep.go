package callflow

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/dialtone-pbx/dialtone/ari"
)

// sweep lists all channels and takes up those that wait in our application undecided.
// Channels that have waited too long go to the fallback.
func (f *Flow) sweep(ctx context.Context, late bool) error {
	f.sweeps.Lock()
	defer f.sweeps.Unlock()
	f.mu.Lock()
	f.missed, f.settled = false, map[string]bool{}
	f.mu.Unlock()
	found, err := f.list(ctx)
	f.mu.Lock()
	defer f.mu.Unlock()
	settled := f.settled
	f.settled = nil
	if err != nil {
		f.missed = true
		return err
	}
	f.forgetSwept(time.Now())
	for _, e := range found {
		// Calls decided since the list was asked for are listed at their old place.
		e.late = late
		if len(f.lines[e.channel]) == 0 && !settled[e.channel] && f.admit(e) {
			f.swept[e.channel] = e
			f.stats.Recovered++
		}
	}
	return nil
}

// forgetSwept keeps swept no larger than the last sweeps were.
func (f *Flow) forgetSwept(now time.Time) {
	for id, e := range f.swept {
		if now.Sub(e.arrived) >= sweptFor {
			delete(f.swept, id)
		}
	}
}

// list returns the entries of all channels that are in our application. Where one bad
// channel makes Asterisk refuse the list of all, those in our application are asked for
// one by one: nobody else waits because of that one.
func (f *Flow) list(ctx context.Context) ([]*entry, error) {
	channels, err := f.opts.Client.ListChannels(ctx)
	if ari.IsUnlistable(err) {
		f.log.warn("Asterisk cannot list its channels, asking for those that wait one by one", "error", err)
		channels, err = f.opts.Client.ListWaiting(ctx)
	}
	if err != nil {
		return nil, fmt.Errorf("listing calls that wait for a decision: %w", err)
	}
	var found []*entry
	for i := range channels {
		if e := waiting(&channels[i]); e != nil {
			found = append(found, e)
		}
	}
	return found, nil
}

// sweepPause is the least time between two sweeps of the loop. A channel that cannot be
// moved at all must not keep Asterisk busy.
const sweepPause = time.Second

// resweepLoop sweeps until every channel that waits was taken up. It does so after an
// overflow, once there is room again, and after calls that could not be moved.
func (f *Flow) resweepLoop(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-f.resweep:
		}
		if err := f.sweep(ctx, true); err != nil && ctx.Err() == nil {
			f.log.warn("calls left waiting", "error", err)
			f.askSweep()
		}
		pause(ctx, sweepPause)
	}
}

// askSweep wakes resweepLoop; one request that waits is enough.
func (f *Flow) askSweep() {
	select {
	case f.resweep <- struct{}{}:
	default:
	}
}

// pause waits for d or for the end of ctx.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// abandonAtOnce is how many calls abandon moves at the same time.
const abandonAtOnce = 16

// abandon sends the calls still in Stasis to the fallback when the program ends. The events
// that would have announced them were never delivered.
func (f *Flow) abandon(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	found, err := f.list(ctx)
	if err != nil {
		f.log.warn("calls may be left waiting", "error", err)
		return
	}
	queue := make(chan *entry, len(found))
	for _, e := range found {
		queue <- e
	}
	close(queue)
	var owned sync.WaitGroup
	for range min(abandonAtOnce, len(found)) {
		owned.Go(func() {
			for e := range queue {
				verdict := f.fallBack(ctx, e)
				f.count(verdict)
				f.opts.Observe(verdict, time.Since(e.arrived))
			}
		})
	}
	owned.Wait()
}
