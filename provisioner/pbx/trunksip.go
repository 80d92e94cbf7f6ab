package pbx

import (
	"cmp"
	"slices"
	"strconv"
)

// The ways in which keys that are pressed go over a trunk.
const (
	DTMFAuto    = "auto"    // telephone-event where the carrier offers it, else tones
	DTMFEvents  = "rfc4733" // telephone-event, RFC 4733
	DTMFInband  = "inband"  // tones in the voice
	DTMFInfo    = "info"    // SIP INFO
	DefaultDTMF = DTMFAuto
)

// The ways in which a carrier learns of a caller that withholds its number.
const (
	// PrivacyAsserted tells the carrier alone: the identity header and Privacy, RFC 3323 and 3325.
	PrivacyAsserted  = "asserted"
	PrivacyAnonymous = "anonymous" // tells nobody: From is anonymous and there is no identity header
)

// The headers that tell a carrier the caller, beside From.
const (
	IdentityPAI  = "pai"  // P-Asserted-Identity, RFC 3325
	IdentityRPID = "rpid" // Remote-Party-ID, which older carriers read
	IdentityOff  = "off"
)

// The words for encryption of the voice by SDES, RFC 4568.
const (
	SRTPOff      = "off"
	SRTPOptional = "optional" // offered, and calls without it are taken too
	SRTPRequired = "required"
)

// The values that a trunk may choose from; the first is that of a trunk which does not say.
var (
	DTMFModes       = []string{DTMFAuto, DTMFEvents, DTMFInband, DTMFInfo}
	PrivacyPolicies = []string{PrivacyAsserted, PrivacyAnonymous}
	IdentityHeaders = []string{IdentityPAI, IdentityRPID, IdentityOff}
	SRTPPolicies    = []string{SRTPOff, SRTPOptional, SRTPRequired}
)

// checkSIP refuses how a trunk must not speak SIP.
func (t *Trunk) checkSIP(es *Errors) {
	if len(t.Codecs) > 0 {
		checkCodecs(es, t.Codecs)
	}
	es.Add(checkOneOf("dtmf", t.DTMF, DTMFModes))
	es.Add(checkOneOf("caller_id_privacy", t.CallerIDPrivacy, PrivacyPolicies))
	es.Add(checkOneOf("identity_header", t.IdentityHeader, IdentityHeaders))
	es.Add(checkOneOf("srtp", t.SRTP, SRTPPolicies))
	if t.FromUser != "" && !userPattern.MatchString(t.FromUser) {
		es.Add(Invalidf("from_user", "%s is not a user name: use 1 to 64 letters, digits, '.', '_', '+' and '-'",
			quote(t.FromUser)))
	}
	if t.FromDomain != "" {
		es.Add(checkHost("from_domain", t.FromDomain))
	}
	if clean, err := ParseServer("outbound_proxy", t.OutboundProxy); t.OutboundProxy != "" &&
		(err != nil || clean != t.OutboundProxy) {
		es.Add(cmp.Or(err, Invalidf("outbound_proxy", "%s is to be written as %s", quote(t.OutboundProxy), clean)))
	}
}

// Peer is the host that SIP is exchanged with: the outbound proxy, or else the carrier's server.
func (t *Trunk) Peer() string {
	host, _ := t.peer()
	return host
}

// peer is Peer with its port.
func (t *Trunk) peer() (host string, port int) {
	if t.OutboundProxy == "" {
		return t.Host, t.Port
	}
	host, port = SplitServer(t.OutboundProxy)
	switch {
	case port != 0:
	case t.Transport == TransportTLS:
		port = DefaultTrunkTLSPort
	default:
		port = DefaultTrunkPort
	}
	return host, port
}

// Proxy is the SIP URI of the outbound proxy, "" without one. It routes loosely (lr, RFC 3261,
// 16.12), or Asterisk would put it into the request line.
func (t *Trunk) Proxy() string {
	if t.OutboundProxy == "" {
		return ""
	}
	host, port := t.peer()
	uri := "sip:" + URIHost(host) + ":" + strconv.Itoa(port) + ";lr"
	if slices.Contains([]Transport{TransportTCP, TransportTLS}, t.Transport) {
		uri += ";transport=" + string(t.Transport)
	}
	return uri
}
