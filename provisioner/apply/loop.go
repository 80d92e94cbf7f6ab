// Package apply brings Asterisk to the desired state.
//
// It owns Asterisk's files of ours, the loop that renders, writes, loads and verifies
// them, and how far that has come. A refused change is undone: files, calls and phones
// stay with what Asterisk runs. It may import provisioner/pbx, db, templates,
// provisioner/asteriskconf, ami, provisioner/event and provisioner/wholefile.
package apply

import (
	"cmp"
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
	// quiet is how long no change must come before a pass starts. burstMost is how long a
	// burst can put it off.
	quiet     = 50 * time.Millisecond
	burstMost = time.Second
	// A failed pass is tried again after retryFirst. The pause then doubles each time, up
	// to retryMost.
	retryFirst = time.Second
	retryMost  = 30 * time.Second
	// passDeadline bounds one pass; a reload of 20,000 endpoints takes 18 s.
	passDeadline = 2 * time.Minute
)

// errAway says that a pass went as far as it could without Asterisk.
var errAway = errors.New("Asterisk is not connected; its files are written and will be loaded when it is back")

// Loop makes passes, one after the other. A pass reads the rows, renders all files in
// memory, writes those that differ, reloads those that differ from what Asterisk
// acknowledged, verifies, puts the snapshot in force and records the result. One
// goroutine (Run) does all of it.
type Loop struct {
	o Options

	wake chan struct{}

	mu      sync.Mutex
	session *ami.Session // nil while Asterisk is away
	state   event.Apply
	changed chan struct{} // closed and replaced whenever state changes

	// The fields below belong to the goroutine of Run.
	ackedBy *ami.Session        // the connection that acked speaks of
	acked   map[string]string   // file → hash that Asterisk has loaded
	edited  map[string]bool     // files that Asterisk may have loaded with a hand edit
	disk    []onDisk            // the files that must be on disk; nil before the first write
	found   *asteriskconf.Files // the files on disk before the first write
	missing map[string]string   // optional file → hash that Asterisk did not load
	good    *rendered           // the files that Asterisk last took, to go back to
	refused *refusal            // the files that it did not take; nil after a success
	// warnings name what is not in force although the files are.
	warnings []string
	asked    objects // of the files whose endpoints were last asked for
	// translates are the codecs that Asterisk translated when it was last asked.
	translates []string
}

// Options are what a Loop needs. All but Site and Patience are required.
type Options struct {
	DB        *db.DB
	Templates *templates.Engine
	// Dir is the folder of our own files inside Asterisk's configuration folder.
	Dir    string
	Log    *slog.Logger
	Events *event.Hub
	// Current is the state that calls and phones go by. A pass stores the one that it
	// has read once Asterisk runs it, or will when it is back.
	Current *atomic.Pointer[pbx.Snapshot]
	// Swapped runs after Current was stored.
	Swapped func(*pbx.Snapshot)
	// Applied runs after Asterisk took a snapshot. before is the one that it took last,
	// nil at the start of the program.
	Applied func(ctx context.Context, before, now *pbx.Snapshot)
	// Site is what the files have beside the rows; the loop fills in what Asterisk translates.
	Site asteriskconf.Options
	// Patience is how long after a reload its effect must show; 0 is verifyWithin.
	Patience time.Duration
}

// rendered is one revision's files. Those that Asterisk took last have no content: at 10,000
// phones that is 17 MB, and the snapshot renders to the same bytes again.
type rendered struct {
	snapshot *pbx.Snapshot
	options  asteriskconf.Options
	files    *asteriskconf.Files
}

// New returns a loop that Run starts.
func New(o Options) *Loop {
	o.Patience = cmp.Or(o.Patience, verifyWithin)
	return &Loop{o: o, wake: make(chan struct{}, 1), changed: make(chan struct{}),
		acked: map[string]string{}, edited: map[string]bool{}, missing: map[string]string{}}
}

