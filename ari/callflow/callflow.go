// Package callflow owns the Stasis application and decides the calls that wait in it. For
// each call it asks pbx.Route for the next step, writes the step into one channel variable
// and lets the channel continue in the rendered context that carries the step out.
//
// It keeps nothing about a call between two steps. When a step has ended, the
// channel itself says which tenant, number and caller it belongs to, and the
// plan is made anew from the current snapshot; so a restart, a missed event or
// a lost connection leaves nothing behind and nothing undecided. Where a
// decision cannot be carried out in time, the call goes to the rendered
// fallback. A call whose fallback Asterisk refuses is hung up; while Asterisk does not
// answer, the call waits in Stasis and is tried again.
//
// It may import the standard library, CyCoreSystems/ari (event types), pbx and
// the ari package.
package callflow

import (
	"context"
	"log/slog"
	"sync"
	"time"

	ariv6 "github.com/CyCoreSystems/ari/v6"

	"github.com/dialtone-pbx/dialtone/ari"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// Options configures which calls are decided, and how.
type Options struct {
	// Client carries the commands. Its OnEvent, OnUp are to call HandleEvent, Up.
	Client *ari.Client
	// Snapshot returns the current desired state. It is nil before the first one exists;
	// calls then go to the fallback.
	Snapshot func() *pbx.Snapshot
	// Live knows the present state that rules ask for; nil knows nothing.
	Live pbx.Live
	// Chose is told the first member rung by a ring group that takes turns. It is called
	// before Live is asked for the next member and must return at once. It may be nil.
	Chose func(tenant, group, member string)
	// Reserve counts the legs outside of a step before it begins, by the id of the caller's
	// channel. It is called before Live is asked for the next call's step and must return at
	// once. Back is told that a step of a channel has come back without an answer. They may be
	// nil.
	Reserve func(channel, tenant string, step pbx.Step)
	Back    func(channel string)
	// SignIn and SignOut change the user of the shared device behind an endpoint. SignIn
	// gives it to the user of the extension with that number if the PIN is right; SignOut
	// frees it. Nil refuses.
	SignIn  func(ctx context.Context, endpoint, number, pin string) error
	SignOut func(ctx context.Context, endpoint string) error
	// Change changes a setting of the extension of an endpoint's device. It reports whether
	// the setting is on now. Nil refuses.
	Change func(ctx context.Context, endpoint string, set pbx.Setting) (on bool, err error)
	// Ask has an application of the tenant say what happens to a call next. The verbs of its answer
	// can be carried out. An error leads the call to the application's fallback. Nil does so always.
	Ask func(ctx context.Context, about pbx.Asked) ([]pbx.Verb, error)
	// Deadline bounds each of three phases of a call. They are: decide and carry out,
	// counted from the call's arrival; the fallback; the hangup. A call thus leaves Stasis
	// within three times this, as long as Asterisk takes and answers one request for each
	// call that waits in that time. A decision that has not begun after half of it is left to the
	// fallback. 0 means 500 ms. What an application is asked is bounded apart from it.
	Deadline time.Duration
	// MaxDeciding bounds the calls in decision or waiting for it. Overflow rule: as many again
	// go to the fallback at once, which costs one request instead of two; a call
	// beyond those waits in Stasis, and as soon as half of the places are free, all
	// that wait are listed and go to the fallback. 0 means 2,000.
	MaxDeciding int
	// Observe, when not nil, is called for each call that was handled. It gets the verdict
	// and the time since the call's event arrived. It is called from many goroutines.
	Observe func(Verdict, time.Duration)
	// Routed, when not nil, is called with each step just before the channel gets it. It
	// gets the id of the caller's channel too, and is called from many goroutines.
	Routed func(channel string, call pbx.Call, step pbx.Step)
	// Tested is told how a test call has ended, by its id. It must return at once. It may be nil.
	Tested func(id string, end pbx.TestEnd)
	// Refused, when not nil, is told that the carrier of a trunk's endpoint has answered a call
	// so because of our account. It is called from many goroutines and must return at once.
	Refused func(endpoint string, answer int)
	// Logger gets failures, at most one line a second; nil logs nothing.
	Logger *slog.Logger
}

// Flow decides calls. Make it with New, then Run it.
type Flow struct {
	opts Options
	log  limitedLog
	// route is pbx.Route; tests put longer plans here.
	route func(*pbx.Snapshot, pbx.Call, time.Time) pbx.Plan

	deciders, movers slots           // places of decisions and of ways to the fallback
	giveUp           chan struct{}   // closed when nobody is to wait for a place any more
	asking           context.Context // ends when no application is to be asked any more
	stopAsking       context.CancelFunc

	ready   chan string   // channels whose first entry waits to be decided
	resweep chan struct{} // there is room again after an overflow
	sweeps  sync.Mutex    // held while channels are listed
	turns   sync.Mutex    // held while a ring group's next member is chosen
	outside tenantLocks   // held while legs outside are reserved that are bounded

	mu       sync.Mutex
	closed   bool
	missed   bool                // entries were left in Stasis since the last sweep
	deciding int                 // entries in lines
	lines    map[string][]*entry // per channel, in order; the first is being decided
	settled  map[string]bool     // channels decided while a sweep lists; nil outside
	swept    map[string]*entry   // taken up by a sweep; their event may still come
	stats    Stats
}

// New returns a flow that decides nothing until Run.
func New(opts Options) *Flow {
	if opts.Deadline <= 0 {
		opts.Deadline = 500 * time.Millisecond
	}
	if opts.MaxDeciding <= 0 {
		opts.MaxDeciding = 2000
	}
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	if opts.Observe == nil {
		opts.Observe = func(Verdict, time.Duration) {}
	}
	if opts.Refused == nil {
		opts.Refused = func(string, int) {}
	}
	if opts.Tested == nil {
		opts.Tested = func(string, pbx.TestEnd) {}
	}
	if opts.Routed == nil {
		opts.Routed = func(string, pbx.Call, pbx.Step) {}
	}
	f := &Flow{
		opts: opts, log: limitedLog{to: opts.Logger}, route: pbx.Route,
		deciders: make(slots, decidersAtOnce), movers: make(slots, moversAtOnce), giveUp: make(chan struct{}),
		ready: make(chan string, 2*opts.MaxDeciding), resweep: make(chan struct{}, 1),
		lines: map[string][]*entry{}, swept: map[string]*entry{},
	}
	f.asking, f.stopAsking = context.WithCancel(context.Background())
	return f
}

// Run decides calls until ctx ends and every goroutine of its own is gone. Call
// it once. At the end, calls in decision get their deadlines, and whatever
// still waits in Stasis goes to the fallback; so end ctx after the client's Run
// has returned, when Asterisk lets no further call in. That takes at most a few
// seconds, 3 × Deadline for the calls and 2 s for the rest.
func (f *Flow) Run(ctx context.Context) error {
	var owned sync.WaitGroup
	work := context.WithoutCancel(ctx)
	owned.Go(func() { f.resweepLoop(ctx) })
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case id := <-f.ready:
			owned.Go(func() { f.serve(work, id) })
		}
	}
	f.close()
	f.stopAsking()
	defer time.AfterFunc(f.opts.Deadline, func() { close(f.giveUp) }).Stop()
	for id := range f.ready {
		owned.Go(func() { f.serve(work, id) })
	}
	owned.Wait()
	f.abandon(work)
	return nil
}

// close stops taking calls in and ends ready.
func (f *Flow) close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	close(f.ready)
}

// HandleEvent takes an event from the client's dispatcher and returns at once.
// Read is when it came: the time it waited since counts.
func (f *Flow) HandleEvent(event ariv6.Event, read time.Time) {
	switch e := event.(type) {
	case *ariv6.StasisStart:
		entry := newEntry(&e.Channel, e.Args)
		entry.arrived = read
		f.start(entry)
	case *ariv6.StasisEnd:
		f.end(e.Channel.ID)
	}
}

// Up is for the client's OnUp. It decides the calls that entered Stasis while no controller
// listened. An error means that they could not be listed.
func (f *Flow) Up(ctx context.Context, _ uint64) error { return f.sweep(ctx, false) }
