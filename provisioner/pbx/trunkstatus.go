package pbx

import "time"

// Registration is the word for whether a trunk is registered at its carrier.
type Registration string

// The words for a registration. Asterisk has one word for a refusal and for silence.
const (
	Registered         Registration = "registered"
	RegistrationFailed Registration = "rejected" // refused, or no answer
	Unregistered       Registration = "unregistered"
	NotRegistering     Registration = "not-registering" // the trunk does not ask for it
	RegistrationUnseen Registration = ""                // Asterisk has not told yet
)

// TrunkReach is the word for whether a carrier answers OPTIONS.
type TrunkReach string

// The words for a carrier's reachability.
const (
	TrunkReachable   TrunkReach = "reachable"
	TrunkUnreachable TrunkReach = "unreachable"
	TrunkNotAsked    TrunkReach = "not-asked"
	TrunkUnseen      TrunkReach = "" // Asterisk has not told yet
)

// TrunkStatus is what is observed of a trunk, kept apart from the Trunk that is wanted.
type TrunkStatus struct {
	Registration Registration
	Reach        TrunkReach
	Unresolvable bool      // the name of its host leads to no address
	Since        time.Time // when one of these last changed
	// Refusal is Asterisk's word for the last registration that failed; "" without one. AMI does
	// not tell the SIP code.
	Refusal   string
	RefusedAt time.Time // when that was noticed
	// CallRefusal is the last SIP answer by which the carrier has refused a call for our
	// account: 401, 403 or 407; 0 without one.
	CallRefusal   int
	CallRefusedAt time.Time
}

// UnknownNumber is a number that a carrier has called, and that no tenant has.
type UnknownNumber struct {
	Number      string
	Count       int // of calls since First
	First, Last time.Time
	Told        time.Time // when an event last told of it
}

// MaxUnknownNumbers is how many unknown numbers are kept of each trunk: those called last.
const MaxUnknownNumbers = 20

// Trouble says why calls through the trunk are likely to fail; "" where nothing speaks for it.
func (s TrunkStatus) Trouble() string {
	switch {
	case s.Unresolvable:
		return "the name of its host leads to no address"
	case s.Registration == RegistrationFailed:
		return "its carrier refuses the registration or does not answer"
	case s.Reach == TrunkUnreachable:
		return "its carrier does not answer OPTIONS"
	}
	return ""
}
