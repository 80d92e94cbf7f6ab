package bench

import (
	"math"
	"strings"
	"testing"
)

func TestPrintTable(t *testing.T) {
	var b strings.Builder
	err := printTable(&b, "today", []row{
		{"a | b", "1\nms", "2 ms", "0.5 ×", "≤ 1 ×", true},
		{what: "c", holds: false},
	})
	want := `Measured today.

| what | result | reference | ratio | target | holds |
|---|---|---|---|---|---|
| a \| b | 1 ms | 2 ms | 0.5 × | ≤ 1 × | yes |
| c |  |  |  |  | **no** |
`
	if err != nil || b.String() != want {
		t.Errorf("%v, got\n%s\nwant\n%s", err, b.String(), want)
	}
}

func TestTimes(t *testing.T) {
	for _, c := range []struct {
		result, reference float64
		want              string
	}{{1, 2, "0.50 ×"}, {3, 1, "3.00 ×"}, {100, 8, "12 ×"}, {1, 0, "–"}, {0, 0, "–"}, {math.Inf(1), 1, "–"}} {
		if got := times(c.result, c.reference); got != c.want {
			t.Errorf("%g / %g: %s, want %s", c.result, c.reference, got, c.want)
		}
	}
}
