package truth

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	. "github.com/dialtone-pbx/dialtone/cmd/sandbox/lab"

	"github.com/dialtone-pbx/dialtone/cmd/phonesim/phone"
)

// sighting is a call that arrived at a phone, in time since the caller dialled.
type sighting struct {
	who      string
	from, to time.Duration
	own      bool // its owner answered or refused it; else it was taken away at to
	call     *phone.Call
	tone     float64 // what the phone says once it is answered
	presses  bool    // a code during the call, and has not done so yet
}

// sceneTone is the caller's voice; the phones that are called have lower ones.
const sceneTone = 2000.0

// scene is one row on stage: what is done and seen.
type scene struct {
	*stage
	row     *truth
	caller  string
	people  map[string]*actor
	began   time.Time
	trouble error
	late    time.Duration // that the machine was, see Late

	mu       sync.Mutex
	seen     []*sighting
	asked    []string // who has asked somebody over the API and is done with it
	forecast *forecast
	// heard is what the caller heard until the call ended somewhere, and ends where.
	heard, ends string
	wrong       error // what a phone showed
}

// play calls a row: people do what they do, until it has ended as it should, or
// does not within a reasonable time.
func (s *stage) play(ctx context.Context, row *truth) *scene {
	sc := &scene{stage: s, row: row, people: s.people[row], heard: "nothing"}
	sc.caller = sc.who("caller").is
	if sc.caller == "" {
		sc.caller = <-s.callers
		defer func() { s.callers <- sc.caller }()
	}
	for _, name := range slices.Sorted(maps.Keys(sc.mobile)) {
		if sc.people[name] != nil || sc.caller == name {
			sc.mobile[name].Lock()
			defer sc.mobile[name].Unlock()
		}
	}
	ctx, cancel := context.WithTimeout(ctx, 90*time.Second)
	defer cancel()
	sc.trouble = errors.Join(sc.perform(ctx), sc.wrong)
	sc.late = Late(sc.began)
	return sc
}

// who is a person who may do nothing in this row.
func (sc *scene) who(name string) *actor {
	if p := sc.people[name]; p != nil {
		return p
	}
	return &actor{name: name}
}

func (sc *scene) perform(ctx context.Context) error {
	phones := map[string]*phone.Phone{}
	for name, p := range sc.people {
		if at := sc.phones[name]; at != nil && p.talks == "" && p.dials == "" || at != nil && p.does != "" {
			phones[name] = at
		}
	}
	for _, p := range sc.people {
		if p.talks == "" {
			continue
		}
		before, err := sc.occupy(ctx, p.name, p.talks)
		if err != nil {
			return err
		}
		defer func() { _ = before.Hangup(ctx) }()
	}
	var watching sync.WaitGroup
	defer watching.Wait()
	watch, stop := context.WithCancel(ctx)
	defer stop()
	if err := sc.setKeys(ctx); err != nil {
		return err
	}
	sc.forecast = sc.simulate(ctx)
	sc.began = time.Now()
	for name, at := range phones {
		watching.Go(func() { sc.watch(watch, name, at) })
	}
	from := sc.phones[sc.caller]
	if from == nil {
		return fmt.Errorf("no phone %s", sc.caller)
	}
	out, err := sc.begin(ctx, from)
	if err != nil {
		return err
	}
	for _, p := range sc.people {
		if p.dials != "" {
			watching.Go(func() { sc.meddle(watch, p) })
		}
	}
	watching.Go(func() { sc.listen(watch, out) })
	if err := sc.follow(ctx, out); err != nil {
		return err
	}
	_ = out.Hangup(ctx)
	if len(from.Incoming()) > 0 {
		return fmt.Errorf("the caller's own phone %s rings", sc.caller)
	}
	return sc.settle(ctx)
}

// begin dials, or lets the API dial and takes the call that comes of it.
func (sc *scene) begin(ctx context.Context, from *phone.Phone) (*phone.Call, error) {
	if sc.who("caller").does != "clicks" {
		return sc.dial(ctx, sc.caller, sc.row.dials)
	}
	number := deviceName.FindStringSubmatch(sc.caller)[1]
	if err := sc.Client.Do(ctx, "POST", Tenant+"/calls", Object{"extension": number, "to": sc.row.dials}, nil); err != nil {
		return nil, err
	}
	select {
	case in := <-from.Incoming():
		return in, in.Answer(ctx)
	case <-ctx.Done():
		return nil, fmt.Errorf("a call placed over the API does not ring at %s", sc.caller)
	}
}

// occupy lets one call another and stay in the call.
func (sc *scene) occupy(ctx context.Context, from, to string) (*phone.Call, error) {
	out, err := sc.phones[from].Dial(ctx, deviceName.FindStringSubmatch(to)[1])
	if err != nil {
		return nil, err
	}
	select {
	case in := <-sc.phones[to].Incoming():
		if err := in.Answer(ctx); err != nil {
			return nil, err
		}
	case <-ctx.Done():
		return nil, fmt.Errorf("%s does not reach %s", from, to)
	}
	if err := out.WaitAnswer(); err != nil {
		return nil, err
	}
	return out, waitError(func() string {
		var d struct{ Status Status }
		if err := sc.Client.Do(ctx, "GET", Tenant+"/devices/"+to, nil, &d); err != nil || d.Status.Call != "in-call" {
			return fmt.Sprintf("%s is not in a call: %+v %v", to, d.Status, err)
		}
		return ""
	})
}

// waitError is Eventually as an error.
func waitError(problem func() string) error {
	if text := WaitFor(Patience, problem); text != "" {
		return errors.New(text)
	}
	return nil
}

// settle waits until no phone has a call of this row any more.
func (sc *scene) settle(ctx context.Context) error {
	sc.mu.Lock()
	seen := slices.Clone(sc.seen)
	sc.mu.Unlock()
	for _, s := range seen {
		timer := time.NewTimer(Patience)
		select {
		case <-s.call.Done():
		case <-timer.C:
			return fmt.Errorf("the call at %s goes on without its caller", s.who)
		case <-ctx.Done():
			return ctx.Err()
		}
		timer.Stop()
	}
	return nil
}
