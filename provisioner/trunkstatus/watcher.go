// Package trunkstatus follows what is observed of each trunk.
//
// It owns registrations at carriers, the reachability of carriers and whether the names of
// their hosts can be resolved, in memory alone: everything is asked again after a start. It
// may import provisioner/pbx, ami and provisioner/event.
package trunkstatus

import (
	"log/slog"
	"maps"
	"sync"
	"time"

	"github.com/dialtone-pbx/dialtone/ami"
	"github.com/dialtone-pbx/dialtone/provisioner/event"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// Watcher knows the status of each trunk. Events are only hints to ask Asterisk again. Its
// methods are safe for concurrent use.
type Watcher struct {
	o Options

	mu         sync.Mutex
	known      map[string]pbx.TrunkStatus // by endpoint
	staleSince time.Time                  // when the connection was lost; zero while values are live
	// What known follows from: Asterisk's words, nil before the first list, and whether the last
	// look-up of a host failed. A host that was never looked up is missing.
	registrations map[string]ami.RegistrationState // by endpoint
	contacts      map[string]ami.ContactState      // by endpoint
	unresolvable  map[string]bool                  // by host

	unknown         map[string][]pbx.UnknownNumber // by endpoint
	moved           map[string]bool                // endpoints whose contacts are to be asked for
	hinted, swapped chan struct{}                  // each holds one hint
}

// Options is what a Watcher needs. All fields are required.
type Options struct {
	Log      *slog.Logger
	Events   *event.Hub
	Snapshot func() *pbx.Snapshot
	Lookup   Lookup
}

// New knows nothing yet.
func New(o Options) *Watcher {
	return &Watcher{o: o, known: map[string]pbx.TrunkStatus{}, unresolvable: map[string]bool{}, staleSince: time.Now(),
		contacts: map[string]ami.ContactState{}, moved: map[string]bool{}, unknown: map[string][]pbx.UnknownNumber{},
		hinted: make(chan struct{}, 1), swapped: make(chan struct{}, 1)}
}

// Of returns what is known about a trunk's endpoint. stale is when the connection to
// Asterisk was lost; zero while the value is live.
func (w *Watcher) Of(endpoint string) (s pbx.TrunkStatus, stale time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.known[endpoint], w.staleSince
}

// Down marks every value stale.
func (w *Watcher) Down() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.staleSince.IsZero() {
		w.staleSince = time.Now()
	}
}

// Handle takes events as hints.
func (w *Watcher) Handle(e ami.Event) {
	switch v := e.Parse().(type) {
	case ami.RegistryChange:
		hint(w.hinted)
	case ami.ContactStatus:
		if w.o.Snapshot().TrunkOf(v.AOR) != nil {
			w.mu.Lock()
			w.moved[v.AOR] = true
			w.mu.Unlock()
			hint(w.hinted)
		}
	}
}

// alarmPause is the least time between two events of the same refusal of calls.
const alarmPause = time.Minute

// CallRefused notes that the carrier of a trunk has refused a call for our account, and tells.
func (w *Watcher) CallRefused(endpoint string, answer int) {
	t := w.o.Snapshot().TrunkOf(endpoint)
	if t == nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	s := w.known[endpoint]
	again := s.CallRefusal == answer && time.Since(s.CallRefusedAt) < alarmPause
	s.CallRefusal, s.CallRefusedAt = answer, time.Now()
	w.known[endpoint] = s
	if again {
		return
	}
	w.o.Log.Warn("a carrier refuses calls: check the trunk's username and secret, and whether the account may call",
		"tenant", t.Tenant, "trunk", t.Name, "answer", answer)
	w.o.Events.Publish(t.Tenant, event.Trunk{Tenant: t.Tenant, Name: t.Name, Status: s})
}

// Changed notes that another snapshot is in force.
func (w *Watcher) Changed() {
	w.settle()
	hint(w.swapped)
}

func hint(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// settle derives the status of each trunk and tells what has changed.
func (w *Watcher) settle() {
	w.mu.Lock()
	defer w.mu.Unlock()
	known := make(map[string]pbx.TrunkStatus, len(w.known))
	for _, t := range w.o.Snapshot().Trunks {
		was, now := w.known[t.Endpoint], w.derive(t)
		now.Since, now.Refusal, now.RefusedAt = was.Since, was.Refusal, was.RefusedAt
		now.CallRefusal, now.CallRefusedAt = was.CallRefusal, was.CallRefusedAt
		if now != was {
			now.Since = time.Now()
			if now.Registration == pbx.RegistrationFailed && was.Registration != now.Registration {
				now.Refusal, now.RefusedAt = string(ami.RegistrationRejected), now.Since
			}
			w.o.Events.Publish(t.Tenant, event.Trunk{Tenant: t.Tenant, Name: t.Name, Status: now})
		}
		known[t.Endpoint] = now
	}
	w.known = known
	maps.DeleteFunc(w.unknown, func(endpoint string, _ []pbx.UnknownNumber) bool { _, is := known[endpoint]; return !is })
	maps.DeleteFunc(w.contacts, func(endpoint string, _ ami.ContactState) bool { _, is := known[endpoint]; return !is })
}

// derive maps Asterisk's words to ours. A registration that Asterisk does not list is yet
// to be loaded, and a carrier without an answer yet is yet to be seen.
func (w *Watcher) derive(t *pbx.Trunk) (s pbx.TrunkStatus) {
	s.Unresolvable = w.unresolvable[t.Peer()]
	if w.registrations == nil {
		return s
	}
	switch word := w.registrations[t.Endpoint]; {
	case !t.Register:
		s.Registration = pbx.NotRegistering
	case word == ami.RegistrationRegistered:
		s.Registration = pbx.Registered
	case word == ami.RegistrationRejected:
		s.Registration = pbx.RegistrationFailed
	default:
		s.Registration = pbx.Unregistered
	}
	switch word := w.contacts[t.Endpoint]; {
	case t.QualifySeconds == 0:
		s.Reach = pbx.TrunkNotAsked
	case word == ami.ContactReachable:
		s.Reach = pbx.TrunkReachable
	case word == ami.ContactUnreachable:
		s.Reach = pbx.TrunkUnreachable
	}
	return s
}
