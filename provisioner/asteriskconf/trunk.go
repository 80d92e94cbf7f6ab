package asteriskconf

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// pjsipTrunk becomes one AOR, one endpoint and one identify of the same name, with
// an auth if it has an account, and a registration if it registers.
type pjsipTrunk struct {
	Endpoint endpointName
	Tenant   contextName
	Host     confValue   // calls from this host are the trunk's
	Networks []confValue // from which it calls as well
	Trusts   bool        // the caller is the one that it asserts
	Domain   confValue   // host part of From
	User     confValue   // user part of From; empty has the caller's number
	Proxy    confValue   // SIP URI of the outbound proxy; may be empty
	Codecs   string      // formats, best first
	DTMF     string
	PAI      bool // P-Asserted-Identity tells the caller
	RPID     bool // Remote-Party-ID does
	Hides    bool // the carrier does not learn of a caller that withholds its number
	// Encrypted offers SRTP, Optimistic also takes calls without.
	Encrypted, Optimistic bool
	Server                confValue // SIP URI of the carrier
	Account               bool
	Username              confValue
	Secret                confValue
	Register              bool
	Identify              bool      // calls that come from there are its
	Client                confValue // SIP URI that we register as
	Qualify               int       // seconds; 0 never
	MaxCalls              int       // 0 is without limit
	// TLS leads out by our own transport alone, which checks the carrier's certificate. Without
	// it calls and registrations fail, and go nowhere in clear.
	TLS bool
}

func pjsipTrunkOf(s *pbx.Snapshot, t *pbx.Trunk, o Options) (v pjsipTrunk, err error) {
	if s.Tenant(t.Tenant) == nil {
		return v, fmt.Errorf("no such tenant")
	}
	if err := t.Validate(); err != nil { // a host or user name is written into URIs
		return v, err
	}
	v.TLS = t.Transport == pbx.TransportTLS
	v.Account, v.Register, v.Qualify = t.Username != "", t.Register && !t.Disabled, t.QualifySeconds
	v.Identify, v.MaxCalls = !t.Disabled, t.MaxCalls
	// Asterisk takes calls of one host for any trunk there: the dialplan takes from a
	// tenant that does not trust what another's trunk lets in.
	v.Trusts = slices.ContainsFunc(s.Trunks, func(o *pbx.Trunk) bool {
		return o.TrustIDInbound && strings.EqualFold(o.Peer(), t.Peer())
	})
	v.Codecs, v.DTMF = strings.Join(o.formatsOfTrunk(s, t), ","), cmp.Or(t.DTMF, pbx.DefaultDTMF)
	v.PAI, v.RPID = cmp.Or(t.IdentityHeader, pbx.IdentityPAI) == pbx.IdentityPAI, t.IdentityHeader == pbx.IdentityRPID
	v.Hides = t.CallerIDPrivacy == pbx.PrivacyAnonymous
	v.Encrypted, v.Optimistic = cmp.Or(t.SRTP, pbx.SRTPOff) != pbx.SRTPOff, t.SRTP == pbx.SRTPOptional
	var es pbx.Errors
	for _, network := range t.Addresses {
		v.Networks = append(v.Networks, confValue{})
		into(&es, &v.Networks[len(v.Networks)-1])(newConfValue("addresses", network))
	}
	into(&es, &v.Endpoint)(newEndpointName("endpoint", t.Endpoint))
	into(&es, &v.Tenant)(newContextName("tenant", t.Tenant, plainName))
	into(&es, &v.Host)(newConfValue("host", t.Peer()))
	into(&es, &v.Domain)(newConfValue("host", pbx.URIHost(cmp.Or(t.FromDomain, t.Host))))
	into(&es, &v.User)(newConfValue("from_user", t.FromUser))
	into(&es, &v.Proxy)(newConfValue("outbound_proxy", t.Proxy()))
	into(&es, &v.Server)(newConfValue("host", t.Server()))
	into(&es, &v.Username)(newConfValue("username", t.Username))
	into(&es, &v.Secret)(newConfValue("secret", t.Secret.Reveal()))
	into(&es, &v.Client)(newConfValue("username", "sip:"+t.Username+"@"+t.Address()))
	return v, es.Err()
}
