package bench

import (
	"fmt"
	"math"
	"slices"
	"time"
)

// quantile returns the value below or at which the share q of the values lies
// (nearest rank: always one of them). It sorts them. None give 0.
func quantile(values []time.Duration, q float64) time.Duration {
	if len(values) == 0 {
		return 0
	}
	slices.Sort(values)
	rank := int(math.Ceil(q * float64(len(values))))
	return values[min(max(rank, 1), len(values))-1]
}

// ms prints a duration in milliseconds.
func ms(d time.Duration) string {
	v := float64(d.Microseconds()) / 1000
	if v >= 100 {
		return fmt.Sprintf("%.0f ms", v)
	}
	return fmt.Sprintf("%.1f ms", v)
}

// histogram counts latencies in whole microseconds, so that millions of requests
// are counted without allocating. The last bucket holds all that took longer.
type histogram struct {
	counts []uint32
	total  uint64
}

// longest is what a histogram tells apart.
const longest = 4 * time.Second

func newHistogram() *histogram {
	return &histogram{counts: make([]uint32, longest.Microseconds()+1)}
}

func (h *histogram) add(d time.Duration) {
	h.counts[min(max(d.Microseconds(), 0), int64(len(h.counts)-1))]++
	h.total++
}

func (h *histogram) merge(o *histogram) {
	for i, n := range o.counts {
		h.counts[i] += n
	}
	h.total += o.total
}

// quantile is like the function, to the microsecond.
func (h *histogram) quantile(q float64) time.Duration {
	rank, seen := uint64(math.Ceil(q*float64(h.total))), uint64(0)
	for us, n := range h.counts {
		if seen += uint64(n); seen >= max(rank, 1) {
			return time.Duration(us) * time.Microsecond
		}
	}
	return 0
}
