package pbx

import (
	"testing"
	"time"
)

// TestNumberThatIsPortedIsCalledOutside: by its own tenant too, and what its carrier brings is
// led to its destination.
func TestNumberThatIsPortedIsCalledOutside(t *testing.T) {
	for _, porting := range []bool{true, false} {
		b := officeBehindDoors()
		b.call.Endpoint, b.call.Dialled = "d101", calledNumber
		if porting {
			b.rows.PortingIn = []string{calledNumber}
		}
		s := NewSnapshot(1, b.rows)
		step := Route(s, b.call, time.Time{}).Steps[0]
		if outside := step.Kind == StepDial && step.Legs[0].Outside == calledNumber; outside != porting {
			t.Errorf("porting %t: %s %s", porting, step.Kind, step.Rule)
		}
		brought := Route(s, Call{Tenant: "acme", Dialled: calledNumber, Endpoint: "tcarrier"}, time.Time{}).Steps[0]
		if brought.Kind != StepForward {
			t.Errorf("porting %t, from the carrier: %s %s", porting, brought.Kind, brought.Rule)
		}
	}
}
