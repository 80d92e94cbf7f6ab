package phonehttp

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// rsaCertificate is a certificate of the phone listener as offices have one.
func rsaCertificate(t *testing.T) (certFile, keyFile string) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "pbx.example.com"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return writePEM(t, "CERTIFICATE", der), writePEM(t, "RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(key))
}

// TestOldPhonesShakeHands: what phones of each era speak, with and without the flag. The one
// that is refused leaves its reason.
func TestOldPhonesShakeHands(t *testing.T) {
	certFile, keyFile := rsaCertificate(t)
	for name, c := range map[string]struct {
		least, most uint16
		suites      []uint16
		plainly     bool // without the flag
		old         bool // with it
		reason      pbx.HandshakeReason
	}{
		"today's phone":            {tls.VersionTLS12, tls.VersionTLS13, nil, true, true, ""},
		"TLS 1.2 with ECDHE":       {tls.VersionTLS12, tls.VersionTLS12, []uint16{tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256}, true, true, ""},
		"TLS 1.2, ECDHE and SHA-1": {tls.VersionTLS12, tls.VersionTLS12, []uint16{tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA}, true, true, ""},
		"T4xG, AES256-SHA":         {tls.VersionTLS12, tls.VersionTLS12, []uint16{tls.TLS_RSA_WITH_AES_256_CBC_SHA}, false, true, pbx.HandshakeCipher},
		"AES128-GCM-SHA256":        {tls.VersionTLS12, tls.VersionTLS12, []uint16{tls.TLS_RSA_WITH_AES_128_GCM_SHA256}, false, true, pbx.HandshakeCipher},
		"SoundPoint, TLS 1.0":      {tls.VersionTLS10, tls.VersionTLS10, []uint16{tls.TLS_RSA_WITH_AES_128_CBC_SHA}, false, true, pbx.HandshakeVersion},
		"TLS 1.1":                  {tls.VersionTLS10, tls.VersionTLS11, []uint16{tls.TLS_RSA_WITH_AES_256_CBC_SHA}, false, true, pbx.HandshakeVersion},
		"RC4 alone":                {tls.VersionTLS10, tls.VersionTLS12, []uint16{tls.TLS_RSA_WITH_RC4_128_SHA}, false, false, pbx.HandshakeCipher},
	} {
		for _, old := range []bool{false, true} {
			want := c.plainly
			if old {
				want = c.old
			}
			s := newSite(t, 1, nil)
			failed := make(chan pbx.FailedHandshake, 10)
			s.opt.HandshakeFailed = func(h pbx.FailedHandshake) { failed <- h }
			config, err := TLSConfig(certFile, keyFile, "", old)
			if err != nil {
				t.Fatal(err)
			}
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			servedOn(t, s.Server(), tls.NewListener(l, config))
			conn, err := net.DialTimeout("tcp", l.Addr().String(), 10*time.Second)
			if err != nil {
				t.Fatal(err)
			}
			client := tls.Client(conn, &tls.Config{InsecureSkipVerify: true, MinVersion: c.least, MaxVersion: c.most, CipherSuites: c.suites})
			err = client.HandshakeContext(t.Context())
			_ = conn.Close()
			if (err == nil) != want {
				t.Errorf("%s, old %v: %v", name, old, err)
			}
			if err == nil {
				continue
			}
			select {
			case h := <-failed:
				if h.Reason != c.reason && !(old && c.reason == pbx.HandshakeVersion) || !h.Address.IsLoopback() || h.Reason.Remedy() == "" {
					t.Errorf("%s, old %v: %+v, want %s", name, old, h, c.reason)
				}
			case <-time.After(30 * time.Second):
				t.Errorf("%s, old %v: nobody is told", name, old)
			}
		}
	}
}

// TestHandshakeReasons: the words of crypto/tls, of which a test of one version cannot make all.
func TestHandshakeReasons(t *testing.T) {
	for why, want := range map[string]pbx.HandshakeReason{
		"tls: client offered only unsupported versions: [301]":                             pbx.HandshakeVersion,
		"tls: no cipher suite supported by both client and server; client offered: [35]":   pbx.HandshakeCipher,
		"remote error: tls: unknown certificate authority":                                 pbx.HandshakeOurCertificate,
		"remote error: tls: bad certificate":                                               pbx.HandshakeOurCertificate,
		"remote error: tls: protocol version not supported":                                pbx.HandshakeVersion,
		"tls: failed to verify certificate: x509: certificate signed by unknown authority": pbx.HandshakeItsCertificate,
		"client sent an HTTP request to an HTTPS server":                                   pbx.HandshakePlain,
		"tls: first record does not look like a TLS handshake":                             pbx.HandshakePlain,
		"read tcp 127.0.0.1:8443->127.0.0.1:4711: i/o timeout":                             pbx.HandshakeOther,
	} {
		if got := handshakeReason(why); got != want {
			t.Errorf("%s: %s, want %s", why, got, want)
		}
	}
}

// TestOldPhonesNeedAnRSAKey: they cannot use another, and would fail without a word.
func TestOldPhonesNeedAnRSAKey(t *testing.T) {
	ca := newAuthority(t)
	cert, key := ca.sign(t, "pbx", false)
	der, _ := x509.MarshalECPrivateKey(key)
	_, err := TLSConfig(writePEM(t, "CERTIFICATE", cert.Raw), writePEM(t, "EC PRIVATE KEY", der), "", true)
	if err == nil || !strings.Contains(err.Error(), "RSA") {
		t.Error(err)
	}
}
