package pbx

import "time"

// maxPlaces bounds a simulation: a call may be sent on in several ways from each
// of the places it gets to.
const maxPlaces = 200

// Place is one place that a call can get to: what Route says there, and for each
// step that sends it on the place where it gets to then.
type Place struct {
	At   Destination // zero is what was dialled
	Plan Plan
	Then map[int]*Place // by index of the step in Plan
	// Cut is set when the simulation ends here because it has become too large.
	Cut bool
}

// Simulate says what happens to a call, whatever comes back from its steps, by the
// code that routes live calls.
func Simulate(s *Snapshot, c Call, now time.Time) *Place {
	left := maxPlaces
	return simulate(s, c, now, &left)
}

func simulate(s *Snapshot, c Call, now time.Time, left *int) *Place {
	p := &Place{Then: map[int]*Place{}}
	if n := len(c.Hops); n > 0 {
		p.At = c.Hops[n-1]
	}
	if *left--; *left < 0 {
		p.Cut = true
		return p
	}
	p.Plan = Route(s, c, now)
	for i, step := range p.Plan.Steps {
		if step.Kind == StepForward {
			p.Then[i] = simulate(s, c.Sent(step.To), now, left)
		}
	}
	return p
}
