package pbx

import (
	"fmt"
	"regexp"
	"strconv"
)

// outwardSeconds is how long a number outside rings.
const outwardSeconds = 120

// SilentSeconds is how long a call for help waits for a first word of a carrier that does not
// answer OPTIONS. Its caller must find another way soon; SIP itself would wait for 32 seconds
// (timer B of RFC 3261).
const SilentSeconds = 15

// outwardPattern is what is dialled on a trunk: E.164, or an emergency number. It
// leaves nothing that has a meaning in a SIP URI or in the argument of Dial.
var outwardPattern = regexp.MustCompile(`^(\+[1-9][0-9]{3,14}|[0-9]{2,6})$`)

// toOutside dials a number that is nobody's of the tenant, as its country dials,
// with the rights, the country and the number of owner: the calling extension, or
// the one that sent the call on. An owner without a number is the tenant itself.
func toOutside(r routing, door Door, owner *Extension, number string) Plan {
	if owner == nil {
		return r.forHelp(number)
	}
	n := r.s.ExternalNumber(r.c.Tenant, number)
	a := r.s.RightsOf(owner).Ask(door, number, n)
	switch {
	case a.Refused != "" && !a.Readable && n == nil:
		return hangup(a.Cause, "no extension of tenant %s has the number %s, and it is none of the dialling rules of %s",
			r.c.Tenant, quote(number), inWords(r.s.CountryOf(owner)))
	case a.Refused != "":
		return hangup(a.Cause, "%s", a.Refused)
	case a.Inside != nil && a.Inside.Tenant == r.c.Tenant:
		return r.toNumber(a.Inside)
	case a.Inside != nil:
		return r.across(owner, a.Inside)
	case n != nil && !a.Reading.Emergency: // it says itself how the carrier wants it
		return r.leave(owner, n.Type, a, number)
	}
	return r.leave(owner, NumberSIP, a, a.Reading.Number)
}

// toNumber sends a call on to where a number of the tenant leads.
func (r routing) toNumber(n *Number) Plan {
	if p, is := r.screened(n); is {
		return p
	}
	to, rule := r.s.leads(n, r.callerNumber(), r.now)
	switch why := r.barred(to); {
	case to.IsZero() && len(n.Rules) > 0:
		return hangup(CauseUnallocated, "%s is a number of tenant %s and leads nowhere now: no rule holds", n.Number,
			n.Tenant)
	case to.IsZero():
		return hangup(CauseUnallocated, "%s is a number of tenant %s and leads nowhere", n.Number, n.Tenant)
	case why != "":
		return hangup(CauseAbsent, "the call to %s is %s", n.Number, why)
	}
	return Plan{Steps: []Step{sendOn(to, "%s is a number of tenant %s%s", n.Number, n.Tenant, rule)}}
}

// callsForHelp is the plan of a device's call to an emergency number, which no code,
// slot, group or extension of that number hides.
func (r routing) callsForHelp() (Plan, bool) {
	if r.c.Device(r.s) == nil {
		return Plan{}, false
	}
	owner := r.c.Extension(r.s)
	country := owner
	if owner == nil {
		country = &Extension{Tenant: r.c.Tenant}
	}
	if !isEmergency(r.s.CountryOf(country), r.c.Dialled) {
		return Plan{}, false
	}
	return toOutside(r, DoorDialled, owner, r.c.Dialled), true
}

// forHelp lets a device that is nobody's, such as a free desk, call for help and
// nobody else. What comes from no device, as in a simulation, comes from outside.
func (r routing) forHelp(number string) Plan {
	nobody := &Extension{Tenant: r.c.Tenant, Number: "of nobody"}
	a := r.s.RightsOf(nobody).Ask(DoorDialled, number, nil)
	if a.Reading.Emergency && r.c.Device(r.s) != nil {
		return r.leave(nobody, NumberSIP, a, a.Reading.Number)
	}
	if n := r.s.NumberSent(r.c.Tenant, number); n != nil && r.c.actor() == "" {
		return r.toNumber(n)
	}
	return hangup(CauseUnallocated, "no extension of tenant %s has the number %s, and only an extension may call outside",
		r.c.Tenant, quote(number))
}

