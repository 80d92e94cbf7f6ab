package lab

import (
	"slices"
	"sync"
	"time"
)

// lateness is how long this process was kept from running, as a clock tells that wants to be
// woken at every beat. Its methods are safe for concurrent use.
type lateness struct {
	mu    sync.Mutex
	beats []lateBeat // in order
}

// lateBeat is a beat that came late, with the sum of all lateness until then.
type lateBeat struct {
	at  time.Time
	sum time.Duration
}

const (
	beat = 10 * time.Millisecond
	// onTime is how late a beat is on an idle machine.
	onTime = 2 * time.Millisecond
)

// machine is the lateness of this test process; Main runs it.
var machine lateness

// run notes late beats as long as the process lives.
func (l *lateness) run() {
	tick := time.NewTicker(beat)
	last := time.Now()
	for range tick.C {
		now := time.Now()
		l.note(last, now)
		last = now
	}
}

func (l *lateness) note(last, now time.Time) {
	late := now.Sub(last) - beat
	if late < onTime {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.beats = append(l.beats, lateBeat{now, l.until(now) + late})
}

// until is the sum of all lateness up to a time. The lock is held.
func (l *lateness) until(t time.Time) time.Duration {
	i, _ := slices.BinarySearchFunc(l.beats, t, func(b lateBeat, t time.Time) int { return b.at.Compare(t) })
	for i < len(l.beats) && !l.beats[i].at.After(t) {
		i++
	}
	if i == 0 {
		return 0
	}
	return l.beats[i-1].sum
}

func (l *lateness) between(from, to time.Time) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.until(to) - l.until(from)
}

// Late returns how long the machine kept this process from running since a time. What is
// measured by the clock meanwhile may be as much off: a busy machine is no fault of the
// product.
func Late(since time.Time) time.Duration { return machine.between(since, time.Now()) }
