package provisioner

import (
	"net/netip"
	"time"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// How many phones the inbox keeps and how fast new ones may come. A site of 200
// phones behind one address that is switched on at once gets in whole; one
// address alone can neither fill the inbox nor use up what all may send.
const (
	inboxRows         = 500
	inboxSources      = 2048 // networks remembered
	inboxSourceBurst  = 250
	inboxSourceSecond = 1.0 / 6 // new phones a second of one network after the burst
	inboxAllBurst     = 500
	inboxAllSecond    = 2.0
	inboxSweep        = time.Second // how often idle networks are looked for
)

// inboxLimits says which networks may bring new phones.
type inboxLimits struct {
	all     bucket
	sources map[netip.Prefix]*inboxSource
	swept   time.Time
}

// inboxSource is a network: what it may still send and the rows it has.
type inboxSource struct {
	bucket
	rows int
}

func newInboxLimits() *inboxLimits {
	return &inboxLimits{all: bucket{left: inboxAllBurst}, sources: map[netip.Prefix]*inboxSource{}}
}

// sourceOf is the network an address counts for: an IPv4 address itself, and of
// IPv6 the 64 bits that one customer has at least.
func sourceOf(a netip.Addr) netip.Prefix {
	bits := 32
	if a.Is6() {
		bits = 64
	}
	p, _ := a.WithZone("").Prefix(bits) // fails for the invalid address only, which is a source too
	return p
}

// allow takes a new phone of a network, or refuses it. The network is asked
// first, so that one alone cannot use up what all may send.
func (l *inboxLimits) allow(source netip.Prefix, now time.Time) bool {
	s := l.source(source, now)
	return s != nil && s.take(now, inboxSourceBurst, inboxSourceSecond) && l.all.take(now, inboxAllBurst, inboxAllSecond)
}

// source returns a network, a new one if need be; nil while too many are busy.
func (l *inboxLimits) source(p netip.Prefix, now time.Time) *inboxSource {
	if s := l.sources[p]; s != nil {
		return s
	}
	if len(l.sources) >= inboxSources {
		if now.Sub(l.swept) < inboxSweep {
			return nil
		}
		l.swept = now
		for q, s := range l.sources {
			if s.rows == 0 && s.after(now, inboxSourceBurst, inboxSourceSecond) >= inboxSourceBurst {
				delete(l.sources, q)
			}
		}
		if len(l.sources) >= inboxSources {
			return nil
		}
	}
	s := &inboxSource{bucket: bucket{left: inboxSourceBurst, at: now}}
	l.sources[p] = s
	return s
}

// count changes how many rows a network has.
func (l *inboxLimits) count(p netip.Prefix, by int) {
	s := l.sources[p]
	if s == nil {
		s = &inboxSource{bucket: bucket{left: inboxSourceBurst}}
		l.sources[p] = s
	}
	s.rows += by
}

// victim is the row that makes room for a new one of a network: one of no known
// make before all others, then one of the network that then has the most, then
// the one seen the longest ago. So a network that invents phones displaces its
// own, and never those of a smaller one; only one who has hundreds of addresses
// and talks like a phone gets further.
func (in *inbox) victim(source netip.Prefix) pbx.MAC {
	share := func(p netip.Prefix) int {
		n := in.limits.sources[p].rows
		if p == source {
			n++
		}
		return n
	}
	var out *inboxRow
	for _, r := range in.rows {
		if out == nil {
			out = r
			continue
		}
		switch mine, best := share(r.source), share(out.source); {
		case (r.Vendor == "") != (out.Vendor == ""):
			if r.Vendor == "" {
				out = r
			}
		case mine > best || mine == best && r.LastSeen.Before(out.LastSeen):
			out = r
		}
	}
	return out.MAC
}

// bucket is a token bucket.
type bucket struct {
	left float64
	at   time.Time
}

// after is what the bucket holds at a moment.
func (b *bucket) after(now time.Time, most, perSecond float64) float64 {
	return min(most, b.left+max(0, now.Sub(b.at).Seconds())*perSecond)
}

// take takes one token if there is one.
func (b *bucket) take(now time.Time, most, perSecond float64) bool {
	b.left, b.at = b.after(now, most, perSecond), now
	if b.left < 1 {
		return false
	}
	b.left--
	return true
}