// leave is the plan that dials a number on the tenant's trunks for its type, on one after the
// other until one takes the call.
func (r routing) leave(owner *Extension, by NumberType, a Answer, number string) Plan {
	help := a.Reading.Emergency
	ways, routed := r.s.outlets(r.c.Tenant, by, a.Reading, r.now)
	if help {
		ways, routed = plainOutlets(r.s.TrunksForHelp(r.c.Tenant)), nil
	}
	switch {
	case len(ways) == 0 && help:
		p := hangup(CauseCongestion, "tenant %s has no trunk that %s could leave by", r.c.Tenant, number)
		p.Steps[0].Help = &Help{Number: number} // people nearby are told all the same
		return p
	case len(ways) == 0 && len(routed) > 0:
		return hangup(CauseCongestion, "no trunk of route %s is in use, by which %s leaves", routed[0].Name, number)
	case len(ways) == 0:
		return hangup(CauseCongestion, "tenant %s has no trunk that %s could leave by", r.c.Tenant, number)
	}
	if why := r.tenantFull(r.c.Tenant, 0); why != "" && !help && !r.c.Resumed {
		return atBound(why)
	}
	chain, over := r.chain(ways, help)
	if len(chain) == 0 {
		return closed(over)
	}
	p := Plan{Order: orderOf(chain, len(ways)), Steps: make([]Step, 0, len(chain)+chainEnds)}
	for i, next := range r.nexts(chain, help) {
		dial := r.leaveBy(owner, chain[i].outlet, a, number)
		if dial.Next = next; i > 0 {
			dial.Rule = chain[i].dials(owner, number) + ", number " + strconv.Itoa(i+1) + " of " + strconv.Itoa(len(chain)) +
				": trunk " + chain[i-1].trunk.Name + " did not take the call" + r.said()
		} else if len(over) > 0 {
			dial.Rule += "; passed over: " + reasons(over)
		}
		p.Steps = append(p.Steps, dial)
	}
	carrier := "the last carrier"
	if len(chain) == 1 {
		carrier = "the carrier of trunk " + chain[0].trunk.Name
	}
	p.Steps = r.endChain(p.Steps, carrier, number)
	return r.guarded(owner, a, number, p)
}

// leaveBy is the step that dials a number on one trunk.
func (r routing) leaveBy(owner *Extension, o outlet, a Answer, number string) Step {
	from, t := r.c.Extension(r.s), o.trunk
	dial := Step{Kind: StepDial, Legs: []Leg{{Endpoint: t.Endpoint, Device: number, Outside: number, Sent: o.sends(number)}},
		Seconds: outwardSeconds, Record: owner.Record || from != nil && from.Record,
		Show: &Shown{Number: o.shows(owner), Hidden: owner.Anonymous && !a.Reading.Emergency}, Assumed: r.assumed(t)}
	if a.Reading.Emergency {
		r.insist(&dial, t)
	}
	r.showCaller(&dial, owner, o)
	r.tellDiverted(&dial, owner, number)
	dial.Rule = o.dials(owner, number) + ": " + a.Allowed
	if sent := dial.Legs[0].Sent; sent != number {
		dial.Rule += ", written as " + sent
	}
	return dial
}

// insist makes a dial for help try the trunk whatever is known of it: a carrier may live that
// does not answer OPTIONS, and Asterisk would not even try.
func (r routing) insist(dial *Step, t *Trunk) {
	dial.Legs[0].Server = t.Server()
	if r.silent(t) {
		dial.Silent = SilentSeconds
	}
}

// showCaller changes what a carrier is shown for a call that owner forwards, where
// the tenant wants callers to be seen.
func (r routing) showCaller(dial *Step, owner *Extension, o outlet) {
	tenant := r.s.Tenant(r.c.Tenant)
	if len(r.c.Hops) == 0 || tenant == nil || tenant.ForwardCaller != ShowCaller {
		return
	}
	dial.Called = o.shows(owner)
	dial.Show = nil                               // an outside caller's number and its privacy stay as they are
	if !externalPattern.MatchString(r.c.Caller) { // without one, the carrier learns whose the call is, and tells nobody
		dial.Show = &Shown{Number: o.shows(owner), Hidden: true}
	}
	if from := r.c.Extension(r.s); from != nil {
		dial.Show = &Shown{Number: o.shows(from), Hidden: from.Anonymous}
	}
}

