package pbx

import (
	"net/netip"
	"time"
)

// FailedHandshake is a TLS handshake at the phone listener that came to nothing: observed
// state. Nobody knows which phone it was, only where it came from.
type FailedHandshake struct {
	Address     netip.Addr
	Reason      HandshakeReason
	Detail      string // in the words of the TLS library
	First, Last time.Time
	Count       int64
}

// HandshakeReason is why a TLS handshake failed.
type HandshakeReason string

// The reasons.
const (
	HandshakeVersion        HandshakeReason = "old-version"      // it speaks older versions of TLS only
	HandshakeCipher         HandshakeReason = "no-common-cipher" // no cipher suite is known to both, as without ECDHE
	HandshakeOurCertificate HandshakeReason = "our-certificate"  // it does not accept the listener's certificate
	HandshakeItsCertificate HandshakeReason = "its-certificate"  // no authority of ours signed its certificate
	HandshakePlain          HandshakeReason = "plain-http"       // it speaks HTTP without TLS to this port
	HandshakeOther          HandshakeReason = "other"
)

// Remedy says what helps against a reason, "" if nothing is known.
func (r HandshakeReason) Remedy() string {
	return map[HandshakeReason]string{
		HandshakeVersion:        "new firmware, --phone-tls-old, or the plain phone listener",
		HandshakeCipher:         "new firmware, --phone-tls-old, or the plain phone listener",
		HandshakeOurCertificate: "a certificate of an authority that the phone knows, for the name in --phone-url",
		HandshakeItsCertificate: "the certificates of the phone's maker in --phone-client-ca",
		HandshakePlain:          "https:// in the URL that the phone was given",
	}[r]
}
