package pbx

import (
	"fmt"
	"strings"
)

// toFeature decides what a feature code does. number is what followed it.
func toFeature(r routing, f Feature, number string) Plan {
	switch f {
	case FeatureVoicemail:
		return ownMessages(r.s, r.c)
	case FeaturePickup:
		return pickup(r.s, r.c)
	case FeatureSignIn, FeatureSignOut:
		return desk(r.s, r.c, f)
	case FeatureDirectedPickup:
		return directedPickup(r, number)
	case FeatureIntercom:
		return intercom(r, number)
	case FeatureEcho:
		return Plan{Steps: []Step{{Kind: StepEcho, Rule: fmt.Sprintf("%s plays back what the caller says", r.c.Dialled)}}}
	case FeatureMonitor:
		return monitor(r, number)
	}
	return setting(r, f, number)
}

// directedPickup takes a call that rings at one extension. Which one, only Asterisk
// knows: it is told the places where the tenant's calls to the extension ring.
func directedPickup(r routing, number string) Plan {
	if r.c.Device(r.s) == nil {
		return hangup(CauseRefused, "%s picks up a call, and the caller is no device of tenant %s", quote(r.c.Dialled),
			r.c.Tenant)
	}
	if r.s.Extension(r.c.Tenant, number) == nil {
		return hangup(CauseUnallocated, "%s picks up a call at an extension, and tenant %s has no %s", quote(r.c.Dialled),
			r.c.Tenant, quote(number))
	}
	rule := fmt.Sprintf("picks up a call that rings at extension %s", number)
	return Plan{Steps: []Step{{Kind: StepPickup, Of: number, Cause: CauseAbsent, Rule: rule}}}
}

// intercomSeconds is how long a phone may take to answer by itself: a Polycom rings
// once before.
const intercomSeconds = 15

// AlertAnswer is the word in Alert-Info by which a phone answers by itself.
const AlertAnswer = "alert-autoanswer"

// intercom calls the desk phones of an extension, which answer by themselves. It
// goes nowhere else: neither forwards nor voicemail nor numbers outside.
func intercom(r routing, number string) Plan {
	e := r.s.Extension(r.c.Tenant, number)
	switch {
	case e == nil:
		return hangup(CauseUnallocated, "intercom: no extension of tenant %s has the number %s", r.c.Tenant, quote(number))
	case r.c.Extension(r.s) != nil && r.c.Extension(r.s) != e && r.s.deniesInternal(r.c.Extension(r.s)):
		return hangup(CauseRefused, "intercom: extension %s may not call %s: class of service %s denies internal",
			r.c.Extension(r.s).Number, e.Number, r.s.ClassOf(r.c.Extension(r.s)).Name)
	case e.DoNotDisturb:
		return hangup(CauseBusy, "intercom: extension %s does not want to be disturbed", e.Number)
	case r.inUse(e):
		return hangup(CauseBusy, "intercom: extension %s is in a call, which nobody else is to hear", e.Number)
	}
	dial := Step{Kind: StepDial, Seconds: intercomSeconds, Alert: AlertAnswer, Next: follow(1, 1, 2, 3)}
	for _, d := range r.s.RungBy(e) {
		if d.Kind.SIP() && d.Endpoint != r.c.Endpoint && dialable(d.Endpoint) && len(dial.Legs) < maxLegs {
			dial.Legs = append(dial.Legs, Leg{Endpoint: d.Endpoint, Technology: d.Technology(), Device: d.Name})
		}
	}
	if len(dial.Legs) == 0 {
		return hangup(CauseAbsent, "intercom: extension %s has no phone that could answer by itself", e.Number)
	}
	dial.Rule = fmt.Sprintf("intercom: %d phones of extension %s are asked to answer by themselves", len(dial.Legs),
		e.Number)
	return Plan{Steps: []Step{dial,
		hangupStep(CauseAbsent, "no phone of extension %s answered by itself", e.Number),
		hangupStep(CauseBusy, "extension %s is busy", e.Number),
		hangupStep(CauseNormal, "the call to extension %s has ended", e.Number),
	}}
}

// parked leads to a slot for parked calls. Whether a call is parked there, only
// Asterisk knows.
func parked(r routing) Plan {
	rule := fmt.Sprintf("takes the call that is parked at %s; without one the call ends", r.c.Dialled)
	if r.c.By != "" {
		rule = fmt.Sprintf("is transferred to %s and parked there, or at the next free slot", r.c.Dialled)
	}
	return Plan{Steps: []Step{{Kind: StepPark, Rule: rule}}}
}

// PickupMark marks the endpoints of an extension's devices for directed pickup.
func PickupMark(tenant, number string) string { return number + "." + tenant }

// PickupOf is the argument of Pickup for a call that rings at an extension: calls
// that were dialled to it, with the controller and without, then calls that ring
// its devices for another number. No other tenant has these contexts and marks.
func PickupOf(tenant, number string) string {
	return strings.Join([]string{number + "@" + DialContext(tenant), number + "@" + FallbackContext(tenant),
		PickupMark(tenant, number) + "@PICKUPMARK"}, "&")
}
