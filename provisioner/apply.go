package provisioner

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dialtone-pbx/dialtone/ami"
	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/provisioner/asteriskconf"
	"github.com/dialtone-pbx/dialtone/provisioner/event"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
	"github.com/dialtone-pbx/dialtone/templates"
)

const (
	// applyIdle is how long nothing must have changed before a pass starts, and
	// applyCap how long a burst can put it off.
	applyIdle = 50 * time.Millisecond
	applyCap  = time.Second
	// A failed pass is tried again after retryFirst, then twice as long each
	// time, up to retryMost.
	retryFirst = time.Second
	retryMost  = 30 * time.Second
	// passDeadline bounds one pass; a reload of 20,000 endpoints takes 18 s.
	passDeadline = 2 * time.Minute
)

// errAway says that a pass went as far as it could without Asterisk.
var errAway = errors.New("Asterisk is not connected; its files are written and will be loaded when it is back")

// applier brings Asterisk to the desired state: debounce, read, render all in
// memory, swap the snapshot, write what differs, reload what differs from what
// Asterisk acknowledged, verify, record. One goroutine (run) does all of it.
type applier struct {
	applyOptions

	wake     chan struct{}
	patience time.Duration // verifyWithin, shorter in tests

	mu      sync.Mutex
	session *ami.Session // nil while Asterisk is away
	state   event.Apply
	changed chan struct{} // closed and replaced whenever state changes

	// What follows belongs to the goroutine of run.
	ackedBy *ami.Session        // the connection that acked speaks of
	acked   map[string]string   // file → hash that Asterisk has loaded
	edited  map[string]bool     // files that Asterisk may have loaded with a hand edit
	disk    *asteriskconf.Files // what must be on disk; nil before the first write
	found   *asteriskconf.Files // what was on disk before the first write
	missing map[string]string   // optional file → hash that Asterisk did not load
	good    *rendered           // what Asterisk last took, to go back to
	refused *refusal            // what it did not take; nil after a success
	// warnings say what of an optional file is not in force.
	warnings []string
	asked    objects // of the files whose endpoints were last asked for
}

// applyOptions are what an applier needs. All are required.
type applyOptions struct {
	db        *db.DB
	templates *templates.Engine
	dir       string // as Options.ConfigDir
	log       *slog.Logger
	events    *event.Hub
	// current is what calls and phones go by; every pass stores what it has read.
	current *atomic.Pointer[pbx.Snapshot]
	// swapped runs after current was stored, before Asterisk is told.
	swapped func(*pbx.Snapshot)
	// applied runs after Asterisk took a snapshot; before is the one that it took last, nil
	// at the start of the program.
	applied func(ctx context.Context, before, now *pbx.Snapshot)
}

// rendered is one revision's files.
type rendered struct {
	snapshot *pbx.Snapshot
	files    *asteriskconf.Files
}

func newApplier(o applyOptions) *applier {
	return &applier{applyOptions: o, wake: make(chan struct{}, 1), patience: verifyWithin, changed: make(chan struct{}),
		acked: map[string]string{}, edited: map[string]bool{}, missing: map[string]string{}}
}

// nudge asks for a pass soon. It never blocks; any number of nudges make one pass.
func (a *applier) nudge() {
	select {
	case a.wake <- struct{}{}:
	default:
	}
}

// live gives the loop a session and asks for a full pass: an Asterisk that was restarted has
// loaded whatever files it found.
func (a *applier) live(_ context.Context, s *ami.Session) {
	a.setSession(s)
	a.nudge()
}

func (a *applier) down() { a.setSession(nil) }

func (a *applier) setSession(s *ami.Session) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.session = s
}

// run makes a pass at start, after every nudge, and when the files on disk are
// not ours any more, until ctx ends.
func (a *applier) run(ctx context.Context) error {
	a.removeLeftovers()
	pause := retryFirst
	retry := time.NewTimer(0)
	defer retry.Stop()
	look := time.NewTicker(driftPause)
	defer look.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-a.wake:
			if err := a.settle(ctx); err != nil {
				return err
			}
		case <-look.C:
			if a.diskIsOurs() {
				continue
			}
		case <-retry.C:
		}
		err := a.pass(ctx)
		switch {
		case err == nil || errors.Is(err, errAway) || errors.Is(err, errRefused):
			pause = retryFirst // being away or refused ends with a nudge
			retry.Stop()
		case ctx.Err() == nil:
			retry.Reset(pause)
			pause = min(2*pause, retryMost)
		}
	}
}

// settle waits until no nudge came for applyIdle, but not longer than applyCap.
func (a *applier) settle(ctx context.Context) error {
	limit := time.NewTimer(applyCap)
	defer limit.Stop()
	for {
		idle := time.NewTimer(applyIdle)
		select {
		case <-a.wake:
			idle.Stop()
		case <-idle.C:
			return nil
		case <-limit.C:
			idle.Stop()
			return nil
		case <-ctx.Done():
			idle.Stop()
			return ctx.Err()
		}
	}
}

// pass does everything once and records how it went.
func (a *applier) pass(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, passDeadline)
	defer cancel()
	start := time.Now()
	snapshot, err := a.db.Snapshot(ctx)
	if err != nil {
		return a.failed(ctx, start, 0, fmt.Errorf("reading the configuration: %w", err))
	}
	files, err := asteriskconf.Render(a.templates, snapshot, asteriskconf.Options{})
	if err != nil {
		return a.failed(ctx, start, snapshot.Revision, err)
	}
	a.current.Store(snapshot)
	a.swapped(snapshot)
	next := &rendered{snapshot, files}
	reloaded, err := a.bring(ctx, next)
	if err != nil {
		return a.failed(ctx, start, snapshot.Revision, err)
	}
	var before *pbx.Snapshot
	if a.good != nil {
		before = a.good.snapshot
	}
	a.good, a.refused = next, nil
	a.succeeded(ctx, start, snapshot.Revision, reloaded)
	a.applied(ctx, before, snapshot)
	return nil
}

// bring writes the files and makes Asterisk load what it does not have.
func (a *applier) bring(ctx context.Context, next *rendered) (reloaded []string, err error) {
	session := a.currentSession()
	if session != nil && session != a.ackedBy { // a new connection may be a new Asterisk
		a.ackedBy, a.acked, a.refused = session, map[string]string{}, nil
		clear(a.missing)
	}
	if a.refused.holds(next.files) {
		return nil, a.goBack(ctx, session)
	}
	if err := a.write(next.files); err != nil {
		return nil, err
	}
	if session == nil {
		return nil, errAway
	}
	reloaded, err = a.load(ctx, session, next.files)
	if why := new(refusal); errors.As(err, &why) {
		a.refused = why
		return reloaded, a.goBack(ctx, session)
	}
	if err == nil {
		a.moveLamps(ctx, session, next)
	}
	return reloaded, err
}

// currentSession is what a pass works with; nil while Asterisk is away.
func (a *applier) currentSession() *ami.Session {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.session
}
