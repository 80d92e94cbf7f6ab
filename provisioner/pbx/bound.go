package pbx

import (
	"fmt"
	"slices"
)

// full says why no further call may go through a trunk, "" when one may. present is how
// many of its calls are the one that asks: 1 for a call that it brought, 0 for another.
func (r routing) full(t *Trunk, present int) string {
	if r.c.Live == nil {
		return ""
	}
	if why := r.trunkFull(t, present); why != "" {
		return why
	}
	return r.tenantFull(t.Tenant, present)
}

// trunkFull is full for the trunk's own bound.
func (r routing) trunkFull(t *Trunk, present int) string {
	if r.c.Live != nil && t.MaxCalls > 0 && r.c.Live.Calls(t.Endpoint)-present >= t.MaxCalls {
		return fmt.Sprintf("trunk %s carries %s already, as many as it may at once", t.Name, count(t.MaxCalls, "call"))
	}
	return ""
}

// tenantFull is full for the bound of a tenant.
func (r routing) tenantFull(name string, present int) string {
	tenant := r.s.Tenant(name)
	if r.c.Live == nil || tenant == nil || tenant.MaxCalls == 0 {
		return ""
	}
	calls := -present
	for _, by := range []NumberType{NumberSIP, NumberTeams} {
		for _, t := range r.s.trunks[key{name, string(by)}] {
			calls += r.c.Live.Calls(t.Endpoint)
		}
	}
	if calls >= tenant.MaxCalls {
		return fmt.Sprintf("tenant %s has %s outside already, as many as it may at once", name,
			count(tenant.MaxCalls, "call"))
	}
	return ""
}

// atBound is the plan of a call that a bound refuses.
func atBound(why string) Plan {
	p := hangup(CauseCongestion, "%s", why)
	p.Steps[0].AtBound = true
	return p
}

// silent reports whether a trunk's carrier is asked whether it answers, and does not.
func (r routing) silent(t *Trunk) bool {
	return t.QualifySeconds > 0 && r.c.Live != nil && !r.c.Live.Answers(t.Endpoint)
}

// leads reports whether a leg that leads outside may: not where the call came from, and not
// where each of its trunks is full or has a silent carrier, nor past the guard.
func (r routing) leads(e *Extension, l Leg) bool {
	if r.isCaller(e, l) {
		return false
	}
	if !l.ownOutside() {
		return true
	}
	return slices.ContainsFunc(l.Own.Ways, func(w Way) bool {
		t := r.s.TrunkOf(w.Trunk)
		return t == nil || r.linkOf(outlet{trunk: t}).open() && r.tenantFull(t.Tenant, 0) == ""
	}) && r.mayCharge(l.Own)
}
