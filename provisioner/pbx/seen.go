package pbx

import (
	"crypto/sha256"
	"encoding/hex"
	"net/netip"
	"time"
)

// PhoneSeen is what a phone's requests prove: observed state, kept apart from the Phone.
// Only requests by a URL of its own or by its certificate count, except for GivenTo.
type PhoneSeen struct {
	MAC MAC
	// Enrolled is EnrolmentOf the phone when it fetched its full file. It differs
	// from the present one when the phone was to enrol again since.
	Enrolled   string
	EnrolledAt time.Time
	// Moved is EnrolmentOf the phone when it used its own URL.
	Moved         string
	SeenAt        time.Time // last request
	FetchedAt     time.Time // when it last got a file or was told that it has it
	Address       netip.Addr
	FormerAddress netip.Addr // the one before Address; invalid when there was none
	AddressSince  time.Time
	UserAgent     string            // the last that named make and firmware
	Files         map[string]string // SHA-256 in hexadecimal of what it holds, by file name
	// Given is EnrolmentOf the phone when the generic URL gave its enrolment URL to GivenTo.
	// GivenAlso is the last address in another network that got it as well; invalid when
	// there was none.
	Given       string
	GivenTo     netip.Addr
	GivenAlso   netip.Addr
	GivenAlsoAt time.Time
}

// EnrolmentOf identifies the secret with which a phone is or was enrolled,
// without giving it away.
func EnrolmentOf(p *Phone) string {
	sum := sha256.Sum256([]byte("enrolment of " + string(p.MAC) + " by " + p.URLSecret.Reveal()))
	return hex.EncodeToString(sum[:])
}
