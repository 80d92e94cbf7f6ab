package provisioner

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

// statusPause is how often changed statuses are written, in transactions of
// statusBatch rows, between which other writers have their turn.
const (
	statusPause = 250 * time.Millisecond
	statusBatch = 1000
)

// statusWatcher keeps what Asterisk says about each endpoint: a full list at
// every connect, events after it. Memory is authoritative; the database follows
// within statusPause, so that the last known state survives a restart.
type statusWatcher struct {
	db     *db.DB
	log    *slog.Logger
	events *event.Hub
	// device returns the device behind an endpoint, or nil: Asterisk may have
	// endpoints that are none of ours.
	device func(endpoint string) *pbx.Device

	mu         sync.Mutex
	observed   map[string]*observed
	changed    *writebehind.Rows[string, statusRows] // by endpoint
	staleSince time.Time                             // when the connection was lost; zero while values are live
	ask        chan string

	unsure []string // endpoints that up has found for live to ask; one runs after the other
}

// observed is one endpoint's status and the contacts it follows from.
type observed struct {
	pbx.EndpointStatus
	contacts map[string]contact // by URI
}

// statusRows is what one write stores.
type statusRows struct {
	put  []pbx.EndpointStatus
	gone []string
}

// contact is one registration.
type contact struct {
	reach pbx.Reachability
	ami.ContactStatus
}

// maxContacts bounds what one endpoint can make us remember; we render
// max_contacts=1, and a second one exists only while a phone moves.
const maxContacts = 8

// askQueue bounds the endpoints whose user agent and expiry are still to be
// asked for; when it is full the next registration or sweep asks again.
const askQueue = 20_000

// newStatusWatcher starts from what the database remembers, as stale values.
func newStatusWatcher(ctx context.Context, d *db.DB, log *slog.Logger, h *event.Hub, device func(string) *pbx.Device) (*statusWatcher, error) {
	w := &statusWatcher{db: d, log: log, events: h, device: device, observed: map[string]*observed{},
		staleSince: time.Now(), ask: make(chan string, askQueue)}
	w.changed = writebehind.New(&w.mu, writebehind.Options[string, statusRows]{What: "statuses of endpoints", Every: statusPause, Batch: statusBatch,
		Read: w.read, Write: w.write, Log: log})
	statuses, err := d.Statuses(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading the last known statuses: %w", err)
	}
	for name, s := range statuses {
		w.observed[name] = &observed{EndpointStatus: s, contacts: map[string]contact{}}
	}
	return w, nil
}

// Status returns what is known about an endpoint. stale is when the connection
// to Asterisk was lost; zero while the value is live.
func (c *Controller) Status(endpoint string) (s pbx.EndpointStatus, stale time.Time) {
	return c.status.status(endpoint)
}

func (w *statusWatcher) status(endpoint string) (s pbx.EndpointStatus, stale time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	s.Endpoint = endpoint
	if o := w.observed[endpoint]; o != nil {
		s = o.EndpointStatus
	}
	return s, w.staleSince
}

// read copies the statuses of endpoints; those of forgotten endpoints are to go.
func (w *statusWatcher) read(endpoints []string) (b statusRows) {
	for _, name := range endpoints {
		if o := w.observed[name]; o != nil {
			b.put = append(b.put, o.EndpointStatus)
		} else {
			b.gone = append(b.gone, name)
		}
	}
	return b
}

func (w *statusWatcher) write(ctx context.Context, b statusRows) error {
	if len(b.gone) > 0 {
		if err := w.db.DeleteStatuses(ctx, b.gone); err != nil {
			return err
		}
	}
	return w.db.PutStatuses(ctx, b.put)
}

// down marks every value stale.
func (w *statusWatcher) down() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.staleSince.IsZero() {
		w.staleSince = time.Now()
	}
}

// handle follows one event. It is called in order from one goroutine.
func (w *statusWatcher) handle(e ami.Event) {
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
func (w *statusWatcher) contactChanged(v ami.ContactStatus, at time.Time) {
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
			o.contacts[v.URI] = contact{reachOf(v.Status, known.reach, w.monitored(name)), v}
		}
		o.settle(was)
	})
}

// wantDetails queues a question for user agent and expiry, which events lack.
func (w *statusWatcher) wantDetails(endpoint string) {
	select {
	case w.ask <- endpoint:
	default:
	}
}

// monitored reports whether an endpoint's device is asked by OPTIONS.
func (w *statusWatcher) monitored(endpoint string) bool {
	d := w.device(endpoint)
	return d != nil && d.QualifySeconds > 0
}

// update changes one endpoint's status and notes what came of it. Endpoints of
// no device, and those of a device deleted meanwhile, are left alone.
func (w *statusWatcher) update(name string, at time.Time, change func(*observed)) {
	device := w.device(name)
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
	if o.Reach != before.Reach || o.Call != before.Call || o.Address != before.Address {
		w.events.Publish(device.Tenant, event.Status{Endpoint: name, Reach: o.Reach, Call: o.Call, Address: o.Address})
	}
}
