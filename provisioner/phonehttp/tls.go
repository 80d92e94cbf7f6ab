package phonehttp

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// TLSConfig returns the settings of the HTTPS listener. With clientCA, a file of
// certificates of those who sign phones (both vendors publish theirs), a phone
// may show its own; one that is signed by nobody there ends the handshake.
// Without, none is asked for. TLS 1.2 is the least: a phone with older firmware
// can use its own URL over plain HTTP within its tenant's networks.
func TLSConfig(certFile, keyFile, clientCA string) (*tls.Config, error) {
	cert, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil {
		return nil, fmt.Errorf("reading the certificate of the phone listener: %w", err)
	}
	c := &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}}
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

// certificate is what a verified client certificate says.
type certificate struct {
	given bool
	mac   pbx.MAC // its common name, "" when that is no MAC
}

// certificateOf reads the certificate of a connection; only one that an authority
// of ours signed counts. Vendors write the MAC with or without separators.
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

// allows reports whether a request for a phone's file may come with it: none at
// all, or the phone's own.
func (c certificate) allows(mac pbx.MAC) bool { return !c.given || c.mac != "" && c.mac == mac }
