package provisioner

import (
	"sync"
	"time"
)

// Signing in by phone: after wrongPINs wrong ones a device must wait for blockFor.
const (
	wrongPINs  = 3
	blockFor   = time.Minute
	mostBlocks = 10_000
)

// guesses counts wrong PINs by device.
type guesses struct {
	mu   sync.Mutex
	made map[string]guess
}

type guess struct {
	wrong int
	until time.Time // when the count is forgotten
}

// begin counts an attempt as wrong until forget says otherwise, so that attempts
// at the same time count all; it reports whether one more is allowed.
func (g *guesses) begin(endpoint string, now time.Time) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.made == nil || len(g.made) >= mostBlocks {
		g.drop(now)
	}
	was := g.made[endpoint]
	if !now.Before(was.until) {
		was = guess{}
	}
	if was.wrong >= wrongPINs {
		return false
	}
	g.made[endpoint] = guess{was.wrong + 1, now.Add(blockFor)}
	return true
}

// drop makes room: what is over goes, and everything when that is not enough.
func (g *guesses) drop(now time.Time) {
	kept := map[string]guess{}
	for endpoint, was := range g.made {
		if now.Before(was.until) {
			kept[endpoint] = was
		}
	}
	if len(kept) >= mostBlocks {
		clear(kept)
	}
	g.made = kept
}

func (g *guesses) forget(endpoint string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.made, endpoint)
}
