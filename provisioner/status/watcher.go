// Package status follows what Asterisk says of each endpoint.
//
// It owns registrations, reachability and states of calls of endpoints, in memory, and
// their copy in the database. Trunks and phones that fetch files are not its business. It
// may import provisioner/pbx, db, ami, provisioner/event and provisioner/writebehind.
package status

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/dialtone-pbx/dialtone/ami"
	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/provisioner/event"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
	"github.com/dialtone-pbx/dialtone/provisioner/writebehind"
)

// writePause is how often changed statuses are written. Transactions have writeBatch rows,
// and other writers have their turn in between.
const (
	writePause = 250 * time.Millisecond
	writeBatch = 1000
)

// Watcher knows the status of each endpoint. It takes a full list at every connect, and
// events after it. Memory is authoritative. The database follows within writePause, so that
// the last known state survives a restart. Its methods are safe for concurrent use.
type Watcher struct {
	o Options

	mu         sync.Mutex
	observed   map[string]*observed
	changed    *writebehind.Rows[string, rows] // by endpoint
	staleSince time.Time                       // when the connection was lost; zero while values are live
	ask        chan string

	unsure []string // endpoints that Up has found for Live to ask; one runs after the other
}

// observed is one endpoint's status and the contacts it follows from.
type observed struct {
	pbx.EndpointStatus
	contacts map[string]contact // by URI; nil where a list had none
}

// keep notes a contact.
func (o *observed) keep(uri string, c contact) {
	if o.contacts == nil {
		o.contacts = map[string]contact{}
	}
	o.contacts[uri] = c
}

// rows is what one write stores.
type rows struct {
	put  []pbx.EndpointStatus
	gone []string
}

// contact is one registration.
type contact struct {
	reach pbx.Reachability
	ami.ContactStatus
}

// maxContacts bounds what one endpoint can make us remember. We render max_contacts=1, and
// a second one exists only while a phone moves.
const maxContacts = 8

// askQueue bounds the endpoints that wait to be asked for user agent and expiry. When it is
// full the next registration or sweep asks again.
const askQueue = 20_000

// Options is what a Watcher needs. All fields are required.
type Options struct {
	DB     *db.DB
	Log    *slog.Logger
	Events *event.Hub
	// Device returns the device behind an endpoint. It returns nil for endpoints that the
	// host's own files may have.
	Device func(endpoint string) *pbx.Device
	// Back is told of an endpoint that can be reached after it could not. It is called with
	// the lock held and must not block.
	Back func(endpoint string)
}

// New starts from what the database remembers, as stale values.
func New(ctx context.Context, o Options) (*Watcher, error) {
	w := &Watcher{o: o, observed: map[string]*observed{}, staleSince: time.Now(), ask: make(chan string, askQueue)}
	w.changed = writebehind.New(&w.mu, writebehind.Options[string, rows]{What: "statuses of endpoints", Every: writePause,
		Batch: writeBatch,
		Read:  w.read, Write: w.write, Log: o.Log})
	statuses, err := o.DB.Statuses(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading the last known statuses: %w", err)
	}
	for name, s := range statuses {
		w.observed[name] = &observed{EndpointStatus: s, contacts: map[string]contact{}}
	}
	return w, nil
}

// Run writes what changed to the database until ctx ends.
func (w *Watcher) Run(ctx context.Context) error { return w.changed.Run(ctx) }

// Of returns what is known about an endpoint. stale is when the connection to Asterisk
// was lost; zero while the value is live.
func (w *Watcher) Of(endpoint string) (s pbx.EndpointStatus, stale time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	s.Endpoint = endpoint
	if o := w.observed[endpoint]; o != nil {
		s = o.EndpointStatus
	}
	return s, w.staleSince
}

// Registered reports whether Asterisk knows the address of an endpoint. While the
// connection is lost, it reports the last known state.
func (w *Watcher) Registered(endpoint string) bool {
	s, _ := w.Of(endpoint)
	return s.Address.IsValid()
}

