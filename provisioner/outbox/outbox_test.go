package outbox

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The pauses grow to the longest one, and the end comes by attempts, by time or for good.
func TestRetry(t *testing.T) {
	now := time.Now()
	r := Retry{First: time.Second, Factor: 4, Most: time.Minute, Attempts: 6}
	for failed, want := range []time.Duration{1: 1, 2: 4, 3: 16, 4: 60, 5: 60} {
		due, again := r.Next(now, failed, false, now.Add(time.Hour))
		if failed > 0 && (due.Sub(now) != want*time.Second || !again) {
			t.Errorf("after %d attempts: %v, %v", failed, due.Sub(now), again)
		}
	}
	for what, again := range map[string]bool{
		"all":     second(r.Next(now, 6, false, now.Add(time.Hour))),
		"late":    second(r.Next(now, 2, false, now.Add(3*time.Second))),
		"refused": second(r.Next(now, 1, true, now.Add(time.Hour))),
	} {
		if again {
			t.Errorf("%s: another attempt", what)
		}
	}
	if _, again := (Retry{First: time.Second, Factor: 2}).Next(now, 30, false, now.Add(1<<31*time.Second)); !again {
		t.Error("without bounds there is an end")
	}
}

func second(_ time.Time, again bool) bool { return again }

// Attempts of many do not come at the same moment.
func TestSpread(t *testing.T) {
	now := time.Now()
	r := Retry{First: time.Minute, Factor: 2, Spread: 0.2}
	seen := map[time.Duration]bool{}
	for range 100 {
		due, _ := r.Next(now, 1, false, now.Add(time.Hour))
		if d := due.Sub(now); d < 48*time.Second || d > 72*time.Second {
			t.Fatalf("a pause of %v", d)
		}
		seen[due.Sub(now)] = true
	}
	if len(seen) < 50 {
		t.Errorf("100 pauses are of %d lengths", len(seen))
	}
}

// The loop waits as long as it is told, but for a nudge.
func TestLoop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var at []time.Duration
		start := time.Now()
		l := NewLoop(slog.New(slog.DiscardHandler), "testing", func(context.Context) (time.Duration, error) {
			at = append(at, time.Since(start))
			return time.Minute, errors.New("no matter")
		})
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute-time.Second)
		defer cancel()
		time.AfterFunc(90*time.Second, l.Nudge)
		if err := l.Run(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		if len(at) != 4 || at[0] != 0 || at[1] != time.Minute || at[2] != 90*time.Second || at[3] != 150*time.Second {
			t.Errorf("steps at %v", at)
		}
	})
}
