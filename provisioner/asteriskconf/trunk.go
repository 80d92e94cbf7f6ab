package asteriskconf

import (
	"fmt"
	"net/netip"
	"strconv"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// pjsipTrunk becomes one AOR, one endpoint and one identify of the same name, with
// an auth if it has an account, and a registration if it registers.
type pjsipTrunk struct {
	Endpoint endpointName
	Tenant   contextName
	Host     confValue // calls from this host are the trunk's
	Domain   confValue // host part of From
	Server   confValue // SIP URI of the carrier
	Account  bool
	Username confValue
	Secret   confValue
	Register bool
	Client   confValue // SIP URI that we register as
}

func pjsipTrunkOf(s *pbx.Snapshot, t *pbx.Trunk) (v pjsipTrunk, err error) {
	if s.Tenant(t.Tenant) == nil {
		return v, fmt.Errorf("no such tenant")
	}
	if err := t.Validate(); err != nil { // a host or user name is written into URIs
		return v, err
	}
	server := uriHost(t.Host) + ":" + strconv.Itoa(t.Port)
	if t.Transport == pbx.TransportTCP {
		server += ";transport=tcp"
	}
	v.Account, v.Register = t.Username != "", t.Register
	var es pbx.Errors
	into(&es, &v.Endpoint)(newEndpointName("endpoint", t.Endpoint))
	into(&es, &v.Tenant)(newContextName("tenant", t.Tenant, plainName))
	into(&es, &v.Host)(newConfValue("host", t.Host))
	into(&es, &v.Domain)(newConfValue("host", uriHost(t.Host)))
	into(&es, &v.Server)(newConfValue("host", "sip:"+server))
	into(&es, &v.Username)(newConfValue("username", t.Username))
	into(&es, &v.Secret)(newConfValue("secret", t.Secret.Reveal()))
	into(&es, &v.Client)(newConfValue("username", "sip:"+t.Username+"@"+server))
	return v, es.Err()
}

// uriHost writes a host as a URI does: brackets around an IPv6 address.
func uriHost(host string) string {
	if a, err := netip.ParseAddr(host); err == nil && a.Is6() {
		return "[" + host + "]"
	}
	return host
}
