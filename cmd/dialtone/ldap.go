package main

import (
	"crypto/tls"
	"fmt"
	"net"
	"strconv"

	"github.com/dialtone-pbx/dialtone/phoneconf"
	"github.com/dialtone-pbx/dialtone/provisioner/phonehttp"
)

// ldapFlags are where phones search the phonebook.
type ldapFlags struct {
	LDAPListen listenFlag `name:"ldap-listen" help:"Where phones search the phonebook over LDAP, such as :3389; over TLS with --phone-tls-cert, such as :636; empty for nowhere." env:"DIALTONE_LDAP_LISTEN"`
}

// listen opens the listener and tells phones of it, or returns nil when there is to be none.
// It shows phones the certificate that they know of their files.
func (f ldapFlags) listen(secure phoneTLSFlags, site *phoneconf.Site) (net.Listener, error) {
	if f.LDAPListen == "" {
		return nil, nil //nolint:nilnil // no listener is one of the two answers asked for
	}
	l, err := net.Listen("tcp", string(f.LDAPListen))
	if err != nil {
		return nil, fmt.Errorf("--ldap-listen: %w", err)
	}
	_, port, _ := net.SplitHostPort(l.Addr().String())
	site.LDAPPort, _ = strconv.Atoi(port) // a listener's address ends in its port
	if secure.PhoneTLSCert == "" {
		return l, nil
	}
	config, err := phonehttp.TLSConfig(secure.PhoneTLSCert, secure.PhoneTLSKey, secure.PhoneClientCA, secure.PhoneTLSOld)
	if err != nil {
		_ = l.Close()
		return nil, err
	}
	site.LDAPTLS = true
	return tls.NewListener(l, config), nil
}
