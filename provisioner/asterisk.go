package provisioner

import (
	"context"
	"log/slog"
	"time"

	"github.com/dialtone-pbx/dialtone/ami"
)

// asterisk is the connection to Asterisk's manager interface and what happens
// when it comes up, speaks and goes.
type asterisk struct {
	client *ami.Client
	status *statusWatcher
	calls  *callTracker
	turns  *turns
	away   *awayCalls
	apply  *applier
	log    *slog.Logger
}

// amiEvents are the classes we read: PJSIP's contact events are "system", device
// states and everything about channels "call".
const amiEvents = "system,call"

// reconnectWithin keeps the pause after a lost connection short: Asterisk back
// means status right within seconds.
const reconnectWithin = 2 * time.Second

func newAsterisk(o Options, w *statusWatcher, calls *callTracker, t *turns, away *awayCalls, a *applier) *asterisk {
	s := &asterisk{status: w, calls: calls, turns: t, away: away, apply: a, log: o.Logger}
	s.client = ami.New(ami.Options{
		Address: o.AMI.Address, Username: o.AMI.Username, Secret: o.AMI.Secret.Reveal(),
		Events: amiEvents, Logger: o.Logger, MaxBackoff: reconnectWithin,
		OnUp: s.up, OnDown: s.down, OnEvent: s.handle,
	})
	return s
}

func (s *asterisk) run(ctx context.Context) error { return s.client.Run(ctx) }

func (s *asterisk) handle(e ami.Event) {
	s.status.handle(e)
	s.calls.handle(e)
	s.turns.handle(e)
}

// up lists everything once, lets the events since then go, and wakes the apply
// loop for a full pass: an Asterisk that was restarted has loaded whatever files
// it found. It then asks for details until the connection ends.
func (s *asterisk) up(ctx context.Context, sess *ami.Session) {
	unsure, err := s.status.resync(ctx, sess)
	if err == nil {
		err = s.calls.resync(ctx, sess)
	}
	if err != nil {
		if ctx.Err() == nil {
			s.log.Error("listing the state of Asterisk", "error", err)
			sess.Close() // a connection without a list shows wrong states: make it anew
		}
		return
	}
	sess.StartEvents()
	s.apply.connected(sess)
	s.away.nudge()
	s.status.inquire(ctx, sess, unsure)
}

func (s *asterisk) down(error) {
	s.status.down()
	s.calls.down()
	s.apply.connected(nil)
}

// Connected reports whether Asterisk's manager interface answers, and since when
// it does not (zero while it does).
func (c *Controller) Connected() (bool, time.Time) {
	_, stale := c.Status("")
	return stale.IsZero(), stale
}
