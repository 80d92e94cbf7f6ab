package callflow

import (
	"context"
	"time"
)

// sweptFor is how long after a sweep the event of a channel may still arrive. Such an event
// is ignored, because the sweep took up the channel. It is the longest an OnUp may take.
const sweptFor = 30 * time.Second

// start takes in a channel that came into Stasis.
func (f *Flow) start(e *entry) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if s := f.swept[e.channel]; s != nil {
		delete(f.swept, e.channel)
		if s.same(e) && e.arrived.Sub(s.arrived) < sweptFor {
			return
		}
	}
	f.admit(e)
}

// admit puts an entry into its channel's line, if there is room. The lock is
// held. Ready has room for every line there can be, so sending never waits.
func (f *Flow) admit(e *entry) bool {
	if f.closed {
		return false
	}
	if f.deciding >= f.opts.MaxDeciding {
		e.late = true
	}
	if f.deciding >= 2*f.opts.MaxDeciding {
		f.missed = true
		f.stats.Postponed++
		return false
	}
	f.deciding++
	f.lines[e.channel] = append(f.lines[e.channel], e)
	if len(f.lines[e.channel]) == 1 {
		f.ready <- e.channel
	}
	return true
}

// end notes that a channel left Stasis, by our command or by hanging up.
func (f *Flow) end(channel string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.swept, channel)
	if line := f.lines[channel]; len(line) > 0 {
		line[len(line)-1].left = true
	}
}

// hasLeft reports whether the entry, the first of its line, is over.
func (f *Flow) hasLeft(e *entry) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return e.left || len(f.lines[e.channel]) > 1
}

// serve decides the entries of one channel, one after the other.
func (f *Flow) serve(ctx context.Context, channel string) {
	for e := f.first(channel); e != nil; e = f.next(e) {
		verdict := f.decide(ctx, e)
		f.count(verdict)
		f.opts.Observe(verdict, time.Since(e.arrived))
	}
}

func (f *Flow) first(channel string) *entry {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.lines[channel][0]
}

// next takes the decided entry out of its line and returns the one behind it.
func (f *Flow) next(e *entry) *entry {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.deciding--
	if f.settled != nil {
		f.settled[e.channel] = true
	}
	if f.missed && f.deciding <= f.opts.MaxDeciding/2 {
		f.askSweep()
	}
	line := f.lines[e.channel][1:]
	if len(line) == 0 {
		delete(f.lines, e.channel)
		return nil
	}
	f.lines[e.channel] = line
	return line[0]
}
