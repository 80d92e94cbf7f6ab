package trunkstatus

import (
	"context"
	"fmt"
	"maps"
	"time"

	"github.com/dialtone-pbx/dialtone/ami"
)

// pollPause is how often Asterisk is asked without a hint. askPause is the least time
// between two lists, however many trunks change.
const (
	pollPause = 5 * time.Minute
	askPause  = 2 * time.Second
)

// Live asks Asterisk at once, after hints and now and then, until the connection ends. One
// list has the registrations of all trunks.
func (w *Watcher) Live(ctx context.Context, s *ami.Session) {
	w.askAll()
	poll := time.NewTicker(pollPause)
	defer poll.Stop()
	pause := time.NewTimer(0)
	defer pause.Stop()
	for {
		if err := w.ask(ctx, s); err != nil && ctx.Err() == nil {
			w.o.Log.Warn("asking Asterisk for the state of trunks", "error", err)
		}
		pause.Reset(askPause)
		select {
		case <-ctx.Done():
			return
		case <-pause.C:
		}
		select {
		case <-ctx.Done():
			return
		case <-w.hinted:
		case <-poll.C:
		}
	}
}

// ask takes over Asterisk's list of registrations, and the state of the contacts that an
// event spoke of.
func (w *Watcher) ask(ctx context.Context, s *ami.Session) error {
	listed, err := s.PJSIPRegistrations(ctx)
	if err != nil {
		return fmt.Errorf("listing registrations: %w", err)
	}
	registrations := make(map[string]ami.RegistrationState, len(listed))
	for _, r := range listed {
		registrations[r.Name] = r.Status
	}
	reached := w.reached(ctx, s)
	w.mu.Lock()
	w.registrations = registrations
	maps.Copy(w.contacts, reached)
	w.staleSince = time.Time{}
	w.mu.Unlock()
	w.settle()
	return nil
}

// askAll has the contact of each trunk with a carrier that is asked be looked at.
func (w *Watcher) askAll() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, t := range w.o.Snapshot().Trunks {
		if t.QualifySeconds > 0 {
			w.moved[t.Endpoint] = true
		}
	}
}

// reached returns Asterisk's word for the contact of each trunk that is to be looked at. The
// list of all contacts has those alone that are registered, and not those of trunks. A carrier
// that Asterisk has not asked yet is asked at once, or it would be up to a period later.
func (w *Watcher) reached(ctx context.Context, s *ami.Session) map[string]ami.ContactState {
	w.mu.Lock()
	asked := w.moved
	w.moved = map[string]bool{}
	w.mu.Unlock()
	out := map[string]ami.ContactState{}
	for endpoint := range asked {
		e, err := s.PJSIPShowEndpoint(ctx, endpoint)
		if err != nil {
			continue // gone again, or the connection is
		}
		out[endpoint] = ""
		for _, c := range e.Contacts {
			out[endpoint] = c.Status
		}
		t, word := w.o.Snapshot().TrunkOf(endpoint), out[endpoint]
		unsure := word != ami.ContactReachable && word != ami.ContactUnreachable
		if t == nil || t.QualifySeconds == 0 || !unsure {
			continue
		}
		if err := s.PJSIPQualify(ctx, endpoint); err != nil && ctx.Err() == nil {
			w.o.Log.Warn("asking a carrier whether it answers", "endpoint", endpoint, "error", err)
		}
	}
	return out
}
