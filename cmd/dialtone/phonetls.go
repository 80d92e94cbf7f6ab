package main

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"

	"github.com/dialtone-pbx/dialtone/provisioner/limit"
	"github.com/dialtone-pbx/dialtone/provisioner/phonehttp"
)

// phoneTLSFlags are the phone listener over TLS, beside the plain one.
type phoneTLSFlags struct {
	PhoneTLSListen listenFlag `name:"phone-tls-listen" help:"Where phones fetch their files over HTTPS; empty for nowhere." env:"DIALTONE_PHONE_TLS_LISTEN"`
	PhoneTLSCert   string     `name:"phone-tls-cert" help:"Its certificate with those between, in PEM form." type:"path" env:"DIALTONE_PHONE_TLS_CERT"`
	PhoneTLSKey    string     `name:"phone-tls-key" help:"The certificate's key, in PEM form." type:"path" env:"DIALTONE_PHONE_TLS_KEY"`
	PhoneClientCA  string     `name:"phone-client-ca" help:"Who signs phones' own certificates, in PEM form; a phone that shows one gets its files at the generic URL." type:"path" env:"DIALTONE_PHONE_CLIENT_CA"`
	PhoneTLSOld    bool       `name:"phone-tls-old" help:"Let phones in that speak TLS 1.0 or have no ECDHE: Yealink T4xG and before, Polycom before UC Software 5. GET /v1/phone-models says which (https: old)." env:"DIALTONE_PHONE_TLS_OLD"`
}

// listenTLS opens the listener, or returns nil when there is to be none.
func (f phoneTLSFlags) listenTLS(proxies limit.Proxies) (net.Listener, error) {
	if f.PhoneTLSListen == "" {
		if f.PhoneTLSCert != "" || f.PhoneTLSKey != "" || f.PhoneClientCA != "" || f.PhoneTLSOld {
			return nil, errors.New("--phone-tls-listen is missing: say where the phone listener over TLS is, " +
				"such as :8443, or leave out --phone-tls-cert, --phone-tls-key, --phone-client-ca and --phone-tls-old")
		}
		return nil, nil //nolint:nilnil // no listener is one of the two answers asked for
	}
	config, err := phonehttp.TLSConfig(f.PhoneTLSCert, f.PhoneTLSKey, f.PhoneClientCA, f.PhoneTLSOld)
	if err != nil {
		return nil, err
	}
	l, err := phonehttp.Listen(string(f.PhoneTLSListen), proxies)
	if err != nil {
		return nil, fmt.Errorf("--phone-tls-listen: %w", err)
	}
	return tls.NewListener(l, config), nil
}
