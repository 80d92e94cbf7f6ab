// Package ari owns the one connection to the Asterisk REST Interface: a
// websocket that brings events, and HTTP requests that carry commands. It
// reconnects for ever, tells its owner about every loss, and never misses an
// event in silence: whatever cannot be delivered ends the session, so that the
// owner takes a fresh snapshot in the next one.
//
// It may import the standard library, CyCoreSystems/ari (event types and their
// decoding only: its own transport drops events) and coder/websocket. It
// imports no other package of this module.
package ari

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/CyCoreSystems/ari/v6"
)

// Limits of one session. Asterisk cuts a websocket that does not take a frame
// within websocket_write_timeout (100 ms by default), so the reader only
// queues; these bound what it may queue while the owner is busy.
const (
	queueEvents = 65_536
	queueBytes  = 128 << 20
	readLimit   = 16 << 20
)

// Options says where Asterisk is and which functions take its events. All callbacks run
// one after the other in the goroutine that called Run, so they need no locks
// against each other; while one runs, events wait in the queue.
type Options struct {
	// URL is the base of ARI, as http://127.0.0.1:8088/ari.
	URL string
	// Username and Password are those of a user section in ari.conf.
	Username, Password string
	// App is the Stasis application name. Two processes must not share it:
	// Asterisk gives the events to the newer one only.
	App string
	// SubscribeAll asks for the events of every channel, bridge, endpoint and
	// device, not only of those that are in the application.
	SubscribeAll bool

	// OnUp is called once per session, while events already queue up and before
	// the first is delivered: subscribe and take the snapshot here. Its context
	// ends with the session or after UpTimeout. An error ends the session; the
	// events queued so far are discarded, because no snapshot goes before them.
	OnUp func(ctx context.Context, gen uint64) error
	// OnEvent is called for every event, in the order Asterisk sent them. It
	// should hand over and return: 65,536 waiting events end the session.
	OnEvent func(ari.Event)
	// OnDown is called exactly once after each OnUp, when no more events of that
	// generation will come. err says why; errors.Is finds ErrOverflow,
	// ErrApplicationReplaced and, at the end of Run, the context's error.
	OnDown func(gen uint64, err error)

	// Logger receives connects, losses and unreadable events; nil logs nothing.
	Logger *slog.Logger
	// DialTimeout bounds connecting and the websocket upgrade; 0 means 5 s.
	DialTimeout time.Duration
	// UpTimeout bounds OnUp's context; 0 means 30 s.
	UpTimeout time.Duration
	// PingEvery is the pause between websocket pings; 0 means 10 s.
	PingEvery time.Duration
	// PingTimeout is how long a pong may take; 0 means 5 s.
	PingTimeout time.Duration
}

// Client is one connection to ARI. Its methods may be called from any
// goroutine. Requests work with or without Run; events need Run.
type Client struct {
	opts    Options
	log     *slog.Logger
	base    string
	invalid error
	rest    *http.Client
	upgrade *http.Client
	retry   backoff
	limits  sessionLimits
	started time.Time

	running     atomic.Bool
	healthy     atomic.Bool
	generation  atomic.Uint64
	dropped     atomic.Uint64
	eventRead   atomic.Int64 // since started
	handling    atomic.Int64 // since started; 0 while no event is handled
	undecodable atomic.Uint64

	badEvents logLimit
	overflows logLimit
}

// New returns a client that has not connected yet. Options that cannot work
// are reported by Run and Do.
func New(opts Options) *Client {
	opts = withDefaults(opts)
	c := &Client{
		opts:   opts,
		log:    opts.Logger,
		base:   strings.TrimRight(opts.URL, "/"),
		rest:   newHTTPClient(opts.DialTimeout),
		retry:  backoff{floor: 100 * time.Millisecond, ceiling: 2 * time.Second, replaced: 5 * time.Second},
		limits: sessionLimits{events: queueEvents, bytes: queueBytes, drain: 5 * time.Second},

		started: time.Now(),
	}
	// The upgrade has its own transport, so that a reconnect never queues
	// behind requests that wait for one of the limited REST connections.
	c.upgrade = newHTTPClient(opts.DialTimeout)
	c.invalid = checkURL(c.base)
	return c
}

// Healthy reports whether a session is up and everything that queued while
// OnUp ran has been delivered.
func (c *Client) Healthy() bool { return c.healthy.Load() }

// Generation counts the sessions so far; 0 before the first.
func (c *Client) Generation() uint64 { return c.generation.Load() }

// Dropped counts events that arrived and were not delivered, since New. Every
// one of them ended its session or came after its session had ended.
func (c *Client) Dropped() uint64 { return c.dropped.Load() }

// EventRead is when the event that OnEvent has now, or had last, came out of the
// socket: it may have waited in the queue since.
func (c *Client) EventRead() time.Time { return c.started.Add(time.Duration(c.eventRead.Load())) }

// Handling is how long OnEvent has had the event that it has now; 0 when it has none.
func (c *Client) Handling() time.Duration {
	if since := c.handling.Load(); since != 0 {
		return time.Since(c.started) - time.Duration(since)
	}
	return 0
}

// Undecodable counts events of unknown type or unreadable content, since New.
func (c *Client) Undecodable() uint64 { return c.undecodable.Load() }

// Close drops idle HTTP connections. Run does so itself when it ends; only a
// client used without Run needs it.
func (c *Client) Close() {
	c.rest.CloseIdleConnections()
	c.upgrade.CloseIdleConnections()
}

// withDefaults fills in what the caller left empty.
func withDefaults(o Options) Options {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.OnUp == nil {
		o.OnUp = func(context.Context, uint64) error { return nil }
	}
	if o.OnEvent == nil {
		o.OnEvent = func(ari.Event) {}
	}
	if o.OnDown == nil {
		o.OnDown = func(uint64, error) {}
	}
	o.DialTimeout = positive(o.DialTimeout, 5*time.Second)
	o.UpTimeout = positive(o.UpTimeout, 30*time.Second)
	o.PingEvery = positive(o.PingEvery, 10*time.Second)
	o.PingTimeout = positive(o.PingTimeout, 5*time.Second)
	return o
}

func positive(d, otherwise time.Duration) time.Duration {
	if d > 0 {
		return d
	}
	return otherwise
}

// checkURL refuses a base URL no request can be built from. The URL itself
// stays out of the error: it may carry a password.
func checkURL(base string) error {
	u, err := url.Parse(base)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return errors.New("ari: the URL must look like http://127.0.0.1:8088/ari")
	}
	if u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return errors.New("ari: the URL must not carry credentials, a query or a fragment")
	}
	return nil
}

// checkApp refuses names the app parameter cannot carry: it is a list
// separated by commas (rest-api events.json, eventWebsocket).
func checkApp(app string) error {
	if app == "" || strings.Contains(app, ",") {
		return fmt.Errorf("ari: application name %q is empty or has a comma", app)
	}
	return nil
}
