package limit

import "time"

// Rate is how often something may be done.
type Rate struct {
	Burst int           // so many times at once, at least 1
	Every time.Duration // and then one more each time this has passed
}

// Bucket is what is left of a rate. The zero value is untouched. It is not safe for
// concurrent use.
type Bucket struct {
	full time.Time // when nothing will be taken from it any more
}

// Take takes one attempt, or reports that there were too many. What it refuses does
// not count.
func (b *Bucket) Take(r Rate, now time.Time) bool {
	if b.Full(now) {
		b.full = now
	}
	next := b.full.Add(r.Every)
	if next.Sub(now) > time.Duration(r.Burst)*r.Every {
		return false
	}
	b.full = next
	return true
}

// GiveBack takes back one attempt that is not to count.
func (b *Bucket) GiveBack(r Rate) { b.full = b.full.Add(-r.Every) }

// Full reports whether the whole burst is left.
func (b *Bucket) Full(now time.Time) bool { return !b.full.After(now) }
