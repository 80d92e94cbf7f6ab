package pbx

import (
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Trunk is a line to the outside: a SIP account at a carrier. Calls outside try the trunks of
// a tenant one after the other, see Snapshot.TrunksFor.
type Trunk struct {
	Tenant string
	Name   string // key within the tenant, for people
	// Endpoint is the name of its PJSIP objects: random, unique over all tenants
	// and devices, so that nobody guesses it.
	Endpoint string
	Host     string // the carrier's server: a host name or an IP address
	// Addresses are further networks that the carrier calls from, in the form of
	// CleanNetworks.
	Addresses []string
	Port      int
	Transport Transport
	Username  string // for the carrier's challenge; "" when it lets us in by our address
	Secret    Secret // 1–64 printable ASCII characters; none without Username
	Register  bool   // tell the carrier where we are; needs Username
	// CallerNumber is shown to the carrier as the caller's number; "" shows the
	// caller's own.
	CallerNumber string
	// DefaultNumber is the tenant's number that a call is for which the carrier brings to a number
	// that no tenant has, in E.164; "" refuses such calls.
	DefaultNumber string
	// TrustIDInbound takes the carrier's word for the caller: P-Asserted-Identity (RFC 3325)
	// or Remote-Party-ID. Without it From is the caller.
	TrustIDInbound bool
	Teams          bool // reaches numbers of type teams, and no others
	// MaxCalls is how many calls it carries at once, 0–10,000, in both directions; 0 is without
	// limit. Calls for help do not count against it.
	MaxCalls int
	// QualifySeconds is the pause between OPTIONS that ask whether the carrier answers,
	// 0–3600; 0 never asks. A trunk that is asked and does not answer carries calls for help
	// alone.
	QualifySeconds int
	// Priority says when it is tried, 0–100: lower ones first, and by name where equal.
	Priority int
	// Disabled takes it out of use: it does not register and brings no calls. Calls for help
	// try it last.
	Disabled bool
	// Codecs are names of PhoneCodecs, best first; empty has those of the tenant, and beside
	// them those that every carrier speaks.
	Codecs []string
	DTMF   string // of DTMFModes; "" is DefaultDTMF
	// FromUser and FromDomain stand in From in place of the caller's number and Host, for
	// carriers that know an account by them; "" leaves these.
	FromUser, FromDomain string
	OutboundProxy        string // host, perhaps with a port, by which all SIP goes; "" goes to Host
	SRTP                 string // of SRTPPolicies; "" is SRTPOff
	CallerIDPrivacy      string // of PrivacyPolicies; "" is PrivacyAsserted
	IdentityHeader       string // of IdentityHeaders; "" is IdentityPAI
	Version              int64
	Revision             int64
}

// The bounds of calls outside where nobody said otherwise: two lines of ISDN for a trunk. A
// forward that goes in a circle through a carrier that tells nothing ends there.
const (
	DefaultTrunkCalls  = 60
	DefaultTenantCalls = 120
	maxCalls           = 10_000
)

// Transport carries SIP.
type Transport string

// The transports that a trunk may use.
const (
	TransportUDP Transport = "udp"
	TransportTCP Transport = "tcp"
	TransportTLS Transport = "tls" // the carrier's certificate is checked
)

// DefaultTrunkPort is SIP's own, DefaultTrunkTLSPort that of SIP over TLS.
const (
	DefaultTrunkPort    = 5060
	DefaultTrunkTLSPort = 5061
)

// DefaultTrunkPriority leaves room before and behind.
const DefaultTrunkPriority = 50

// DefaultTrunkQualify is how often a carrier is asked whether it answers, in seconds.
const DefaultTrunkQualify = 30

// NewTrunkEndpoint returns a random endpoint name: 't' and 16 characters, so that
// it differs from every device's.
func NewTrunkEndpoint() string { return "t" + randomText(10) }

var userPattern = regexp.MustCompile(`^[A-Za-z0-9._+-]{1,64}$`)

// Reaches returns the type of number that the trunk leads to.
func (t *Trunk) Reaches() NumberType {
	if t.Teams {
		return NumberTeams
	}
	return NumberSIP
}

// Server is the SIP URI of the carrier: its server, without a user.
func (t *Trunk) Server() string { return "sip:" + t.Address() }

// Address is the part of the carrier's URIs behind the user.
func (t *Trunk) Address() string {
	out := URIHost(t.Host) + ":" + strconv.Itoa(t.Port)
	if t.Transport == TransportTCP || t.Transport == TransportTLS {
		out += ";transport=" + string(t.Transport)
	}
	return out
}

// URIHost writes a host as a URI does: brackets around an IPv6 address.
func URIHost(host string) string {
	if a, err := netip.ParseAddr(host); err == nil && a.Is6() {
		return "[" + host + "]"
	}
	return host
}

// Validate returns all broken rules.
func (t *Trunk) Validate() error {
	var es Errors
	es.Add(CheckName("name", t.Name))
	es.Add(checkHost("host", t.Host))
	es.Add(CheckRange("port", t.Port, 1, 65535, ""))
	if !slices.Contains([]Transport{TransportUDP, TransportTCP, TransportTLS}, t.Transport) {
		es.Add(Invalidf("transport", "%s is not a transport: use udp, tcp or tls", quote(string(t.Transport))))
	}
	es = append(es, checkCarrierNetworks("addresses", t.Addresses)...)
	es.Add(t.checkAccount())
	es.Add(CheckRange("max_calls", t.MaxCalls, 0, maxCalls, "calls"))
	es.Add(CheckRange("qualify_seconds", t.QualifySeconds, 0, 3600, "seconds"))
	es.Add(CheckRange("priority", t.Priority, 0, 100, ""))
	if t.Register && t.Username == "" {
		es.Add(Invalidf("register", "needs a username to register as"))
	}
	if t.DefaultNumber != "" {
		es.Add(CheckE164("default_number", t.DefaultNumber))
	}
	if t.CallerNumber != "" {
		es.Add(CheckExternalNumber("caller_number", t.CallerNumber))
	}
	t.checkSIP(&es)
	return es.Err()
}

func (t *Trunk) checkAccount() *Error {
	password := t.Secret.Reveal()
	switch {
	case t.Username == "" && password == "":
		return nil
	case t.Username == "":
		return Invalidf("username", "is required where there is a secret")
	case !userPattern.MatchString(t.Username):
		return Invalidf("username", "%s is not a user name: use 1 to 64 letters, digits, '.', '_', '+' and '-'",
			quote(t.Username))
	case password == "":
		return Invalidf("secret", "is required where there is a username")
	case len(password) > 64 || strings.ContainsFunc(password, func(r rune) bool { return r <= ' ' || r > '~' }):
		return Invalidf("secret", "must be 1 to 64 printable ASCII characters without spaces")
	}
	return nil
}

// CheckOutside refuses a trunk that leads to this server itself, where every call would
// come back: its host or outbound proxy is one of own or loopback, and the port the one where
// Asterisk listens for SIP. A host name that only DNS leads here is not seen.
func (t *Trunk) CheckOutside(port int, own []string) *Error {
	field := "host"
	if t.OutboundProxy != "" {
		field = "outbound_proxy"
	}
	peer, at := t.peer()
	host := strings.ToLower(peer)
	here := host == "localhost" || strings.HasSuffix(host, ".localhost") || slices.Contains(own, host)
	if a, err := netip.ParseAddr(host); err == nil {
		here = here || a.Unmap().IsLoopback() || slices.Contains(own, a.Unmap().String())
	}
	if here && at == port {
		return Invalidf(field, "%s is this server itself: name the carrier's", quote(peer))
	}
	return nil
}
