package pbx

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Guard bounds the calls outside of an extension or of a whole tenant. Of each field 0 is
// without limit. Calls for help are neither counted nor bounded.
type Guard struct {
	Calls          int `json:"calls,omitempty"`            // at once, those that ring outside too, 0–10,000
	CallsPerMinute int `json:"calls_per_minute,omitempty"` // begun within 60 seconds, 0–10,000
	MinutesPerDay  int `json:"minutes_per_day,omitempty"`  // of talk, from midnight in the tenant's zone, 0–1,000,000
	SpendPerDay    int `json:"spend_per_day,omitempty"`    // in thousandths of a unit, see Rate; 0–1,000,000,000
}

// Check returns the broken rules of a guard in a field.
func (g Guard) Check(es *Errors, field string) {
	es.Add(CheckRange(field+".calls", g.Calls, 0, maxCalls, "calls"))
	es.Add(CheckRange(field+".calls_per_minute", g.CallsPerMinute, 0, maxCalls, "calls"))
	es.Add(CheckRange(field+".minutes_per_day", g.MinutesPerDay, 0, 1_000_000, "minutes"))
	es.Add(CheckRange(field+".spend_per_day", g.SpendPerDay, 0, 1_000_000_000, "thousandths"))
}

// Any reports whether anything is bounded.
func (g Guard) Any() bool { return g != Guard{} }

// Within returns the smaller bound of two guards, field by field.
func (g Guard) Within(o Guard) Guard {
	return Guard{Calls: tighter(g.Calls, o.Calls), CallsPerMinute: tighter(g.CallsPerMinute, o.CallsPerMinute),
		MinutesPerDay: tighter(g.MinutesPerDay, o.MinutesPerDay), SpendPerDay: tighter(g.SpendPerDay, o.SpendPerDay)}
}

// tighter is the smaller of two bounds, of which 0 is none.
func tighter(a, b int) int {
	if a == 0 || b != 0 && b < a {
		return b
	}
	return a
}

// GuardOf returns what bounds the calls outside of an extension, or with number "" of its
// whole tenant.
func (s *Snapshot) GuardOf(tenant, number string) Guard {
	if number != "" {
		if e := s.Extension(tenant, number); e != nil {
			return e.Guard
		}
		return Guard{}
	}
	if t := s.Tenant(tenant); t != nil {
		return t.Guard.Within(t.GuardCeiling)
	}
	return Guard{}
}

// Guarded reports whether calls outside that an extension, or with number "" the tenant
// itself, answers for are bounded.
func (s *Snapshot) Guarded(tenant, number string) bool {
	return s.GuardOf(tenant, "").Any() || s.GuardOf(tenant, number).Any()
}

// Usage is what was observed of calls outside, of one extension or of a whole tenant.
type Usage struct {
	Calls   int   // at once now, those that ring outside too
	Recent  int   // begun within the last minute
	Seconds int64 // of talk today since a block was lifted last, with what calls under way may yet talk
	Spent   int64 // the same in money, thousandths of a unit
}

// Charge is what a leg outside counts as. It is reserved before the leg is dialled.
type Charge struct {
	Extension string // answers for the call; "" is the tenant itself
	Number    string // in E.164, or the external number
	Seconds   int    // how long it may talk, and what is reserved; 0 is without limit
	Price     int    // of a minute that has begun, in thousandths of a unit
}

// Cost is what a call costs that talks for so long: a minute that has begun counts whole.
func (c Charge) Cost(seconds int64) int64 { return (seconds + 59) / 60 * int64(c.Price) }

// TalkVariable tells legs of their own that lead outside for how many seconds they may talk;
// 0 is without limit. Where calls are bounded, a leg without it is not dialled: no controller
// has counted it.
const TalkVariable = "DIALTONE_TALK"

// shareMinutes is the least that a call may talk, if so much is left.
const shareMinutes = 10

// share is what one call may take of what is left today: half, so that another call can be
// made meanwhile, and least at the least, or all where no other one may begin.
func share(left, least int64, alone bool) int64 {
	if alone {
		return left
	}
	return max(left/2, min(left, least))
}

// charges counts the legs outside of one step, which are called at once.
type charges struct {
	routing
	sum     map[string]Usage // so far, by extension; "" has all
	reached []BoundReached   // that have refused a call
}

func (r routing) charges() *charges {
	return &charges{routing: r, sum: map[string]Usage{}}
}

