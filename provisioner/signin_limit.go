package provisioner

import (
	"net/netip"
	"sync"
	"time"
)

// How often signing in may be tried: so many times at once, and so often after
// that. What succeeds does not count. A place has more, because a whole office can
// sit behind one address.
const (
	userAttempts        = 10
	userAttemptsSecond  = 1.0 / 60
	placeAttempts       = 40
	placeAttemptsSecond = 1.0 / 6
	// mostRemembered is of how many names, and of how many places, attempts are
	// counted one by one. When all of them are busy, all others share one count: a
	// crowd of strangers is slowed down as a whole, and nothing is forgotten early.
	mostRemembered = 10_000
	// sweepEvery is how often forgetting is tried while all are busy.
	sweepEvery = time.Second
)

// attempts counts attempts by name.
type attempts struct {
	burst, second float64

	mu     sync.Mutex
	made   map[string]*bucket
	others bucket // of all names that found no place
	swept  time.Time
}

// take counts one attempt, or reports that there were too many.
func (a *attempts) take(name string, now time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.bucket(name, now).take(now, a.burst, a.second)
}

// forget takes back one attempt, which succeeded.
func (a *attempts) forget(name string, now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	b := a.bucket(name, now)
	b.left, b.at = min(a.burst, b.after(now, a.burst, a.second)+1), now
}

// bucket returns what counts for a name. It is called with mu held.
func (a *attempts) bucket(name string, now time.Time) *bucket {
	if b := a.made[name]; b != nil {
		return b
	}
	if a.made == nil {
		a.made, a.others = map[string]*bucket{}, bucket{left: a.burst, at: now}
	}
	if len(a.made) >= mostRemembered && now.Sub(a.swept) >= sweepEvery {
		a.swept = now
		for n, b := range a.made {
			if b.after(now, a.burst, a.second) >= a.burst {
				delete(a.made, n)
			}
		}
	}
	if len(a.made) >= mostRemembered {
		return &a.others
	}
	b := &bucket{left: a.burst, at: now}
	a.made[name] = b
	return b
}

// placeOf is the network that an address counts for.
func placeOf(address string) string {
	a, err := netip.ParseAddr(address)
	if err != nil {
		return address
	}
	return sourceOf(a.Unmap()).String()
}
