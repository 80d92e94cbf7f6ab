package ami

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dialtone-pbx/dialtone/ami/amitest"
)

// watcher records what a client reports, in order.
type watcher struct {
	t        *testing.T
	client   *Client
	reports  chan string
	sessions chan *Session
	errs     chan error
}

// watch runs a client until the test ends; change adjusts its options.
func watch(t *testing.T, address string, change func(w *watcher, o *Options)) *watcher {
	t.Helper()
	w := &watcher{t: t, reports: make(chan string, 10_000), sessions: make(chan *Session, 100), errs: make(chan error, 100)}
	opts := Options{
		Address: address, Username: "dialtone", Secret: "secret",
		MinBackoff: time.Millisecond, MaxBackoff: 20 * time.Millisecond, RefusedBackoff: 20 * time.Millisecond,
		OnUp: func(_ context.Context, s *Session) {
			w.reports <- "up"
			w.sessions <- s
		},
		OnDown:  func(err error) { w.errs <- err; w.reports <- "down" },
		OnEvent: func(e Event) { w.reports <- e.Name() + e.Get("AOR") },
	}
	if change != nil {
		change(w, &opts)
	}
	w.client = New(opts)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- w.client.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := receive(t, ended, "the end of Run"); err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	return w
}

func (w *watcher) expect(want ...string) {
	w.t.Helper()
	var got []string
	for range want {
		got = append(got, receive(w.t, w.reports, strings.Join(want, ", ")))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		w.t.Fatal(diff)
	}
}

// Up, events, down, and so again; a connection's reports never mix with the next one's.
func TestReconnect(t *testing.T) {
	server := amitest.NewServer(t)
	w := watch(t, server.Address(), nil)
	w.expect("up", "FullyBooted")
	for range 3 {
		first := receive(t, w.sessions, "session")
		if current, err := w.client.Session(); current != first || err != nil {
			t.Errorf("session %p, want %p; %v", current, first, err)
		}
		server.Send("ContactStatus", "AOR", "1")
		w.expect("ContactStatus1")
		server.Drop()
		w.expect("down", "up", "FullyBooted")
		if err := first.Ping(testContext(t)); !errors.Is(err, ErrClosed) {
			t.Errorf("ping on the old session: %v", err)
		}
		if err := receive(t, w.errs, "error"); !errors.Is(err, ErrClosed) {
			t.Errorf("down: %v", err)
		}
	}
}

// What was read before the loss is delivered before OnDown.
func TestEventsBeforeLossAreDelivered(t *testing.T) {
	server := amitest.NewServer(t)
	server.Handle("Getvar", func(c *amitest.Conn, a amitest.Action) {
		text := ""
		for i := range 1000 {
			text += amitest.Event("ContactStatus", "AOR", fmt.Sprint(i))
		}
		c.Write(text)
		c.Close()
	})
	w := watch(t, server.Address(), nil)
	w.expect("up", "FullyBooted")
	receive(t, w.sessions, "session").Getvar(testContext(t), "x")
	for i := range 1000 {
		w.expect(fmt.Sprintf("ContactStatus%d", i))
	}
	w.expect("down")
}

func TestAsteriskAway(t *testing.T) {
	server := amitest.NewServer(t)
	server.Away()
	w := watch(t, server.Address(), nil)
	w.expect("down") // once, however often it is tried
	if _, err := w.client.Session(); !errors.Is(err, ErrDown) {
		t.Errorf("session while down: %v", err)
	}
	server.Back()
	w.expect("up", "FullyBooted")
	server.Away()
	w.expect("down")
	if _, err := w.client.Session(); !errors.Is(err, ErrDown) {
		t.Errorf("session after a loss: %v", err)
	}
	server.Back()
	w.expect("up", "FullyBooted")
}

// A refused login is told once, as what it is, and tried again until somebody has mended it.
func TestRefusedLogin(t *testing.T) {
	server := amitest.NewServer(t)
	server.Credentials("dialtone", "other")
	w := watch(t, server.Address(), nil)
	server.WaitActions("Login", 3)
	w.expect("down")
	if err := receive(t, w.errs, "error"); !errors.Is(err, ErrLoginRefused) {
		t.Errorf("down: %v", err)
	}
	server.Credentials("dialtone", "secret")
	w.expect("up", "FullyBooted")
}

func TestUnusableOptions(t *testing.T) {
	for _, opts := range []Options{{Address: "localhost"}, {Address: "127.0.0.1:1", Secret: "a\r\nb"}} {
		if err := New(opts).Run(t.Context()); err == nil {
			t.Errorf("%q: no error", opts.Address)
		}
	}
}

