package ari

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/CyCoreSystems/ari/v6"
	"go.uber.org/goleak"

	"github.com/dialtone-pbx/dialtone/ari/aritest"
)

// owner is a test's stand-in for call control: it notes what it is told, in
// order.
type owner struct {
	t      *testing.T
	client *Client
	stop   func() error

	mu     sync.Mutex
	notes  []string
	lost   []error
	events []ari.Event
	log    bytes.Buffer
}

// testOptions fits a server and is quick to notice things.
func testOptions(s *aritest.Server) Options {
	return Options{
		URL: s.URL(), Username: aritest.Username, Password: aritest.Password, App: "dialtone",
		DialTimeout: 2 * time.Second, PingEvery: time.Minute,
	}
}

// newOwner makes an owner and its client, not yet running. Callbacks already
// in opts are called after the note.
func newOwner(t *testing.T, opts Options) *owner {
	t.Helper()
	o := &owner{t: t}
	up, event, down := opts.OnUp, opts.OnEvent, opts.OnDown
	opts.OnUp = func(ctx context.Context, gen uint64) error {
		o.note(fmt.Sprintf("up %d", gen))
		if up == nil {
			return nil
		}
		return up(ctx, gen)
	}
	opts.OnEvent = func(e ari.Event) {
		o.mu.Lock()
		o.notes = append(o.notes, "event "+channelOf(e))
		o.events = append(o.events, e)
		o.mu.Unlock()
		if event != nil {
			event(e)
		}
	}
	opts.OnDown = func(gen uint64, err error) {
		o.mu.Lock()
		o.lost = append(o.lost, err)
		o.mu.Unlock()
		o.note(fmt.Sprintf("down %d", gen))
		if down != nil {
			down(gen, err)
		}
	}
	opts.Logger = slog.New(slog.NewTextHandler(lockedWriter{o}, nil))
	o.client = New(opts)
	o.client.retry.floor = 5 * time.Millisecond
	return o
}

// start runs the client until the test ends or stop is called, and then
// demands that nothing is left behind.
func (o *owner) start() *owner {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- o.client.Run(ctx) }()
	o.stop = sync.OnceValue(func() error {
		cancel()
		select {
		case err := <-ended:
			return err
		case <-time.After(time.Minute):
			return fmt.Errorf("Run did not return")
		}
	})
	o.t.Cleanup(func() {
		if err := o.stop(); err != nil {
			o.t.Errorf("Run: %v", err)
		}
	})
	return o
}

func (o *owner) note(s string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.notes = append(o.notes, s)
}

func (o *owner) noted() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.notes)
}

func (o *owner) losses() []error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.lost)
}

func (o *owner) logged() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.log.String()
}

// await waits until the owner has noted want.
func (o *owner) await(want string) {
	o.t.Helper()
	eventually(o.t, "note "+want, func() bool { return slices.Contains(o.noted(), want) })
}

// lockedWriter keeps the log where a test can read it.
type lockedWriter struct{ o *owner }

func (w lockedWriter) Write(p []byte) (int, error) {
	w.o.mu.Lock()
	defer w.o.mu.Unlock()
	return w.o.log.Write(p)
}

// channelOf returns the id of an event's first channel, "" for none.
func channelOf(e ari.Event) string {
	for _, k := range e.Keys() {
		if k.Kind == ari.ChannelKey {
			return k.ID
		}
	}
	return ""
}

// eventually asks until the answer is yes, and fails the test if it never is.
func eventually(t *testing.T, what string, ready func() bool) {
	t.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	deadline := time.NewTimer(time.Minute)
	defer deadline.Stop()
	for !ready() {
		select {
		case <-tick.C:
		case <-deadline.C:
			t.Fatalf("gave up waiting for %s", what)
		}
	}
}

// noLeaks demands, when the test and its clean-ups are over, that no goroutine
// is left. Call it first.
func noLeaks(t *testing.T) {
	t.Helper()
	before := goleak.IgnoreCurrent()
	t.Cleanup(func() { goleak.VerifyNone(t, before) })
}

// channel is a channel with nothing but an id.
func channel(format string, args ...any) aritest.Channel {
	return aritest.Channel{ID: fmt.Sprintf(format, args...)}
}
