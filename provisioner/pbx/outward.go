package pbx

import (
	"fmt"
	"regexp"
)

// outwardSeconds is how long a number outside rings.
const outwardSeconds = 120

// outwardPattern is what is dialled on a trunk: E.164, or an emergency number. It
// leaves nothing that has a meaning in a SIP URI or in the argument of Dial.
var outwardPattern = regexp.MustCompile(`^(\+[1-9][0-9]{3,14}|[0-9]{2,6})$`)

// toOutside dials a number that is nobody's of the tenant, as its country dials,
// with the rights, the country and the number of owner: the calling extension, or
// the one that sent the call on.
func toOutside(r routing, owner *Extension, number string) Plan {
	if owner == nil {
		return r.forHelp(number)
	}
	out, ok := ReadDialled(r.s.CountryOf(owner), number)
	n := r.s.ExternalNumber(r.c.Tenant, number)
	switch {
	case ok && out.Emergency && len(r.c.Hops) > 0:
		return hangup(CauseUnallocated, "%s is for emergencies, and nobody forwards there", quote(number))
	case ok && out.Emergency:
		return r.leave(owner, NumberSIP, out, out.Number)
	case n != nil && r.s.mayRing(owner, number): // it says itself how the carrier wants it
		return r.leave(owner, n.Type, out, number)
	case !ok || !outwardPattern.MatchString(out.Number):
		return hangup(CauseUnallocated,
			"no extension of tenant %s has the number %s, and it is none of the dialling rules of %s", r.c.Tenant,
			quote(number), r.s.countryText(owner))
	}
	if own := r.s.NumberOf(r.c.Tenant, out.Number); own != nil {
		return r.toOwnNumber(owner, own)
	}
	if why := r.s.forbids(owner, out); why != "" {
		return hangup(CauseRefused, "%s", why)
	}
	return r.leave(owner, NumberSIP, out, out.Number)
}

// toOwnNumber keeps a call to a number of the tenant in the house.
func (r routing) toOwnNumber(owner *Extension, n *Number) Plan {
	if r.s.deniesInternal(owner) {
		return hangup(CauseRefused, "extension %s may not call %s: class of service %s denies internal", owner.Number,
			n.Number, r.s.ClassOf(owner).Name)
	}
	return r.toNumber(n)
}

// toNumber sends a call on to where a number of the tenant leads.
func (r routing) toNumber(n *Number) Plan {
	switch why := r.barred(n.Destination); {
	case n.Destination.IsZero():
		return hangup(CauseUnallocated, "%s is a number of tenant %s and leads nowhere", n.Number, n.Tenant)
	case why != "":
		return hangup(CauseAbsent, "the call to %s is %s", n.Number, why)
	}
	return Plan{Steps: []Step{sendOn(n.Destination, "%s is a number of tenant %s", n.Number, n.Tenant)}}
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
	if out, ok := ReadDialled(r.s.CountryOf(country), r.c.Dialled); !ok || !out.Emergency {
		return Plan{}, false
	}
	return toOutside(r, owner, r.c.Dialled), true
}

// forHelp lets a device that is nobody's, such as a free desk, call for help and
// nobody else. What comes from no device, as in a simulation, comes from outside.
func (r routing) forHelp(number string) Plan {
	nobody := &Extension{Tenant: r.c.Tenant, Number: "of nobody"}
	if out, ok := ReadDialled(r.s.CountryOf(nobody), number); ok && out.Emergency && r.c.Device(r.s) != nil {
		return r.leave(nobody, NumberSIP, out, out.Number)
	}
	if n := r.s.NumberSent(r.c.Tenant, number); n != nil && r.c.actor() == "" {
		return r.toNumber(n)
	}
	return hangup(CauseUnallocated, "no extension of tenant %s has the number %s, and only an extension may call outside",
		r.c.Tenant, quote(number))
}

// leave is the plan that dials a number on the tenant's trunk for its type.
func (r routing) leave(owner *Extension, by NumberType, out Reading, number string) Plan {
	t := r.s.TrunkFor(r.c.Tenant, by)
	if t == nil || !dialable(t.Endpoint) {
		return hangup(CauseCongestion, "tenant %s has no trunk that %s could leave by", r.c.Tenant, number)
	}
	from := r.c.Extension(r.s)
	dial := Step{Kind: StepDial, Legs: []Leg{{Endpoint: t.Endpoint, Device: number, Outside: number}},
		Seconds: outwardSeconds,
		Record:  owner.Record || from != nil && from.Record, Show: &Shown{Number: presentationOf(owner, t),
			Hidden: owner.Anonymous && !out.Emergency}, Next: follow(1, 2, 3, 4)}
	r.showCaller(&dial, owner, t)
	dial.Rule = fmt.Sprintf("extension %s dials %s through trunk %s: %s", owner.Number, number, t.Name,
		r.s.permits(owner, out))
	return Plan{Steps: []Step{dial,
		hangupStep(CauseNoAnswer, "%s did not answer", number),
		hangupStep(CauseCongestion, "the carrier of trunk %s did not put the call to %s through", t.Name, number),
		hangupStep(CauseBusy, "%s is busy", number),
		hangupStep(CauseNormal, "the call to %s has ended", number)}}
}

// showCaller changes what a carrier is shown for a call that owner forwards, where
// the tenant wants callers to be seen.
func (r routing) showCaller(dial *Step, owner *Extension, t *Trunk) {
	tenant := r.s.Tenant(r.c.Tenant)
	if len(r.c.Hops) == 0 || tenant == nil || tenant.ForwardCaller != ShowCaller {
		return
	}
	dial.Called = presentationOf(owner, t)
	dial.Show = nil // an outside caller's number and its privacy stay as they are
	if from := r.c.Extension(r.s); from != nil {
		dial.Show = &Shown{Number: presentationOf(from, t), Hidden: from.Anonymous}
	}
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

func (s *Snapshot) countryText(e *Extension) string {
	if c := s.CountryOf(e); c != "" {
		return c
	}
	return "a tenant without a country, where only numbers with + are dialled"
}

// inbound leads a call from a trunk to where the number leads that was called, of the
// tenant that TenantCalled says. Nothing else can be reached from there: neither codes nor
// the other trunk.
func inbound(r routing, t *Trunk) Plan {
	n := r.s.NumberSent(r.c.Tenant, r.c.Dialled)
	if n == nil {
		name := t.Name
		if t.Tenant != r.c.Tenant { // the name is the other tenant's alone
			name = "of a carrier"
		}
		return hangup(CauseUnallocated, "trunk %s brings a call to %s, which is no number of tenant %s", name,
			quote(r.c.Dialled), r.c.Tenant)
	}
	return r.toNumber(n)
}

// mayRing reports whether the class of service of an extension lets a number
// outside ring for it. One that cannot be read is beyond every class, and help rings
// for nobody.
func (s *Snapshot) mayRing(e *Extension, number string) bool {
	if CheckLedTo("", number, s.CountriesOf(e.Tenant)) != nil {
		return false
	}
	if s.ClassOf(e) == nil {
		return true
	}
	r, ok := ReadDialled(s.CountryOf(e), number)
	return ok && s.forbids(e, r) == ""
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
	if !e.Type.HasDevices() {
		for field, set := range map[string]string{"class_of_service": e.ClassOfService,
			"presentation_number": e.PresentationNumber, "country": e.Country} {
			if set != "" {
				es.Add(Invalidf(field, "has no effect at an extension of type %s", e.Type))
			}
		}
	}
}
