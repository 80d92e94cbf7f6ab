package trunkstatus

import (
	"context"
	"fmt"
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
// list has all trunks.
func (w *Watcher) Live(ctx context.Context, s *ami.Session) {
	poll := time.NewTicker(pollPause)
	defer poll.Stop()
	pause := time.NewTimer(0)
	defer pause.Stop()
	for contacts := true; ; {
		if err := w.ask(ctx, s, contacts); err != nil && ctx.Err() == nil {
			w.o.Log.Warn("asking Asterisk for the state of trunks", "error", err)
		}
		pause.Reset(askPause)
		select {
		case <-ctx.Done():
			return
		case <-pause.C:
		}
		contacts = false
		select {
		case <-ctx.Done():
			return
		case <-w.registered:
		case <-w.contacted:
			contacts = true
		case <-poll.C:
			contacts = true
		}
	}
}

// ask takes over Asterisk's list of registrations, and that of contacts, which has those of
// all phones too.
func (w *Watcher) ask(ctx context.Context, s *ami.Session, contacts bool) error {
	listed, err := s.PJSIPRegistrations(ctx)
	if err != nil {
		return fmt.Errorf("listing registrations: %w", err)
	}
	registrations := make(map[string]ami.RegistrationState, len(listed))
	for _, r := range listed {
		registrations[r.Name] = r.Status
	}
	var reached map[string]ami.ContactState
	if contacts {
		if reached, err = w.reached(ctx, s); err != nil {
			return err
		}
	}
	w.mu.Lock()
	w.registrations = registrations
	if contacts {
		w.contacts = reached
	}
	w.staleSince = time.Time{}
	w.mu.Unlock()
	w.settle()
	return nil
}

// reached returns Asterisk's word for the contact of each trunk.
func (w *Watcher) reached(ctx context.Context, s *ami.Session) (map[string]ami.ContactState, error) {
	listed, err := s.PJSIPContacts(ctx)
	if err != nil {
		return nil, fmt.Errorf("listing contacts: %w", err)
	}
	snapshot, out := w.o.Snapshot(), map[string]ami.ContactState{}
	for _, c := range listed {
		if snapshot.TrunkOf(c.AOR) != nil {
			out[c.AOR] = c.Status
		}
	}
	return out, nil
}
