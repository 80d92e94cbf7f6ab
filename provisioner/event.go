package provisioner

import (
	"sync"
	"time"
)

// Event is one thing that happened, as the event stream shows it.
type Event struct {
	ID   uint64    // counts up from the start of the program
	Type EventType // what Data is
	At   time.Time
	// Tenant is whose object it is about; "" is for an event about the platform.
	Tenant string
	Data   any // a struct that marshals to JSON without secrets
}

// EventType names what happened.
type EventType string

// The types of events.
const (
	EventStatus EventType = "status" // Data is a StatusEvent
	EventApply  EventType = "apply"  // Data is an ApplyState
	EventFetch  EventType = "fetch"  // Data is a FetchEvent
	EventDrift  EventType = "drift"  // Data is a Drift
	// Data is a TemplateEvent
	EventTemplate EventType = "template"
	// Data is a ResyncEvent
	EventPhoneResync EventType = "phone-resync"
	EventCall        EventType = "call"   // Data is a CallEvent
	EventResync      EventType = "resync" // this subscriber was too slow; read everything again
)

// subscriberQueue is how many events wait for one subscriber. A subscriber that
// falls further behind gets one resync event and is disconnected, so that a slow
// browser holds nobody up and never misses anything without knowing.
const subscriberQueue = 1024

// Subscription receives events until Close is called or the queue overflows.
type Subscription struct {
	hub    *hub
	events chan Event
	tenant string // whose events it gets; "" for all
}

// Events is closed when the subscription ended.
func (s *Subscription) Events() <-chan Event { return s.events }

// Close ends the subscription. It may be called more than once.
func (s *Subscription) Close() { s.hub.drop(s) }

// hub hands each event to every subscriber.
type hub struct {
	mu     sync.Mutex
	last   uint64
	subs   map[*Subscription]struct{}
	closed bool
}

func newHub() *hub { return &hub{subs: map[*Subscription]struct{}{}} }

// Subscribe starts a stream of events from now on.
func (c *Controller) Subscribe() *Subscription { return c.events.subscribe("") }

// SubscribeTo starts a stream of the events of one tenant; those that belong to no
// tenant are left out.
func (c *Controller) SubscribeTo(tenant string) *Subscription { return c.events.subscribe(tenant) }

func (h *hub) subscribe(tenant string) *Subscription {
	h.mu.Lock()
	defer h.mu.Unlock()
	s := &Subscription{hub: h, tenant: tenant, events: make(chan Event, subscriberQueue)}
	if h.closed {
		close(s.events)
		return s
	}
	h.subs[s] = struct{}{}
	return s
}

func (h *hub) drop(s *Subscription) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.dropLocked(s)
}

func (h *hub) dropLocked(s *Subscription) {
	if _, ok := h.subs[s]; ok {
		delete(h.subs, s)
		close(s.events)
	}
}

// listened reports whether there is anybody to tell.
func (h *hub) listened() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.subs) > 0
}

// publish tells of something that is about a tenant's object, or, when tenant is
// "", about the platform. It never blocks.
func (h *hub) publish(t EventType, tenant string, data any) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.last++
	e := Event{ID: h.last, Type: t, At: time.Now(), Tenant: tenant, Data: data}
	for s := range h.subs {
		if s.tenant != "" && s.tenant != tenant {
			continue
		}
		// The last place is kept for the resync event.
		if len(s.events) < cap(s.events)-1 {
			s.events <- e
			continue
		}
		s.events <- Event{ID: e.ID, Type: EventResync, At: e.At}
		h.dropLocked(s)
	}
}

// close ends every subscription.
func (h *hub) close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	for s := range h.subs {
		h.dropLocked(s)
	}
}
