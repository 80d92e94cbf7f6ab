package event

import (
	"slices"
	"sync"
	"testing"
)

// A subscriber that falls behind gets everything up to its queue, then one Missed,
// then the end; others miss nothing.
func TestHubOverflow(t *testing.T) {
	h := NewHub()
	slow, quick := h.Subscribe(""), h.Subscribe("")
	const events = 3 * Queue
	last := uint64(0)
	for range events {
		h.Publish("", Apply{})
		e := <-quick.Events()
		if e.ID != last+1 || e.Type != TypeApply {
			t.Fatalf("event %d of type %s after %d", e.ID, e.Type, last)
		}
		last = e.ID
	}
	h.Close()
	if _, open := <-quick.Events(); open || last != events {
		t.Errorf("the quick one got %d of %d", last, events)
	}
	n, end := 0, Event{}
	for e := range slow.Events() {
		n, end = n+1, e
	}
	if n != Queue || end.Type != Missed || end.ID != Queue-1 || end.Data != nil {
		t.Errorf("the slow one got %d events, the last %+v", n, end)
	}
	slow.Close()
	quick.Close()
	if _, open := <-h.Subscribe("").Events(); open || h.Listened() {
		t.Error("a closed hub takes subscribers")
	}
}

// A tenant's stream has that tenant's events only; all have one order.
func TestSubscribersOfATenant(t *testing.T) {
	h := NewHub()
	if h.Listened() {
		t.Error("a hub without subscribers is listened to")
	}
	acme, all := h.Subscribe("acme"), h.Subscribe("")
	h.Publish("", Drift{File: "pjsip.conf"})
	h.Publish("other", Fetch{File: "a.cfg"})
	h.Publish("acme", Fetch{File: "b.cfg"})
	if e := <-acme.Events(); e.ID != 3 || e.Tenant != "acme" || e.Data != (Fetch{File: "b.cfg"}) {
		t.Errorf("the tenant's stream has %+v", e)
	}
	for id := range uint64(3) {
		if e := <-all.Events(); e.ID != id+1 {
			t.Errorf("event %d in place %d", e.ID, id+1)
		}
	}
	acme.Close()
	acme.Close()
	if _, open := <-acme.Events(); open || !h.Listened() {
		t.Error("closing one subscription ends not that one alone")
	}
	all.Close()
	if h.Listened() {
		t.Error("the hub is listened to after all have left")
	}
}

// What is kept is all that is published, under ids that go on from before, until the end.
func TestKeep(t *testing.T) {
	h := NewHub()
	var kept []uint64
	h.Keep(40, func(e Event) { kept = append(kept, e.ID) })
	h.Publish("acme", Resync{})
	sub := h.Subscribe("acme")
	h.Publish("acme", Resync{})
	h.Publish("other", Resync{})
	h.Close()
	h.Publish("acme", Resync{})
	if e := <-sub.Events(); e.ID != 42 || !slices.Equal(kept, []uint64{41, 42, 43}) || h.Last() != 43 {
		t.Errorf("the subscriber got %d, kept are %v, the last is %d", e.ID, kept, h.Last())
	}
}

// Publishing, subscribing and closing at the same time lose no order.
func TestHubIsSafeForConcurrentUse(t *testing.T) {
	h := NewHub()
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range Queue {
				h.Publish("acme", Resync{})
			}
		})
		wg.Go(func() {
			for range 8 {
				s := h.Subscribe("acme")
				last := uint64(0)
				for e := range s.Events() {
					if e.ID <= last && e.Type != Missed {
						t.Errorf("event %d after %d", e.ID, last)
					}
					if last = e.ID; e.ID%16 == 0 || e.Type == Missed {
						s.Close()
					}
				}
			}
		})
	}
	// Subscribers leave at an event, so there are some until all have left.
	done := make(chan struct{})
	go func() { wg.Wait(); close(done) }()
	for open := true; open; {
		select {
		case <-done:
			open = false
		default:
			h.Publish("acme", Resync{})
		}
	}
	h.Close()
}

// However many subscribers send an event on, it is encoded once.
func TestEventIsEncodedOnce(t *testing.T) {
	h := NewHub()
	subs := make([]*Subscription, 100)
	for i := range subs {
		subs[i] = h.Subscribe("")
	}
	h.Publish("", Apply{Applied: 7})
	h.Publish("", Apply{Applied: 8})
	var mu sync.Mutex
	encoded := map[uint64]int{}
	var wg sync.WaitGroup
	for _, s := range subs {
		wg.Go(func() {
			for range 2 {
				e := <-s.Events()
				text, err := e.Text(func(e Event) ([]byte, error) {
					mu.Lock()
					defer mu.Unlock()
					encoded[e.ID]++
					return []byte{byte(e.Data.(Apply).Applied)}, nil
				})
				if err != nil || len(text) != 1 || int64(text[0]) != e.Data.(Apply).Applied {
					t.Errorf("event %d is %v, %v", e.ID, text, err)
				}
			}
		})
	}
	wg.Wait()
	if len(encoded) != 2 || encoded[1] != 1 || encoded[2] != 1 {
		t.Errorf("encoded %v times", encoded)
	}
}
