// Package guard owns what was observed of calls outside: how many there are, how long they
// talk, and what of their day's allowance an extension and a tenant have used.
//
// It decides nothing. The plan of a call asks for Usage by pbx.Live; callflow has each leg
// reserved before it is dialled; the calls' machine tells when one has ended. Memory is
// authoritative, the database follows, so that a restart goes on with the same day and the
// same calls. It may import provisioner/pbx, db,
// provisioner/event and provisioner/writebehind.
package guard

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/provisioner/event"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
	"github.com/dialtone-pbx/dialtone/provisioner/writebehind"
)

const (
	// writeEvery is how long a row waits at most; a reservation is written at once.
	writeEvery = time.Second
	// sweepEvery is how often reservations are compared with the calls there are.
	sweepEvery = 5 * time.Second
	// endsWithin is how many seconds after its time a call may seem to end that Asterisk ends.
	endsWithin = 5
	// settledAfter is how long a reservation of this program may be without a channel: callflow
	// may be ahead of Asterisk's events.
	settledAfter = 30 * time.Second
)

// Options are what a Guard needs. All fields are required.
type Options struct {
	DB       *db.DB
	Log      *slog.Logger
	Snapshot func() *pbx.Snapshot // the desired state in force
	// Outside returns the Uniqueids of all channels and the numbers that are called outside
	// now. It is false where some may be unknown.
	Outside func() (channels, numbers map[string]bool, known bool)
	// Tell is told of alarms. It must not block.
	Tell func(event.Guard)
}

// Guard counts calls outside. Its methods are safe for concurrent use and do not block.
type Guard struct {
	o Options

	mu sync.Mutex
	ledger
	days   map[holder]db.GuardUsage
	recent map[holder][]time.Time // when calls began within the last minute
	// countries are those that a tenant has called ever.
	countries map[countryKey]db.GuardCountry
	refusals  map[refusal]time.Time // that were told of within refusedPause
	tellings  []event.Guard         // that Tell has not been told of
	rows      *writebehind.Rows[rowKey, db.GuardRows]
}

// holder is an extension, or with extension "" a tenant.
type holder struct{ tenant, extension string }

// callKey names a reservation: the channel that calls and the number.
type callKey struct{ channel, number string }

// countryKey names a country that a tenant has called.
type countryKey struct{ tenant, country string }

// rowKey names a row to write: of a holder's day, of a call, or of a country.
type rowKey struct {
	holder
	callKey
	countryKey
}

// call is a call outside under way.
type call struct {
	pbx.Reservation
	stored bool // it was under way when this program started
}

// New starts from what the database remembers; Run starts the loops.
func New(ctx context.Context, o Options) (*Guard, error) {
	g := &Guard{o: o, ledger: newLedger(), days: map[holder]db.GuardUsage{}, recent: map[holder][]time.Time{},
		countries: map[countryKey]db.GuardCountry{}, refusals: map[refusal]time.Time{}}
	g.rows = writebehind.New(&g.mu, writebehind.Options[rowKey, db.GuardRows]{What: "what calls outside have used",
		Every: writeEvery, Read: g.read, Write: o.DB.WriteGuard, Log: o.Log})
	stored, err := o.DB.GuardState(ctx)
	if err != nil {
		return nil, err
	}
	for _, u := range stored.Usage {
		g.days[holder{u.Tenant, u.Extension}] = u
	}
	for _, c := range stored.Countries {
		g.countries[countryKey{c.Tenant, c.Country}] = c
	}
	for _, c := range stored.Calls {
		g.put(&call{c, true})
	}
	return g, nil
}

// Run writes what changes and sweeps until ctx ends.
func (g *Guard) Run(ctx context.Context) error {
	done := make(chan struct{})
	go func() {
		defer close(done)
		g.watch(ctx)
	}()
	err := g.rows.Run(ctx)
	<-done
	return err
}

func (g *Guard) watch(ctx context.Context) {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			g.sweep(time.Now())
			g.alarm(time.Now())
		}
	}
}

// Usage returns what was observed of an extension, or with extension "" of its whole tenant.
func (g *Guard) Usage(tenant, extension string) pbx.Usage {
	return g.usage(holder{tenant, extension}, time.Now())
}

