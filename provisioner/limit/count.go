package limit

import (
	"sync"
	"time"
)

// sweepEvery is how often names are forgotten while all places are taken.
const sweepEvery = time.Second

// Count limits attempts by name. It is safe for concurrent use.
//
// It remembers a bounded number of names. Overflow rule: while all of them have
// attempts that still count, all other names share one bucket. So a crowd of strangers
// is slowed down as a whole, and no name is forgotten early.
type Count[K comparable] struct {
	rate Rate
	most int

	mu     sync.Mutex
	names  map[K]*Bucket
	others Bucket // of all names that found no place
	swept  time.Time
}

// NewCount returns a Count of at most so many names, each at a rate.
func NewCount[K comparable](r Rate, most int) *Count[K] {
	return &Count[K]{rate: r, most: most, names: map[K]*Bucket{}}
}

// Take counts one attempt, or reports that there were too many.
func (c *Count[K]) Take(name K, now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.bucket(name, now).Take(c.rate, now)
}

// GiveBack takes back one attempt of a name that is not to count.
func (c *Count[K]) GiveBack(name K) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if b := c.names[name]; b != nil {
		b.GiveBack(c.rate)
		return
	}
	c.others.GiveBack(c.rate)
}

// bucket returns the bucket that counts for a name. The lock is held.
func (c *Count[K]) bucket(name K, now time.Time) *Bucket {
	if b := c.names[name]; b != nil {
		return b
	}
	if len(c.names) >= c.most && now.Sub(c.swept) >= sweepEvery {
		c.swept = now
		for n, b := range c.names {
			if b.Full(now) {
				delete(c.names, n)
			}
		}
	}
	if len(c.names) >= c.most {
		return &c.others
	}
	b := &Bucket{}
	c.names[name] = b
	return b
}