// across is the plan that calls a number of another tenant of this system, as a carrier
// would bring the call there.
func (r routing) across(owner *Extension, n *Number) Plan {
	from := r.c.Extension(r.s)
	dial := Step{Kind: StepDial, Legs: []Leg{{Endpoint: n.Number, Device: n.Number, Inside: n.Tenant}},
		Seconds: outwardSeconds, Record: owner.Record || from != nil && from.Record,
		Show: &Shown{Number: owner.PresentationNumber, Hidden: owner.Anonymous}, Next: follow(1, 2, 3, 4)}
	if t := r.s.TrunkFor(r.c.Tenant, NumberSIP); t != nil {
		dial.Show.Number = presentationOf(owner, t)
		r.showCaller(&dial, owner, outlet{trunk: t})
	}
	r.tellDiverted(&dial, owner, n.Number)
	dial.Rule = fmt.Sprintf("%s is a number of this system: the call stays in the house", n.Number)
	return Plan{Steps: []Step{dial,
		hangupStep(CauseNoAnswer, "%s did not answer", n.Number),
		hangupStep(CauseAbsent, "%s cannot be reached", n.Number),
		hangupStep(CauseBusy, "%s is busy", n.Number),
		hangupStep(CauseNormal, "the call to %s has ended", n.Number)}}
}

// Shown is the identity of the caller as a carrier sees it.
type Shown struct {
	Number string // "" is the caller's own
	Hidden bool   // the carrier learns it and tells nobody
}

// options are those of Dial: f sets the number of the new channel, u whether it
// may be shown.
func (s *Shown) options() string {
	if s == nil {
		return ""
	}
	if !externalPattern.MatchString(s.Number) {
		return ""
	}
	if s.Hidden {
		return "f(" + s.Number + ")u(prohib)"
	}
	return "f(" + s.Number + ")u(allowed)"
}

// presentationOf is the number that a carrier is shown for a call that an
// extension answers for: its own presentation number, or the trunk's.
func presentationOf(e *Extension, t *Trunk) string {
	if e.PresentationNumber != "" {
		return e.PresentationNumber
	}
	return t.CallerNumber
}

// CountryOf returns the country that an extension is in, "" when nobody said.
func (s *Snapshot) CountryOf(e *Extension) string {
	if t := s.Tenant(e.Tenant); e.Country == "" && t != nil {
		return t.Country
	}
	return e.Country
}

// inbound leads a call from a trunk to where the number leads that was called, of the
// tenant that TenantCalled says. Nothing else can be reached from there: neither codes nor
// the other trunk.
func inbound(r routing, t *Trunk) Plan {
	n := r.s.NumberSent(r.c.Tenant, r.c.Dialled)
	return r.callsBack(n, r.broughtBy(t, n))
}

// broughtBy is the plan of a call that a trunk brings to a number of the tenant, or to none.
func (r routing) broughtBy(t *Trunk, n *Number) Plan {
	if d := r.defaultNumber(); n == nil && d != nil {
		if why := r.full(t, 1); why != "" {
			return atBound(why)
		}
		p := r.toNumber(d)
		p.Steps[0].Rule = fmt.Sprintf("trunk %s brings a call to %s, which is no number of tenant %s, and its default is: %s",
			t.Name, quote(r.c.Dialled), r.c.Tenant, p.Steps[0].Rule)
		return p
	}
	if n == nil {
		name := t.Name
		if t.Tenant != r.c.Tenant { // the name is the other tenant's alone
			name = "of a carrier"
		}
		p := hangup(CauseUnallocated, "trunk %s brings a call to %s, which is no number of tenant %s", name,
			quote(r.c.Dialled), r.c.Tenant)
		p.Steps[0].Unknown = true
		return p
	}
	if why := r.full(t, 1); why != "" {
		return atBound(why)
	}
	return r.toNumber(n)
}

// defaultNumber is the number that a call is for which a trunk of the tenant brings to a number
// of no tenant, or nil.
func (r routing) defaultNumber() *Number {
	t := r.s.trunkOf(r.c)
	if t == nil || t.Tenant != r.c.Tenant || r.s.NumberCalled(t.Tenant, r.c.Dialled) != nil {
		return nil
	}
	return r.s.NumberOf(t.Tenant, t.DefaultNumber)
}

// checkOutward refuses values that are none, whatever else there is.
func (e *Extension) checkOutward(es *Errors) {
	es.Add(CheckCountry("country", e.Country))
	if e.ClassOfService != "" {
		es.Add(CheckName("class_of_service", e.ClassOfService))
	}
	if e.PresentationNumber != "" {
		es.Add(CheckE164("presentation_number", e.PresentationNumber))
	}
}
