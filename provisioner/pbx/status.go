package pbx

import (
	"net/netip"
	"time"
)

// Reachability is the word for whether a device can be reached, as the product
// shows it (FEATURES H1).
type Reachability string

// The five words. NeverRegistered is shown as an empty word.
const (
	ReachOK          Reachability = "OK"          // registered and answering
	ReachUnreachable Reachability = "UNREACHABLE" // registered before, does not answer
	ReachUnknown     Reachability = "UNKNOWN"     // was unreachable, given up
	ReachUnmonitored Reachability = "UNMONITORED" // registered, never asked
	NeverRegistered  Reachability = ""            // nothing registered
)

// CallState is what a device is doing.
type CallState string

// The states of a device.
const (
	CallIdle    CallState = "idle"
	CallRinging CallState = "ringing"
	CallInUse   CallState = "in-call"
	CallOnHold  CallState = "on-hold"
	CallUnknown CallState = "" // not reported
)

// EndpointStatus is what Asterisk says about one endpoint: observed state, kept
// apart from the Device that asked for it.
type EndpointStatus struct {
	Endpoint   string
	Reach      Reachability
	Address    netip.AddrPort // invalid while nothing is registered
	RoundTrip  time.Duration  // of the last answered OPTIONS; 0 unknown
	UserAgent  string
	Expires    time.Time // end of the registration; zero unknown
	Call       CallState
	ReachSince time.Time // when Reach last changed
	CallSince  time.Time // when Call last changed
	// SeenAt is when Asterisk last confirmed these values (an event or a full
	// list); the age that is shown counts from here.
	SeenAt time.Time
}

// PhoneFetch is one request of a phone for one of its files.
type PhoneFetch struct {
	MAC       MAC
	File      string // name as asked for, without the secret
	Status    int    // HTTP status answered
	Hash      string // SHA-256 of the answered bytes, hexadecimal; "" when there were none
	Address   netip.Addr
	UserAgent string // at most 200 bytes are kept
	// Own means that the phone proved to be itself, by the secret in its own URL
	// or by its certificate.
	Own bool
	// Enrolling means that the secret was EnrolSecret, Former that it was FormerSecret.
	// Neither is stored.
	Enrolling bool
	Former    bool
	At        time.Time
}