// take counts a call outside that owner, the number of an extension or "", answers for. It
// returns why no such call may be made now, or "".
func (c *charges) take(owner, number string) (*Charge, string) {
	charge := &Charge{Extension: owner, Number: number, Price: c.s.PriceOf(c.c.Tenant, number)}
	holders := []string{""}
	if owner != "" {
		holders = append(holders, owner)
	}
	for _, holder := range holders {
		g := c.s.GuardOf(c.c.Tenant, holder)
		if !g.Any() {
			continue
		}
		seconds, why := c.bound(g, holder, charge)
		if why != "" {
			return nil, why
		}
		if seconds > 0 && (charge.Seconds == 0 || seconds < charge.Seconds) {
			charge.Seconds = seconds
		}
	}
	for _, holder := range holders {
		u := c.sum[holder]
		c.sum[holder] = Usage{u.Calls + 1, u.Recent + 1, u.Seconds + int64(charge.Seconds),
			u.Spent + charge.Cost(int64(charge.Seconds))}
	}
	return charge, ""
}

// bound returns how long a call may talk by one guard, 0 for without limit, or why it may
// not be made.
func (c *charges) bound(g Guard, holder string, charge *Charge) (seconds int, why string) {
	var u Usage
	if c.c.Live != nil {
		u = c.c.Live.Usage(c.c.Tenant, holder)
	}
	sum := c.sum[holder]
	u = Usage{u.Calls + sum.Calls, u.Recent + sum.Recent, u.Seconds + sum.Seconds, u.Spent + sum.Spent}
	if why := g.Refuses(u, GuardHolder(c.c.Tenant, holder)); why != "" {
		b := g.reached(u)
		b.Extension = holder
		c.reached = append(c.reached, b)
		return 0, why
	}
	alone := g.Calls > 0 && u.Calls+1 >= g.Calls
	if g.MinutesPerDay > 0 {
		seconds = int(share(int64(g.MinutesPerDay)*60-u.Seconds, shareMinutes*60, alone))
	}
	if g.SpendPerDay == 0 || charge.Price == 0 {
		return seconds, ""
	}
	minutes := share(int64(g.SpendPerDay)-u.Spent, shareMinutes*int64(charge.Price), alone) / int64(charge.Price)
	if minutes == 0 {
		return 0, fmt.Sprintf("what is left of the %d thousandths that the guard of %s allows a day pays no minute to %s (%d)",
			g.SpendPerDay, GuardHolder(c.c.Tenant, holder), charge.Number, charge.Price)
	}
	// One second less, so that the end of the call begins no further minute.
	if paid := int(min(minutes, 1_000_000)*60 - 1); seconds == 0 || paid < seconds {
		seconds = paid
	}
	return seconds, ""
}

// GuardHolder names an extension, or with number "" its tenant, for people.
func GuardHolder(tenant, number string) string {
	return (&Extension{Tenant: tenant, Number: number}).holder()
}

// The bounds of a guard, by their names.
const (
	BoundCalls  = "calls"
	BoundMinute = "calls_per_minute"
	BoundTalk   = "minutes_per_day"
	BoundSpend  = "spend_per_day"
)

// BoundReached is a bound of a guard that lets no further call outside begin.
type BoundReached struct {
	Extension  string // "" is the whole tenant
	Bound      string
	Used, Most int64 // in the unit of the bound
}

// reached returns the first bound that lets no further call begin; its name is "" where all do.
func (g Guard) reached(u Usage) BoundReached {
	switch {
	case g.Calls > 0 && u.Calls >= g.Calls:
		return BoundReached{Bound: BoundCalls, Used: int64(u.Calls), Most: int64(g.Calls)}
	case g.CallsPerMinute > 0 && u.Recent >= g.CallsPerMinute:
		return BoundReached{Bound: BoundMinute, Used: int64(u.Recent), Most: int64(g.CallsPerMinute)}
	case g.MinutesPerDay > 0 && u.Seconds >= int64(g.MinutesPerDay)*60:
		return BoundReached{Bound: BoundTalk, Used: u.Seconds / 60, Most: int64(g.MinutesPerDay)}
	case g.SpendPerDay > 0 && u.Spent >= int64(g.SpendPerDay):
		return BoundReached{Bound: BoundSpend, Used: u.Spent, Most: int64(g.SpendPerDay)}
	}
	return BoundReached{}
}

// Refuses says why no further call outside may begin, in a sentence about the holder of the
// guard; "" when one may.
func (g Guard) Refuses(u Usage, holder string) string {
	switch g.reached(u).Bound {
	case BoundCalls:
		return fmt.Sprintf("%s has %s outside already, as many as its guard allows at once", holder, count(u.Calls, "call"))
	case BoundMinute:
		return fmt.Sprintf("%s has begun %s outside within a minute, as many as its guard allows", holder,
			count(u.Recent, "call"))
	case BoundTalk:
		return fmt.Sprintf("%s has used the %s outside that its guard allows a day, or its calls under way may", holder,
			count(g.MinutesPerDay, "minute"))
	case BoundSpend:
		return fmt.Sprintf("%s has spent the %d thousandths outside that its guard allows a day, or its calls under way may",
			holder, g.SpendPerDay)
	}
	return ""
}

