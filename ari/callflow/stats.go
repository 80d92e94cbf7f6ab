package callflow

import (
	"log/slog"
	"sync"
	"time"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// Verdict is the result of one call, or one step of it, in Stasis.
type Verdict string

// The verdicts.
const (
	Decided  Verdict = "decided"  // handed over to its step
	Gone     Verdict = "gone"     // hung up or moved on by itself
	FellBack Verdict = "fallback" // sent to the rendered fallback
	HungUp   Verdict = "hung-up"  // Asterisk refused even the fallback
	Stranded Verdict = "stranded" // Asterisk took or answered no command; a sweep tries again
)

// Stats are counts since New, and how many calls are in decision now.
type Stats struct {
	Decided, Gone, FellBack, HungUp, Stranded uint64
	Postponed                                 uint64 // left in Stasis by the overflow rule
	Recovered                                 uint64 // found waiting by a sweep
	AtBound                                   uint64 // refused by a bound of calls at once
	UnknownNumbers                            uint64 // brought to a number that no tenant has
	Deciding                                  int
}

// Stats returns the counts.
func (f *Flow) Stats() Stats {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := f.stats
	s.Deciding = f.deciding
	return s
}

// countEnd notes why a step ends a call, where that is counted.
func (f *Flow) countEnd(s pbx.Step) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if s.AtBound {
		f.stats.AtBound++
	}
	if s.Unknown {
		f.stats.UnknownNumbers++
	}
}

func (f *Flow) count(v Verdict) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch v {
	case Decided:
		f.stats.Decided++
	case Gone:
		f.stats.Gone++
	case FellBack:
		f.stats.FellBack++
	case HungUp:
		f.stats.HungUp++
	case Stranded:
		f.stats.Stranded++
		f.missed = true
	}
}

// limitedLog writes one line a second. When Asterisk stalls, every call reports the same.
type limitedLog struct {
	to *slog.Logger

	mu   sync.Mutex
	last time.Time
	held int
}

func (l *limitedLog) warn(message string, attrs ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	if !l.last.IsZero() && now.Sub(l.last) < time.Second {
		l.held++
		return
	}
	l.to.Warn(message, append(attrs, "not_logged", l.held)...)
	l.last, l.held = now, 0
}