func (g *Guard) usage(h holder, now time.Time) (u pbx.Usage) {
	g.mu.Lock()
	defer g.mu.Unlock()
	day := g.day(h, now)
	u = g.sums[h]
	u.Seconds += day.Seconds - day.LiftedSeconds
	u.Spent += day.Spent - day.LiftedSpent
	u.Recent = len(g.lately(h, now))
	return u
}

// holders are those whose call it is.
func (c *call) holders() []holder {
	if c.Extension == "" {
		return []holder{{c.Tenant, ""}}
	}
	return []holder{{c.Tenant, ""}, {c.Tenant, c.Extension}}
}

// day returns the row of a holder for the day that it is now in the tenant's zone.
func (g *Guard) day(h holder, now time.Time) db.GuardUsage {
	today := g.o.Snapshot().Day(h.tenant, now)
	if u := g.days[h]; u.Day == today {
		return u
	}
	return db.GuardUsage{Tenant: h.tenant, Extension: h.extension, Day: today}
}

// lately returns when calls of a holder began within the last minute.
func (g *Guard) lately(h holder, now time.Time) []time.Time {
	kept := slices.DeleteFunc(g.recent[h], func(at time.Time) bool { return now.Sub(at) >= time.Minute })
	if g.recent[h] = kept; len(kept) == 0 {
		delete(g.recent, h)
	}
	return kept
}

// Reserve counts the legs outside of a step before it is dialled, by the Uniqueid of the
// channel that calls.
func (g *Guard) Reserve(channel, tenant string, step pbx.Step) {
	g.reserve(channel, tenant, step, time.Now())
}

func (g *Guard) reserve(channel, tenant string, step pbx.Step, now time.Time) {
	g.mu.Lock()
	for _, l := range step.Legs {
		if l.Charge == nil {
			continue
		}
		c := &call{Reservation: pbx.Reservation{Channel: channel, Tenant: tenant, Charge: *l.Charge, Began: pbx.Millis(now)}}
		key := callKey{channel, c.Number}
		if g.calls[key] == nil { // not once more for another trunk
			for _, h := range c.holders() {
				g.recent[h] = append(g.lately(h, now), now)
			}
		}
		g.put(c)
		g.rows.Mark(rowKey{callKey: key})
		g.called(c, now)
	}
	g.mu.Unlock()
	g.rows.Nudge()
	g.tell()
}

// Back notes that a step of a channel has come back without an answer: nothing that was
// reserved for it is used.
func (g *Guard) Back(channel string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, c := range slices.Clone(g.channels[channel]) {
		g.settle(c, 0, time.Now())
	}
}

// Ended is the end of a leg that was called outside.
type Ended struct {
	Tenant    string
	Extension string   // that called, or whose leg it was; "" where it is not known
	Channel   string   // its Uniqueid
	Channels  []string // Uniqueids of its call
	Number    string   // that was called, where Called
	Called    bool     // Asterisk was seen to call it; otherwise only a reservation tells
	// Up (zero: never) and At are when the carrier answered, and when it ended.
	Up, At time.Time
}

// LegEnded counts what a leg outside has used. One that nothing was reserved for was called
// without the controller, or while its reservation was lost; it counts all the same.
func (g *Guard) LegEnded(e Ended) {
	g.mu.Lock()
	g.legEnded(e)
	g.mu.Unlock()
	g.rows.Nudge()
}

func (g *Guard) legEnded(e Ended) {
	c := g.find(e)
	switch {
	case c == nil && (e.Up.IsZero() || !e.Called):
		return
	case c == nil:
		c = &call{Reservation: pbx.Reservation{Tenant: e.Tenant, Began: e.Up, Charge: pbx.Charge{Extension: e.Extension,
			Number: e.Number, Price: g.o.Snapshot().PriceOf(e.Tenant, e.Number)}}}
	case c.stored: // this program has not seen the answer
		e.Up = c.Began
	}
	used := time.Duration(0)
	if !e.Up.IsZero() {
		used = e.At.Sub(e.Up)
	}
	g.settle(c, used, e.At)
}

// find returns the reservation of a leg: of its call, else of that number. After a start only
// the call tells.
func (g *Guard) find(e Ended) (found *call) {
	rank := 0
	for _, c := range g.like(e) {
		mine, number := slices.Contains(e.Channels, c.Channel), e.Called && c.Number == e.Number
		better := 0
		switch {
		case c.Channel == e.Channel: // it is the caller
		case mine && number:
			better = 3
		case mine && c.stored:
			better = 2
		case number && c.Tenant == e.Tenant:
			better = 1
		}
		if better > rank || better > 0 && better == rank && c.Began.Before(found.Began) {
			found, rank = c, better
		}
	}
	return found
}

