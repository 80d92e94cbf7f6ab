package lab

import (
	"testing"
	"time"
)

func TestLateness(t *testing.T) {
	var l lateness
	start := time.Unix(1_800_000_000, 0)
	at := func(ms int) time.Time { return start.Add(time.Duration(ms) * time.Millisecond) }
	for _, b := range [][2]int{{0, 10}, {10, 21}, {21, 131}, {131, 141}, {141, 201}} {
		l.note(at(b[0]), at(b[1]))
	}
	for _, c := range []struct{ from, to, want int }{
		{0, 21, 0}, {0, 130, 0}, {0, 131, 100}, {131, 200, 0}, {131, 201, 50}, {-5, 500, 150}, {201, 500, 0},
	} {
		if got := l.between(at(c.from), at(c.to)); got != time.Duration(c.want)*time.Millisecond {
			t.Errorf("from %d to %d ms the machine was %v late, want %d ms", c.from, c.to, got, c.want)
		}
	}
}
