package ami

import (
	"context"
	"log/slog"
	"time"
)

// Options are Asterisk's address, our login and the functions that take events.
// Zero durations and lengths take the defaults.
type Options struct {
	Address  string // host:port; plain TCP, so keep it on loopback
	Username string // the section of manager.conf
	Secret   string // its secret; never logged and in no error
	// Events is the mask of event classes: "system,call,reporting", "on" or "off"; "" is Asterisk's default, all the user
	// may read. FullyBooted and PJSIP's events are of class system, DeviceStateChange is of class call.
	Events string
	Logger *slog.Logger // connects, losses and overflows; nil discards

	DialTimeout    time.Duration // of connect and banner together, and of the login; 5 s
	ActionTimeout  time.Duration // of an action whose context has no deadline; 10 s
	SlowTimeout    time.Duration // the same for reloads and lists; 60 s
	PingInterval   time.Duration // 5 s
	PingTimeout    time.Duration // 4 s; a silent peer is found within interval plus timeout, or that after the end of a reload
	MinBackoff     time.Duration // first pause before connecting again; 100 ms, doubling, each jittered down by up to half
	MaxBackoff     time.Duration // longest pause; 5 s
	RefusedBackoff time.Duration // pause after a refused login, which only a person can mend; 30 s
	QueueLength    int           // events that may wait for OnEvent; 65,536 (and never more than 64 MiB of them)

	// OnUp is called in a goroutine of its own after each login to a fully booted Asterisk. Its context ends with the
	// connection, and the client connects again only after it has returned. nil is allowed.
	OnUp func(ctx context.Context, s *Session)
	// OnDown is called when a connection that was up is lost; when the first attempt fails; and again during one outage
	// only when a login starts or stops being refused (errors.Is(err, ErrLoginRefused)). It comes after OnUp has
	// returned and after the lost connection's last OnEvent, and never at the same time as either. nil is allowed.
	OnDown func(err error)
	// OnEvent is called for each event, in order, from one goroutine. Events that come before OnUp has returned or
	// called Session.StartEvents wait. So a consumer that lists everything in OnUp, applies the lists and returns, then
	// applies the events, ends with the truth: every change since the login is among those events, and one that was in
	// the list already is only repeated. A connection lost before events were let go drops them: the next OnUp lists
	// again. Once let go, all that was read before the loss is delivered before OnDown. If more than QueueLength events
	// wait, all waiting are dropped and the connection is made anew (see Client.Overflows), so that OnUp lists again.
	// nil is allowed.
	OnEvent func(e Event)

	dial dialFunc // tests with fake time
}

// maxQueued bounds the waiting events in bytes.
const maxQueued = 64 << 20

func (o Options) withDefaults() Options {
	for _, d := range []struct {
		value *time.Duration
		dflt  time.Duration
	}{
		{&o.DialTimeout, 5 * time.Second}, {&o.ActionTimeout, 10 * time.Second}, {&o.SlowTimeout, time.Minute},
		{&o.PingInterval, 5 * time.Second}, {&o.PingTimeout, 4 * time.Second},
		{&o.MinBackoff, 100 * time.Millisecond}, {&o.MaxBackoff, 5 * time.Second}, {&o.RefusedBackoff, 30 * time.Second},
	} {
		if *d.value <= 0 {
			*d.value = d.dflt
		}
	}
	if o.QueueLength <= 0 {
		o.QueueLength = 65536
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.OnUp == nil {
		o.OnUp = func(context.Context, *Session) {}
	}
	if o.OnDown == nil {
		o.OnDown = func(error) {}
	}
	if o.OnEvent == nil {
		o.OnEvent = func(Event) {}
	}
	return o
}
