package asteriskconf

import (
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
	Server   confValue   // SIP URI of the carrier
	Account  bool
	Username confValue
	Secret   confValue
	Register bool
	Identify bool      // calls that come from there are its
	Client   confValue // SIP URI that we register as
	Qualify  int       // seconds; 0 never
	// TLS leads out by our own transport alone, which checks the carrier's certificate. Without
	// it calls and registrations fail, and go nowhere in clear.
	TLS bool
}

func pjsipTrunkOf(s *pbx.Snapshot, t *pbx.Trunk) (v pjsipTrunk, err error) {
	if s.Tenant(t.Tenant) == nil {
		return v, fmt.Errorf("no such tenant")
	}
	if err := t.Validate(); err != nil { // a host or user name is written into URIs
		return v, err
	}
	v.TLS = t.Transport == pbx.TransportTLS
	v.Account, v.Register, v.Qualify = t.Username != "", t.Register && !t.Disabled, t.QualifySeconds
	v.Identify = !t.Disabled
	// Asterisk takes calls of one host for any trunk there: the dialplan takes from a
	// tenant that does not trust what another's trunk lets in.
	v.Trusts = slices.ContainsFunc(s.Trunks, func(o *pbx.Trunk) bool {
		return o.TrustIDInbound && strings.EqualFold(o.Host, t.Host)
	})
	var es pbx.Errors
	for _, network := range t.Addresses {
		v.Networks = append(v.Networks, confValue{})
		into(&es, &v.Networks[len(v.Networks)-1])(newConfValue("addresses", network))
	}
	into(&es, &v.Endpoint)(newEndpointName("endpoint", t.Endpoint))
	into(&es, &v.Tenant)(newContextName("tenant", t.Tenant, plainName))
	into(&es, &v.Host)(newConfValue("host", t.Host))
	into(&es, &v.Domain)(newConfValue("host", pbx.URIHost(t.Host)))
	into(&es, &v.Server)(newConfValue("host", t.Server()))
	into(&es, &v.Username)(newConfValue("username", t.Username))
	into(&es, &v.Secret)(newConfValue("secret", t.Secret.Reveal()))
	into(&es, &v.Client)(newConfValue("username", "sip:"+t.Username+"@"+t.Address()))
	return v, es.Err()
}
