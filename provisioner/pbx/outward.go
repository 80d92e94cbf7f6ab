package pbx

import "fmt"

// toOutside leads a call to a number outside, with the rights of owner, which is
// nil for a call that no extension is responsible for.
func toOutside(r routing, owner *Extension, number string) Plan {
	t := r.s.TrunkFor(r.c.Tenant, NumberSIP)
	if n := r.s.ExternalNumber(r.c.Tenant, number); n != nil {
		t = r.s.TrunkFor(r.c.Tenant, n.Type)
	}
	if t == nil || owner == nil || !dialable(t.Endpoint) || !externalPattern.MatchString(number) {
		return hangup(CauseAbsent, "no trunk leads to %s", quote(number))
	}
	leg := Leg{Endpoint: t.Endpoint, Device: number, Outside: number}
	return Plan{Steps: []Step{
		{Kind: StepDial, Legs: []Leg{leg}, Seconds: outsideSeconds, Record: owner.Record, Next: follow(1, 2, 3, 4),
			Rule: fmt.Sprintf("trunk %s leads to %s", t.Name, number)},
		hangupStep(CauseNoAnswer, "%s did not answer", number),
		hangupStep(CauseAbsent, "%s cannot be reached", number),
		hangupStep(CauseBusy, "%s is busy", number),
		hangupStep(CauseNormal, "the call to %s has ended", number),
	}}
}

// outsideSeconds is how long a number outside rings: carriers give up after two to
// three minutes themselves.
const outsideSeconds = 120