// OnUp waits for FullyBooted, which comes while modules load.
func TestWaitsForBoot(t *testing.T) {
	server := amitest.NewServer(t)
	server.Booting(true)
	w := watch(t, server.Address(), nil)
	server.WaitActions("CoreStatus", 2) // asked again: the first answer said no
	if _, err := w.client.Session(); !errors.Is(err, ErrDown) {
		t.Errorf("session before boot: %v", err)
	}
	server.Booting(false)
	w.expect("up", "FullyBooted")
}

// Without read class system FullyBooted never comes; the start time tells.
func TestBootedByCoreStatus(t *testing.T) {
	server := amitest.NewServer(t)
	server.Handle("Login", func(c *amitest.Conn, a amitest.Action) { c.Reply(a) })
	watch(t, server.Address(), nil).expect("up")
}

// Events wait for OnUp, and none is lost meanwhile.
func TestEventsWaitForOnUp(t *testing.T) {
	server := amitest.NewServer(t)
	inUp, finish := make(chan *Session), make(chan struct{})
	w := watch(t, server.Address(), func(w *watcher, o *Options) {
		o.OnUp = func(_ context.Context, s *Session) {
			inUp <- s
			<-finish
			w.reports <- "up done"
		}
	})
	s := receive(t, inUp, "OnUp")
	server.Send("ContactStatus", "AOR", "1")
	if err := s.Ping(testContext(t)); err != nil { // answered after the event, so the event has been read
		t.Fatal(err)
	}
	close(finish)
	w.expect("up done", "FullyBooted", "ContactStatus1")
}

// StartEvents lets them go while OnUp stays as long as the session.
func TestStartEvents(t *testing.T) {
	server := amitest.NewServer(t)
	w := watch(t, server.Address(), func(w *watcher, o *Options) {
		o.OnUp = func(ctx context.Context, s *Session) {
			w.reports <- "listed"
			s.StartEvents()
			s.StartEvents()
			<-ctx.Done()
			w.reports <- "left"
		}
	})
	w.expect("listed", "FullyBooted")
	server.Drop()
	w.expect("left", "down", "listed", "FullyBooted")
}

// A consumer that cannot follow is not fed gaps: the waiting events are dropped and everything is listed again.
func TestOverflowForcesResync(t *testing.T) {
	server := amitest.NewServer(t)
	stuck, entered := make(chan struct{}), make(chan struct{}, 1)
	w := watch(t, server.Address(), func(w *watcher, o *Options) {
		o.QueueLength = 10
		o.OnEvent = func(e Event) {
			if e.Name() == "FullyBooted" {
				return
			}
			w.reports <- e.Get("AOR")
			entered <- struct{}{}
			<-stuck
		}
	})
	w.expect("up")
	server.Send("ContactStatus", "AOR", "first")
	receive(t, entered, "first event")
	for i := range 100 {
		server.Send("ContactStatus", "AOR", fmt.Sprint(i))
	}
	receive(t, receive(t, w.sessions, "session").Done(), "the end of the session")
	close(stuck)
	w.expect("first", "down", "up")
	if err := receive(t, w.errs, "error"); !errors.Is(err, ErrOverflow) {
		t.Errorf("down: %v", err)
	}
	if n := w.client.Overflows(); n != 1 {
		t.Errorf("overflows: %d", n)
	}
}

// Run ends although OnUp waits for its context and events are held.
func TestRunEndsInsideOnUp(t *testing.T) {
	server := amitest.NewServer(t)
	w := watch(t, server.Address(), func(w *watcher, o *Options) {
		o.OnUp = func(ctx context.Context, s *Session) {
			w.reports <- "up"
			<-ctx.Done()
		}
	})
	w.expect("up")
}

func TestQueueIsBoundedInBytes(t *testing.T) {
	q := newEventQueue(100)
	big := Event{Frame: Frame{size: maxQueued/2 + 1}}
	if err := q.push(big); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := q.push(big); !errors.Is(err, ErrOverflow) {
			t.Errorf("got %v", err)
		}
	}
}

// What was delivered makes room again.
func TestQueueCountsDelivered(t *testing.T) {
	q := newEventQueue(100)
	q.start()
	delivered := make(chan Event)
	done := make(chan struct{})
	go func() {
		defer close(done)
		q.deliver(t.Context(), t.Context(), func(e Event) { delivered <- e })
	}()
	for range 3 {
		if err := q.push(Event{Frame: Frame{size: maxQueued}}); err != nil {
			t.Fatal(err)
		}
		receive(t, delivered, "event")
	}
	q.finish()
	receive(t, done, "the end")
}

func TestAnswerIsBoundedInBytes(t *testing.T) {
	a := (&conn{pending: map[string]*pendingAction{}}).begin()
	a.push(Frame{size: maxAnswer})
	a.push(Frame{size: 1})
	if _, err := a.next(testContext(t)); !errors.Is(err, errAnswerTooLarge) {
		t.Errorf("got %v", err)
	}
}
