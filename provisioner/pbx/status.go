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
	// Reason is why the phone did not get the file; "" where it did.
	Reason Refusal
	// Enrolling means that the secret was EnrolSecret, Former that it was FormerSecret.
	// Neither is stored.
	Enrolling bool
	Former    bool
	At        time.Time
}

// Refusal is why a request of a phone was not answered with a file.
type Refusal string

// The reasons. All of them are the same 404 for the client.
const (
	RefusedWindow      Refusal = "window-closed"     // by the generic URL, after its enrolment window or in it once it had its files
	RefusedNetwork     Refusal = "other-network"     // from elsewhere than its tenant's phone_networks
	RefusedCertificate Refusal = "other-certificate" // with the certificate of another phone
	RefusedURL         Refusal = "other-url"         // by a secret URL that is not the phone's, or that has ended
	RefusedFile        Refusal = "unknown-file"      // a file that phones of its make and model do not have
	RefusedNothing     Refusal = "nothing-sent"      // a file that the phone itself was to send before
)

// RefusedNobody is the reason of phones that belong to nobody, in the inbox alone.
const RefusedNobody Refusal = "not-adopted"

// Refusals are all reasons of requests of phones, with "" first. The order is that of stored requests: new ones
// come last.
func Refusals() []Refusal {
	return []Refusal{"", RefusedWindow, RefusedNetwork, RefusedCertificate, RefusedURL, RefusedFile, RefusedNothing}
}
