package bench

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestQuantile(t *testing.T) {
	ten := []time.Duration{9, 1, 8, 2, 7, 3, 6, 4, 5, 10}
	for _, c := range []struct {
		values []time.Duration
		q      float64
		want   time.Duration
	}{
		{nil, .5, 0}, {ten[:1], .5, 9}, {ten[:1], .99, 9}, {ten, 0, 1}, {ten, .5, 5}, {ten, .51, 6}, {ten, .95, 10}, {ten, .9, 9}, {ten, 1, 10},
	} {
		if got := quantile(slices.Clone(c.values), c.q); got != c.want {
			t.Errorf("quantile %g of %v: %d, want %d", c.q, c.values, got, c.want)
		}
	}
}

// The histogram says the same as sorting, to the microsecond, however its values
// were split between loops.
func TestHistogramAgreesWithQuantile(t *testing.T) {
	const most = 5_000 // small ones, for speed
	parts := []*histogram{{counts: make([]uint32, most+1)}, {counts: make([]uint32, most+1)}}
	rapid.Check(t, func(t *rapid.T) {
		us := rapid.SliceOfN(rapid.IntRange(0, most), 1, 50).Draw(t, "microseconds")
		var values []time.Duration
		for _, h := range parts {
			clear(h.counts)
			h.total = 0
		}
		for i, v := range us {
			d := time.Duration(v)*time.Microsecond + time.Duration(i%1000)
			values = append(values, d.Truncate(time.Microsecond))
			parts[i%2].add(d)
		}
		parts[0].merge(parts[1])
		q := rapid.Float64Range(0, 1).Draw(t, "q")
		if got, want := parts[0].quantile(q), quantile(values, q); got != want {
			t.Errorf("quantile %g of %v µs: %v, want %v", q, us, got, want)
		}
	})
}

func TestHistogramBounds(t *testing.T) {
	h := newHistogram()
	if got := h.quantile(.5); got != 0 {
		t.Errorf("of nothing: %v", got)
	}
	h.add(-time.Second)
	h.add(time.Hour)
	if lo, hi := h.quantile(.5), h.quantile(1); lo != 0 || hi != longest {
		t.Errorf("got %v and %v", lo, hi)
	}
}
