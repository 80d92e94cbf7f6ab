package provisioner

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dialtone-pbx/dialtone/ami"
)

// asterisk is the connection to Asterisk's manager interface. It knows no machine: it has
// a list of listeners.
type asterisk struct {
	client *ami.Client
	log    *slog.Logger
	listed atomic.Pointer[ami.Session] // for which every listener's up has returned

	listeners []listener // set before run
}

// listener is what a machine does with the connection. Each function may be nil.
type listener struct {
	// up takes over Asterisk's lists at a connect, before any event since the login. After
	// an error the connection is made anew: without a list it shows wrong states.
	up func(context.Context, *ami.Session) error
	// live runs once all listeners are up, beside the others' functions. It ends with the
	// connection at the latest.
	live func(context.Context, *ami.Session)
	// handle takes an event. It must not block: it has the goroutine of all listeners.
	handle func(ami.Event)
	// broken notes that an event was broken and may be missing. It must not block, and may be
	// called at any time.
	broken func()
	// down notes that the connection is lost. It follows live.
	down func()
}

// amiEvents are the classes we read. PJSIP's contact events are "system", device states and
// everything about channels "call", lines of queues "agent".
const amiEvents = "system,call,agent"

// reconnectWithin keeps the pause after a lost connection short. Once Asterisk is back,
// status is right within seconds.
const reconnectWithin = 2 * time.Second

func newAsterisk(o AMI, log *slog.Logger) *asterisk {
	s := &asterisk{log: log}
	s.client = ami.New(ami.Options{
		Address: o.Address, Username: o.Username, Secret: o.Secret.Reveal(),
		Events: amiEvents, Logger: log, MaxBackoff: reconnectWithin,
		OnUp: s.up, OnDown: s.down, OnEvent: s.handle, OnBroken: s.broken,
	})
	return s
}

func (s *asterisk) run(ctx context.Context) error { return s.client.Run(ctx) }

// Session returns the connection once all is listed, or ami.ErrDown. It may end at any
// moment; its actions then return ami.ErrClosed.
func (s *asterisk) Session() (*ami.Session, error) {
	now, err := s.client.Session()
	if err == nil && now != s.listed.Load() {
		return nil, ami.ErrDown
	}
	return now, err
}

// up lists everything once and then releases the events since the login. It then runs the
// live functions and waits for them.
func (s *asterisk) up(ctx context.Context, sess *ami.Session) {
	for _, l := range s.listeners {
		if l.up == nil {
			continue
		}
		if err := l.up(ctx, sess); err != nil {
			if ctx.Err() == nil {
				s.log.Error("listing the state of Asterisk", "error", err)
				sess.Close()
			}
			return
		}
	}
	sess.StartEvents()
	s.listed.Store(sess)
	var live sync.WaitGroup
	for _, l := range s.listeners {
		if l.live != nil {
			live.Go(func() { l.live(ctx, sess) })
		}
	}
	live.Wait()
}

func (s *asterisk) handle(e ami.Event) {
	for _, l := range s.listeners {
		if l.handle != nil {
			l.handle(e)
		}
	}
}

func (s *asterisk) broken() {
	for _, l := range s.listeners {
		if l.broken != nil {
			l.broken()
		}
	}
}

func (s *asterisk) down(error) {
	for _, l := range s.listeners {
		if l.down != nil {
			l.down()
		}
	}
}

// BrokenEvents returns how many events of Asterisk were not believed since the start: the
// number of a caller has line breaks, which may be meant to look like events.
func (c *Controller) BrokenEvents() uint64 { return c.asterisk.client.Broken() }

// Connected reports whether Asterisk's manager interface answers. If it does not, the time
// is since when; otherwise it is zero.
func (c *Controller) Connected() (bool, time.Time) {
	_, stale := c.Status.Of("")
	return stale.IsZero(), stale
}