// guarded puts the guard before a plan that dials a number outside on behalf of owner, on one
// trunk after the other. What it refuses ends the call in place of each dial. Calls for help
// pass uncounted.
func (r routing) guarded(owner *Extension, a Answer, number string, p Plan) Plan {
	if a.Reading.Emergency {
		return helps(p)
	}
	sum := r.charges()
	charge, why := sum.take(owner.Number, number)
	for i, s := range p.Steps {
		switch {
		case s.Kind != StepDial:
		case why != "":
			p.Steps[i] = endStep(CauseRefused, why)
			p.Steps[i].Reached = sum.reached
		default:
			s.Legs[0].Charge = charge
		}
	}
	return p
}

// mayCharge reports whether a leg of its own that leads outside may be called now.
func (r routing) mayCharge(own *OwnLeg) bool {
	_, why := r.charges().take(own.Owner, own.Number)
	return why == ""
}

// charged charges the legs of their own that lead outside, of each step as they ring
// together, and tells them for how long they may talk. Those that are too many are left out.
func (r routing) charged(p Plan) Plan {
	for i := range p.Steps {
		if slices.ContainsFunc(p.Steps[i].Legs, Leg.ownOutside) {
			r.chargeLegs(&p.Steps[i])
		}
	}
	return p
}

func (r routing) chargeLegs(s *Step) {
	talk, guarded, sum := 0, false, r.charges()
	s.Legs = slices.DeleteFunc(s.Legs, func(l Leg) bool {
		if !l.ownOutside() {
			return false
		}
		_, why := sum.take(l.Own.Owner, l.Own.Number)
		return why != "" && len(s.Legs) > 1
	})
	s.Reached = append(s.Reached, sum.reached...)
	sum = r.charges()
	for i := range s.Legs {
		l := &s.Legs[i]
		if !l.ownOutside() {
			continue
		}
		if l.Charge, _ = sum.take(l.Own.Owner, l.Own.Number); l.Charge == nil {
			continue
		}
		guarded = guarded || r.s.Guarded(r.c.Tenant, l.Own.Owner)
		if t := l.Charge.Seconds; t > 0 && (talk == 0 || t < talk) {
			talk = t
		}
	}
	if guarded {
		s.Set = append(slices.Clip(s.Set), Variable{"__" + TalkVariable, strconv.Itoa(talk)})
	}
}

// Charged reports whether a step calls a number outside that counts.
func (s Step) Charged() bool {
	return slices.ContainsFunc(s.Legs, func(l Leg) bool { return l.Charge != nil })
}

// talks is the option of Dial that ends a call which a trunk's leg has talked for too long;
// "" where nothing bounds it. S sets the end of the called channel itself, which stays with
// the channel wherever it is transferred to; that of L stays with the bridge.
func (s Step) talks() string {
	for _, l := range s.Legs {
		if l.Outside != "" && l.Charge != nil && l.Charge.Seconds > 0 {
			return "S(" + strconv.Itoa(l.Charge.Seconds) + ")"
		}
	}
	return ""
}

// Day returns the date of a time in the tenant's zone, such as 2026-11-29. A day of a change
// to summer time has 23 hours.
func (s *Snapshot) Day(tenant string, at time.Time) string {
	return s.InZone(tenant, at).Format(time.DateOnly)
}

// InZone returns a time in the tenant's zone.
func (s *Snapshot) InZone(tenant string, at time.Time) time.Time {
	if t := s.Tenant(tenant); t != nil {
		return at.In(locationOf(t.Timezone))
	}
	return at.UTC()
}

// Reservation is a call outside as it is reserved before it is dialled. Observed, never
// configuration.
type Reservation struct {
	Channel string // Uniqueid of the channel that calls
	Tenant  string
	Charge
	Began time.Time
}

// CountryCalled returns the country of a number in E.164, or its calling code with + where
// that is no country's; "" for others.
func CountryCalled(number string) string {
	digits, plus := strings.CutPrefix(number, "+")
	code := codeOf(digits)
	if !plus || code == "" {
		return ""
	}
	_, byCode := countries()
	for _, c := range byCode[code] {
		if c.has(digits) && c.iso != "001" && (c.main || len(byCode[code]) == 1 || c.patterns().leading != nil) {
			return c.iso
		}
	}
	return "+" + code
}
