package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"time"

	"github.com/dialtone-pbx/dialtone/phoneconf"
	"github.com/dialtone-pbx/dialtone/provisioner/asteriskconf"
	"github.com/dialtone-pbx/dialtone/provisioner/authority"
	"github.com/dialtone-pbx/dialtone/provisioner/wholefile"
)

// tlsFolder, beside the database, has the root and the certificates that Dialtone made.
const tlsFolder = "dialtone-tls"

// sipTLSFlags are Asterisk's transport for SIP over TLS, and the root that phones trust.
type sipTLSFlags struct {
	SIPTLSListen string `name:"sip-tls-listen" help:"Where Asterisk takes SIP over TLS, such as 0.0.0.0:5061; empty leaves it to transports of pjsip.conf." placeholder:"ADDRESS:PORT" env:"DIALTONE_SIP_TLS_LISTEN"`
	SIPTLSCert   string `name:"sip-tls-cert" help:"Its certificate with those between, in PEM form; made if empty." type:"path" env:"DIALTONE_SIP_TLS_CERT"`
	SIPTLSKey    string `name:"sip-tls-key" help:"The certificate's key, in PEM form." type:"path" env:"DIALTONE_SIP_TLS_KEY"`
	SIPTLSRoots  string `name:"sip-tls-roots" help:"Authorities by which Asterisk checks carriers, in PEM form." default:"/etc/ssl/certs/ca-certificates.crt" type:"path" env:"DIALTONE_SIP_TLS_ROOTS"`
	PhoneRoot    string `help:"Certificate of the authority that phones are told to trust, in PEM form; that of a made certificate if empty." type:"path" env:"DIALTONE_PHONE_ROOT"`
}

// sipTLS prepares the certificate of Asterisk, in its folder of ours, and fills in the root
// that phones are told. It returns nil for no transport.
func (f sipTLSFlags) sipTLS(database, configDir string, site *phoneconf.Site,
	log *slog.Logger) (*asteriskconf.TLS, error) {
	if f.PhoneRoot != "" {
		root, err := os.ReadFile(f.PhoneRoot)
		if err == nil {
			err = authority.CheckRoot(root)
		}
		if err != nil {
			return nil, fmt.Errorf("--phone-root %s: %w", f.PhoneRoot, err)
		}
		site.Root = string(root)
	}
	if f.SIPTLSListen == "" {
		if f.SIPTLSCert != "" || f.SIPTLSKey != "" {
			return nil, errors.New("there is a certificate for SIP over TLS, but --sip-tls-listen does not say where Asterisk " +
				"listens")
		}
		return nil, nil //nolint:nilnil // no transport is one of the two answers asked for
	}
	listen, err := netip.ParseAddrPort(f.SIPTLSListen)
	if err != nil || listen.Port() == 0 {
		return nil, fmt.Errorf("--sip-tls-listen %s must be an address and a port, such as 0.0.0.0:5061", f.SIPTLSListen)
	}
	pair, err := f.pair(filepath.Join(filepath.Dir(database), tlsFolder), site)
	if err != nil {
		return nil, err
	}
	t := &asteriskconf.TLS{Listen: listen, Certificate: filepath.Join(configDir, "sip-tls.pem"),
		Key: filepath.Join(configDir, "sip-tls.key")}
	sum := sha256.Sum256(pair.Certificate)
	t.Hash = hex.EncodeToString(sum[:8])
	roots, err := os.ReadFile(f.SIPTLSRoots)
	if err != nil { // Asterisk would do without the transport
		log.Warn("no carrier can be reached over TLS: --sip-tls-roots cannot be read", "error", err)
	} else {
		t.Roots = filepath.Join(configDir, "sip-tls-roots.pem")
		if err := wholefile.Replace(t.Roots, roots, fileForAsterisk); err != nil {
			return nil, err
		}
	}
	if err := wholefile.Replace(t.Key, pair.Key, fileForAsterisk); err != nil {
		return nil, err
	}
	return t, wholefile.Replace(t.Certificate, pair.Certificate, fileForAsterisk)
}

// fileForAsterisk: it may run as another user of our group, and see no other folder of ours.
const fileForAsterisk = 0o640

// pair reads the certificate that was given, or takes the one that is made; phones are told
// the root of that.
func (f sipTLSFlags) pair(dir string, site *phoneconf.Site) (p authority.Pair, err error) {
	if f.SIPTLSCert == "" && f.SIPTLSKey == "" {
		if f.PhoneRoot != "" {
			return p, errors.New("--phone-root is of no use with a made certificate, whose root phones are told: give " +
				"--sip-tls-cert and --sip-tls-key")
		}
		if p, err = authority.For(dir, "sip", site.SIPServer, time.Now()); err != nil {
			return p, err
		}
		root, err := authority.Root(dir, time.Now())
		site.Root = string(root)
		return p, err
	}
	if p.Certificate, err = os.ReadFile(f.SIPTLSCert); err != nil {
		return p, fmt.Errorf("--sip-tls-cert: %w", err)
	}
	if p.Key, err = os.ReadFile(f.SIPTLSKey); err != nil {
		return p, fmt.Errorf("--sip-tls-key: %w", err)
	}
	if err := p.Check(time.Now()); err != nil {
		return p, fmt.Errorf("--sip-tls-cert %s: %w", f.SIPTLSCert, err)
	}
	return p, nil
}
