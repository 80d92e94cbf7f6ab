package status

import (
	"context"
	"fmt"
	"time"

	"github.com/dialtone-pbx/dialtone/ami"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// sweepPause is how often everything is listed while the connection is up. Events tell the
// changes; a list confirms the rest and corrects missed events.
const sweepPause = 5 * time.Minute

// Up takes over what Asterisk lists at a connect.
func (w *Watcher) Up(ctx context.Context, s *ami.Session) (err error) {
	w.unsure, err = w.resync(ctx, s)
	return err
}

// Live asks for details until the connection ends.
func (w *Watcher) Live(ctx context.Context, s *ami.Session) { w.inquire(ctx, s, w.unsure) }

// resync replaces everything by Asterisk's present list. It returns the endpoints that
// Asterisk has not yet asked whether they answer. An endpoint that an event spoke of since
// the list began keeps what the event said.
func (w *Watcher) resync(ctx context.Context, s *ami.Session) (unsure []string, err error) {
	began := time.Now()
	contacts, err := s.PJSIPContacts(ctx)
	if err != nil {
		return nil, fmt.Errorf("listing contacts: %w", err)
	}
	states, err := s.DeviceStates(ctx)
	if err != nil {
		return nil, fmt.Errorf("listing device states: %w", err)
	}
	peers, err := listPeers(ctx, s)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	calls := make(map[string]pbx.CallState, len(states))
	for _, d := range states {
		if name := pbx.EndpointOfDevice(d.Device); name != "" {
			calls[name] = callStateOf(d)
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	listed := w.group(contacts)
	w.addPeers(listed, peers)
	for name := range listed {
		if w.observed[name] == nil && w.o.Device(name) != nil {
			w.observed[name] = &observed{EndpointStatus: pbx.EndpointStatus{Endpoint: name}}
		}
	}
	for name, o := range w.observed {
		if o.SeenAt.After(began) {
			continue
		}
		was := o.Reach
		w.update(name, now, func(o *observed) {
			o.contacts = listed[name]
			o.Call = calls[name]
			o.settle(was)
		})
		if o.Reach != pbx.ReachOK && len(o.contacts) > 0 && w.monitored(name) && !o.isPeer() {
			unsure = append(unsure, name)
		}
	}
	w.staleSince = time.Time{}
	return unsure, nil
}

// group sorts listed contacts by endpoint.
func (w *Watcher) group(contacts []ami.Contact) map[string]map[string]contact {
	out := make(map[string]map[string]contact, len(contacts))
	for _, c := range contacts {
		name := c.Endpoint
		if name == "" {
			name = c.AOR
		}
		if out[name] == nil {
			out[name] = map[string]contact{}
		}
		if len(out[name]) < maxContacts {
			out[name][c.URI] = contact{reachOf(c.Status, pbx.NeverRegistered, w.monitored(name)), ami.ContactStatus{
				URI: c.URI, AOR: c.AOR, Endpoint: name, Status: c.Status, RoundTrip: c.RoundTrip,
				UserAgent: c.UserAgent, Expires: c.Expires,
			}}
		}
	}
	return out
}

// inquire asks Asterisk for details until the connection ends. It first asks whether the
// unsure endpoints answer, so that this does not take a whole qualify period after a
// restart of Asterisk. Then it asks for facts that events do not carry.
func (w *Watcher) inquire(ctx context.Context, s *ami.Session, unsure []string) {
	for _, name := range unsure {
		if err := s.PJSIPQualify(ctx, name); err != nil && ctx.Err() == nil {
			w.o.Log.Warn("asking a phone whether it answers", "endpoint", name, "error", err)
		}
	}
	sweep := time.NewTicker(sweepPause)
	defer sweep.Stop()
	peers := peerTimer{Timer: time.NewTimer(peerPause), running: true}
	defer peers.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-sweep.C:
			if _, err := w.resync(ctx, s); err != nil && ctx.Err() == nil {
				w.o.Log.Warn("listing the state of Asterisk again", "error", err)
			}
		case <-peers.C:
			if peers.running = false; w.askPeers(ctx, s) {
				peers.soon()
			}
		case name := <-w.ask:
			if w.isPeer(name) {
				peers.soon()
				continue
			}
			e, err := s.PJSIPShowEndpoint(ctx, name)
			if err != nil {
				continue // gone again, or the connection is: the next list tells
			}
			w.details(name, e.Contacts)
		}
	}
}

// details adds user agent and expiry to contacts that are still known.
func (w *Watcher) details(name string, contacts []ami.ContactStatus) {
	w.mu.Lock()
	defer w.mu.Unlock()
	o := w.observed[name]
	if o == nil {
		return
	}
	for _, c := range contacts {
		known, ok := o.contacts[c.URI]
		if !ok {
			continue
		}
		known.UserAgent, known.Expires = c.UserAgent, c.Expires
		o.contacts[c.URI] = known
	}
	w.update(name, time.Now(), func(o *observed) { o.settle(o.Reach) })
}

// Forget drops endpoints that no device of a snapshot has any more.
func (w *Watcher) Forget(s *pbx.Snapshot) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for name := range w.observed {
		if s.DeviceOf(name) == nil {
			delete(w.observed, name)
			w.changed.Mark(name)
		}
	}
}
