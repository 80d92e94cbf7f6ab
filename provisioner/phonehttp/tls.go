package phonehttp

import (
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// TLSConfig returns the settings of the HTTPS listener. With clientCA, a file of the
// certificates of phone vendors' authorities (both vendors publish theirs), a phone may
// show its own; one that no such authority signed ends the handshake. Without clientCA no
// certificate is requested. TLS 1.2 with ECDHE is the least, unless old phones are served.
func TLSConfig(certFile, keyFile, clientCA string, old bool) (*tls.Config, error) {
	cert, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil {
		return nil, fmt.Errorf("reading the certificate of the phone listener: %w", err)
	}
	c := &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}}
	if old {
		if _, rsaKey := cert.PrivateKey.(*rsa.PrivateKey); !rsaKey {
			return nil, errors.New("old phones need a certificate with an RSA key: they exchange keys with it")
		}
		c.MinVersion, c.CipherSuites = tls.VersionTLS10, oldSuites()
	}
	if clientCA == "" {
		return c, nil
	}
	text, err := os.ReadFile(clientCA)
	if err != nil {
		return nil, fmt.Errorf("reading the authorities of phones: %w", err)
	}
	c.ClientCAs = x509.NewCertPool()
	if !c.ClientCAs.AppendCertsFromPEM(text) {
		return nil, errors.New("reading the authorities of phones: " + clientCA + " holds no certificate in PEM form")
	}
	c.ClientAuth = tls.VerifyClientCertIfGiven
	return c, nil
}

// oldSuites are the suites that Go offers by itself, and those with RSA key exchange: Yealinks
// of the T4xG series and before, and Polycoms before UC Software 5, have no ECDHE. Go has no
// DHE. A suite with RC4 or 3DES is not among them; no phone needs it.
func oldSuites() []uint16 {
	out := []uint16{tls.TLS_RSA_WITH_AES_256_GCM_SHA384, tls.TLS_RSA_WITH_AES_128_GCM_SHA256,
		tls.TLS_RSA_WITH_AES_128_CBC_SHA256, tls.TLS_RSA_WITH_AES_256_CBC_SHA, tls.TLS_RSA_WITH_AES_128_CBC_SHA}
	for _, s := range tls.CipherSuites() {
		out = append(out, s.ID)
	}
	return out
}

// certificate is the content of a verified client certificate.
type certificate struct {
	given bool
	mac   pbx.MAC // its common name, "" when that is no MAC
}

// certificateOf reads the client certificate of a connection. Only one that an authority of
// ours signed counts. Vendors write the MAC with or without separators.
func certificateOf(s *tls.ConnectionState) certificate {
	if s == nil || len(s.VerifiedChains) == 0 || len(s.PeerCertificates) == 0 {
		return certificate{}
	}
	mac, err := pbx.ParseMAC("", s.PeerCertificates[0].Subject.CommonName)
	if err != nil {
		mac = ""
	}
	return certificate{given: true, mac: mac}
}

// allows reports whether the certificate permits a request for a phone's file. It does if
// the client showed no certificate, or the phone's own.
func (c certificate) allows(mac pbx.MAC) bool { return !c.given || c.mac != "" && c.mac == mac }
