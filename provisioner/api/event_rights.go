package api

import (
	"context"
	"sync"
	"time"

	"github.com/dialtone-pbx/dialtone/provisioner/signin"
)

// streamsOfOne is how many event streams one token or session may have at once. A browser
// has one in each tab.
const streamsOfOne = 32

// streams counts the event streams of each token and session.
type streams struct {
	mu sync.Mutex
	of map[string]int
}

// enter reports whether there is room for one more.
func (s *streams) enter(key string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.of[key] >= streamsOfOne {
		return false
	}
	s.of[key]++
	return true
}

func (s *streams) leave(key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.of[key]--; s.of[key] == 0 {
		delete(s.of, key)
	}
}

// recheckEvery is how often a stream asks at most whether its reader may go on. Hundreds
// of changes a second must not make each stream ask hundreds of times.
const recheckEvery = time.Second

// recheck follows the right of one stream's reader. It is for one goroutine.
type recheck struct {
	a       *api
	by      *signin.Caller
	tenant  string // that the stream is about; "" is every one
	asked   time.Time
	changed <-chan struct{} // nil while due is set
	due     *time.Timer
}

func (a *api) newRecheck(by *signin.Caller, tenant string) *recheck {
	r := &recheck{a: a, by: by, tenant: tenant, changed: a.ctl.SignIn.RightsChanged(), due: time.NewTimer(0)}
	return r // the right may have ended since the request was let in: ask at once
}

// wait asks soon.
func (r *recheck) wait() {
	r.changed = nil
	r.due.Reset(max(0, recheckEvery-time.Since(r.asked)))
}

// ask returns an error when the reader may not go on.
func (r *recheck) ask(ctx context.Context) error {
	r.asked, r.changed = time.Now(), r.a.ctl.SignIn.RightsChanged()
	if err := r.a.ctl.SignIn.Still(ctx, r.by); err != nil {
		return err
	}
	return r.a.stillReaches(ctx, r.by, r.tenant)
}

func (r *recheck) stop() { r.due.Stop() }