// settle replaces a reservation by what was used of it. The lock is held.
func (g *Guard) settle(c *call, used time.Duration, now time.Time) {
	seconds := int64((used + time.Second - 1) / time.Second)
	if late := seconds - int64(c.Seconds); c.Seconds > 0 && late > 0 && late <= endsWithin {
		seconds = int64(c.Seconds) // Asterisk has ended it, and the event took a while
	}
	if seconds > 0 {
		for _, h := range c.holders() {
			day := g.day(h, now)
			day.Seconds += seconds
			day.Spent += c.Cost(seconds)
			g.days[h] = day
			g.rows.Mark(rowKey{holder: h})
		}
	}
	if g.remove(c) {
		g.rows.Mark(rowKey{callKey: callKey{c.Channel, c.Number}})
	}
}

// sweep ends reservations whose call is not there. One from before the start counts until
// now, at most for as long as it could talk; the others were never answered.
func (g *Guard) sweep(now time.Time) {
	channels, numbers, known := g.o.Outside()
	if !known {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, c := range g.calls {
		if channels[c.Channel] || numbers[c.Number] || !c.stored && now.Sub(c.Began) < settledAfter {
			continue
		}
		used := time.Duration(0)
		if c.stored {
			if used = now.Sub(c.Began); c.Seconds > 0 {
				used = min(used, time.Duration(c.Seconds)*time.Second)
			}
		}
		g.settle(c, used, now)
	}
}

// read copies rows for the database. A call that is not there any more is one to delete.
func (g *Guard) read(keys []rowKey) (rows db.GuardRows) {
	for _, k := range keys {
		switch c := g.calls[k.callKey]; {
		case k.countryKey != countryKey{}:
			rows.Countries = append(rows.Countries, g.countries[k.countryKey])
		case k.callKey == callKey{}:
			if u, known := g.days[k.holder]; known {
				rows.Usage = append(rows.Usage, u)
			}
		case c != nil:
			rows.Calls = append(rows.Calls, c.Reservation)
		default:
			rows.Ended = append(rows.Ended, pbx.Reservation{Channel: k.channel, Charge: pbx.Charge{Number: k.number}})
		}
	}
	return rows
}

// Lift lets an extension, or with extension "" its tenant, call outside again as if nothing
// had been used today.
func (g *Guard) Lift(by pbx.Author, tenant, extension string) {
	g.o.Log.Info("block of calls outside lifted", "tenant", tenant, "extension", extension, "actor", by.Actor,
		"address", by.Address)
	g.mu.Lock()
	h := holder{tenant, extension}
	day := g.day(h, time.Now())
	day.LiftedSeconds, day.LiftedSpent, day.Told = day.Seconds, day.Spent, nil
	g.days[h] = day
	delete(g.recent, h)
	g.rows.Mark(rowKey{holder: h})
	g.tellings = append(g.tellings, event.Guard{Tenant: tenant, Change: event.GuardUnblocked, Extension: extension})
	g.mu.Unlock()
	g.rows.Nudge()
	g.tell()
}

// Forget drops an extension, or with extension "" a tenant, that was deleted. Its rows went
// with it.
func (g *Guard) Forget(tenant, extension string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.days, holder{tenant, extension})
	delete(g.recent, holder{tenant, extension})
	if extension != "" {
		return
	}
	for k := range g.countries {
		if k.tenant == tenant {
			delete(g.countries, k)
		}
	}
}

// Renumber carries what an extension has used to its new number.
func (g *Guard) Renumber(tenant, from, to string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	old, renamed := holder{tenant, from}, holder{tenant, to}
	if day, known := g.days[old]; known {
		delete(g.days, old)
		day.Extension = to
		g.days[renamed] = day
		g.rows.Mark(rowKey{holder: renamed})
	}
	if recent, known := g.recent[old]; known {
		delete(g.recent, old)
		g.recent[renamed] = recent
	}
	for key, c := range g.calls {
		if c.Tenant == tenant && c.Extension == from {
			g.remove(c)
			c.Extension = to
			g.put(c)
			g.rows.Mark(rowKey{callKey: key})
		}
	}
}
