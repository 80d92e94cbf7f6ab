package ami

import (
	"context"
	"sync"
	"sync/atomic"
)

// eventQueue holds one connection's events between its reader and OnEvent. It is bounded in number and in bytes; when
// full it drops what it holds and says so, and the connection is given up.
type eventQueue struct {
	events     chan Event
	bytes      atomic.Int64
	overflowed atomic.Bool
	release    chan struct{} // closed when events may be delivered
	releasing  sync.Once
}

func newEventQueue(length int) *eventQueue {
	return &eventQueue{events: make(chan Event, length), release: make(chan struct{})}
}

// push never blocks; it returns ErrOverflow when the queue is full, and from then on.
func (q *eventQueue) push(e Event) error {
	if q.overflowed.Load() {
		return ErrOverflow
	}
	if q.bytes.Add(int64(e.size)) <= maxQueued {
		select {
		case q.events <- e:
			return nil
		default:
		}
	}
	q.overflowed.Store(true)
	return ErrOverflow
}

// start lets the events go.
func (q *eventQueue) start() { q.releasing.Do(func() { close(q.release) }) }

// finish says that no more events come. Only after the reader has ended.
func (q *eventQueue) finish() { close(q.events) }

// deliver calls onEvent for each event once they are let go, until finish and the last event. It returns early when
// the program ends, when the connection (session) ends before the events were let go, and after an overflow.
func (q *eventQueue) deliver(program, session context.Context, onEvent func(Event)) {
	select {
	case <-q.release:
	case <-session.Done():
		select {
		case <-q.release:
		default:
			return
		}
	}
	for {
		select {
		case <-program.Done():
			return
		case e, ok := <-q.events:
			if !ok || q.overflowed.Load() || program.Err() != nil {
				return
			}
			q.bytes.Add(-int64(e.size))
			onEvent(e)
		}
	}
}
