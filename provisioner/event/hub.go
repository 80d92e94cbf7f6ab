package event

import (
	"sync"
	"sync/atomic"
	"time"
)

// Event is one thing that happened.
type Event struct {
	ID     uint64 // counts up over all tenants
	Type   Type   // Data's, or Missed, whose ID is that of the event before the first missed one
	At     time.Time
	Tenant string // that has the object; "" for an event about the platform
	Data   Data   // nil for Missed
	text   *text  // nil for Missed
}

// text is an event in the form of a wire, made once for all subscribers.
type text struct {
	once  sync.Once
	bytes []byte
	err   error
}

// Text returns what encode makes of the event. The first caller's encode runs, so all
// callers must mean the same form. A call is a table of legs, and hundreds may listen.
func (e Event) Text(encode func(Event) ([]byte, error)) ([]byte, error) {
	if e.text == nil {
		return encode(e)
	}
	e.text.once.Do(func() { e.text.bytes, e.text.err = encode(e) })
	return e.text.bytes, e.text.err
}

// Queue is how many events wait for one subscriber. A subscriber that falls further
// behind gets one Missed event and is disconnected, so that a slow browser delays no
// one and never misses anything without knowing.
const Queue = 1024

// Subscription receives events until Close is called or its queue overflows.
type Subscription struct {
	hub    *Hub
	events chan Event
	tenant string // the only tenant to get events of; "" for all
}

// Events is closed when the subscription ended.
func (s *Subscription) Events() <-chan Event { return s.events }

// Close ends the subscription. It may be called more than once.
func (s *Subscription) Close() { s.hub.drop(s) }

// Hub hands each event to every subscriber. Its methods are safe for concurrent use
// and never block.
type Hub struct {
	listeners atomic.Int64 // len(subs), read without the lock

	mu     sync.Mutex
	keep   func(Event)
	last   uint64 // ID of the last event
	subs   map[*Subscription]struct{}
	closed bool
}

// NewHub returns a hub without subscribers.
func NewHub() *Hub { return &Hub{keep: func(Event) {}, subs: map[*Subscription]struct{}{}} }

// Keep hands each event to keep as well, which must not block, and counts IDs up from before.
// It is called before the first event.
func (h *Hub) Keep(before uint64, keep func(Event)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.last, h.keep = before, keep
}

// Last returns the ID of the last event.
func (h *Hub) Last() uint64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.last
}

// Subscribe starts a stream of events from now on: one tenant's, or all with "". A tenant's
// stream leaves out events about the platform.
func (h *Hub) Subscribe(tenant string) *Subscription {
	h.mu.Lock()
	defer h.mu.Unlock()
	s := &Subscription{hub: h, tenant: tenant, events: make(chan Event, Queue)}
	if h.closed {
		close(s.events)
		return s
	}
	h.subs[s] = struct{}{}
	h.listeners.Add(1)
	return s
}

// Listened reports whether there is any subscriber. It takes no lock.
func (h *Hub) Listened() bool { return h.listeners.Load() > 0 }

// Publish tells of a tenant's object or, when tenant is "", of the platform.
func (h *Hub) Publish(tenant string, data Data) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return
	}
	h.last++
	e := Event{ID: h.last, Type: data.Type(), At: time.Now(), Tenant: tenant, Data: data, text: &text{}}
	h.keep(e)
	for s := range h.subs {
		if s.tenant != "" && s.tenant != tenant {
			continue
		}
		// The last place is kept for Missed.
		if len(s.events) < cap(s.events)-1 {
			s.events <- e
			continue
		}
		s.events <- Event{ID: e.ID - 1, Type: Missed, At: e.At}
		h.dropLocked(s)
	}
}

// Close ends every subscription, those of the future too. What is published later is lost.
func (h *Hub) Close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	for s := range h.subs {
		h.dropLocked(s)
	}
}

func (h *Hub) drop(s *Subscription) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.dropLocked(s)
}

func (h *Hub) dropLocked(s *Subscription) {
	if _, ok := h.subs[s]; ok {
		delete(h.subs, s)
		h.listeners.Add(-1)
		close(s.events)
	}
}