// Nudge asks for a pass soon. It never blocks; any number of nudges make one pass.
func (l *Loop) Nudge() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// Live gives the loop a session and asks for a full pass. An Asterisk that was restarted
// has loaded whatever files it found.
func (l *Loop) Live(_ context.Context, s *ami.Session) {
	l.setSession(s)
	l.Nudge()
}

// Down takes the session away: passes only write, until the next Live.
func (l *Loop) Down() { l.setSession(nil) }

func (l *Loop) setSession(s *ami.Session) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.session = s
}

// Run makes a pass at the start and after every Nudge. It also makes one when the files on
// disk are not ours any more. It ends with ctx.
func (l *Loop) Run(ctx context.Context) error {
	l.removeLeftovers()
	pause := retryFirst
	retry := time.NewTimer(0)
	defer retry.Stop()
	look := time.NewTicker(driftPause)
	defer look.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-l.wake:
			if err := l.settle(ctx); err != nil {
				return err
			}
		case <-look.C:
			if l.diskIsOurs() {
				continue
			}
		case <-retry.C:
		}
		err := l.pass(ctx)
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

// settle waits until no Nudge came for quiet, but not longer than burstMost.
func (l *Loop) settle(ctx context.Context) error {
	limit := time.NewTimer(burstMost)
	defer limit.Stop()
	for {
		idle := time.NewTimer(quiet)
		select {
		case <-l.wake:
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
func (l *Loop) pass(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, passDeadline)
	defer cancel()
	start := time.Now()
	snapshot, err := l.o.DB.Snapshot(ctx)
	if err != nil {
		return l.failed(ctx, start, 0, fmt.Errorf("reading the configuration: %w", err))
	}
	options := l.o.Site
	options.Translates = l.codecs(ctx, snapshot)
	files, err := asteriskconf.Render(l.o.Templates, snapshot, options)
	if err != nil {
		return l.failed(ctx, start, snapshot.Revision, err)
	}
	next := &rendered{snapshot, options, files}
	reloaded, err := l.bring(ctx, next)
	if err == nil || errors.Is(err, errAway) {
		// After any other error Asterisk still runs the rows before. Calls and phones that
		// used newer rows would name endpoints and passwords that it does not have.
		l.o.Current.Store(snapshot)
		l.o.Swapped(snapshot)
	}
	if err != nil {
		return l.failed(ctx, start, snapshot.Revision, err)
	}
	var before *pbx.Snapshot
	if l.good != nil {
		before = l.good.snapshot
	}
	l.good, l.found, l.refused = next, nil, nil
	l.good.files.DropContent()
	l.warnings = append(l.warnings, options.Unspoken(snapshot)...)
	l.warnings = append(l.warnings, l.missingTLS(ctx)...)
	l.succeeded(ctx, start, snapshot.Revision, reloaded)
	l.o.Applied(ctx, before, snapshot)
	return nil
}

// bring writes the files and makes Asterisk load those that it does not have.
func (l *Loop) bring(ctx context.Context, next *rendered) (reloaded []string, err error) {
	session := l.currentSession()
	if session != nil && session != l.ackedBy { // a new connection may be a new Asterisk
		l.ackedBy, l.acked, l.refused = session, map[string]string{}, nil
		clear(l.missing)
	}
	if l.refused.holds(next.files) {
		return nil, l.goBack(ctx, session)
	}
	if err := l.write(next.files); err != nil {
		return nil, err
	}
	if session == nil {
		return nil, errAway
	}
	reloaded, err = l.load(ctx, session, next.files)
	if why := new(refusal); errors.As(err, &why) {
		l.refused = why
		return reloaded, l.goBack(ctx, session)
	}
	if err == nil {
		l.moveLamps(ctx, session, next)
	}
	return reloaded, err
}

// currentSession is the session for a pass; nil while Asterisk is away.
func (l *Loop) currentSession() *ami.Session {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.session
}