// Reached reports whether an endpoint is registered and not known to be silent. While the
// connection is lost, it reports the last known state.
func (w *Watcher) Reached(endpoint string) bool {
	s, _ := w.Of(endpoint)
	return reached(s)
}

// read copies the statuses of endpoints; those of forgotten endpoints are to go.
func (w *Watcher) read(endpoints []string) (b rows) {
	for _, name := range endpoints {
		if o := w.observed[name]; o != nil {
			b.put = append(b.put, o.EndpointStatus)
		} else {
			b.gone = append(b.gone, name)
		}
	}
	return b
}

func (w *Watcher) write(ctx context.Context, b rows) error {
	if len(b.gone) > 0 {
		if err := w.o.DB.DeleteStatuses(ctx, b.gone); err != nil {
			return err
		}
	}
	return w.o.DB.PutStatuses(ctx, b.put)
}

// Down marks every value stale.
func (w *Watcher) Down() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.staleSince.IsZero() {
		w.staleSince = time.Now()
	}
}

// Handle follows one event. It is called in order from one goroutine.
func (w *Watcher) Handle(e ami.Event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch v := e.Parse().(type) {
	case ami.ContactStatus:
		w.contactChanged(v, e.At)
	case ami.DeviceStateChange:
		if name := pbx.EndpointOfDevice(v.Device); name != "" {
			w.update(name, e.At, func(o *observed) { o.Call = callStateOf(v) })
		}
	case ami.PeerStatus:
		w.peerChanged(v, e.At)
	}
}

// contactChanged follows one contact through its life.
func (w *Watcher) contactChanged(v ami.ContactStatus, at time.Time) {
	name := v.Endpoint
	if name == "" {
		name = v.AOR
	}
	w.update(name, at, func(o *observed) {
		was := o.Reach
		if v.Status == ami.ContactRemoved {
			delete(o.contacts, v.URI)
		} else if known := o.contacts[v.URI]; known.URI != "" || len(o.contacts) < maxContacts {
			if known.URI == "" {
				w.wantDetails(name)
			}
			// Events lack what the answer to wantDetails brings; it may have come before.
			v.UserAgent, v.Expires = known.UserAgent, known.Expires
			o.keep(v.URI, contact{reachOf(v.Status, known.reach, w.monitored(name)), v})
		}
		o.settle(was)
	})
}

// wantDetails queues a question for user agent and expiry, which events lack.
func (w *Watcher) wantDetails(endpoint string) {
	select {
	case w.ask <- endpoint:
	default:
	}
}

// monitored reports whether an endpoint's device is asked by OPTIONS.
func (w *Watcher) monitored(endpoint string) bool {
	d := w.o.Device(endpoint)
	return d != nil && d.QualifySeconds > 0
}

// update changes one endpoint's status and notes what came of it. Endpoints of
// no device, and those of a device deleted meanwhile, are left alone.
func (w *Watcher) update(name string, at time.Time, change func(*observed)) {
	device := w.o.Device(name)
	if device == nil {
		return
	}
	o := w.observed[name]
	if o == nil {
		o = &observed{EndpointStatus: pbx.EndpointStatus{Endpoint: name}, contacts: map[string]contact{}}
		w.observed[name] = o
	}
	before := o.EndpointStatus
	change(o)
	o.SeenAt = at
	if o.Reach != before.Reach {
		o.ReachSince = at
	}
	if o.Call != before.Call {
		o.CallSince = at
	}
	w.changed.Mark(name)
	if !reached(before) && reached(o.EndpointStatus) {
		w.o.Back(name)
	}
	if o.Reach != before.Reach || o.Call != before.Call || o.Address != before.Address {
		w.o.Events.Publish(device.Tenant, event.Status{Endpoint: name, Reach: o.Reach, Call: o.Call, Address: o.Address})
	}
}

// reached is Reached for a status.
func reached(s pbx.EndpointStatus) bool {
	return s.Address.IsValid() && s.Reach != pbx.ReachUnreachable && s.Reach != pbx.ReachUnknown
}
