// Package authority makes the certificates of an installation that has none of its own.
//
// It owns a folder with one root, which phones are told to trust, and the key that signs
// with it. The root is made once: phones that have it take every certificate made later. It
// may import provisioner/wholefile.
package authority

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/dialtone-pbx/dialtone/provisioner/wholefile"
)

const (
	rootName = "root.pem"
	rootKey  = "root.key"
	// Phones keep a root for as long as they are used, and have no way to be told of a new one
	// once they refuse the old.
	rootFor = 30 * 365 * 24 * time.Hour
	// A certificate is made again when it has less than renewBefore left. Old phones are unable
	// to ask for revocations, and nobody looks at the end of ours.
	certificateFor = 5 * 365 * 24 * time.Hour
	renewBefore    = 365 * 24 * time.Hour
	// early lets phones in whose clock is late.
	early = 48 * time.Hour
	// keyBits: phones from before 2015 know RSA alone, and 2048 bits are their limit.
	keyBits = 2048
)

// Pair is a certificate with those between it and the root, and its key, both in PEM form.
type Pair struct{ Certificate, Key []byte }

// Root returns the root of a folder in PEM form; it is made at the first call.
func Root(dir string, now time.Time) ([]byte, error) {
	root, _, err := open(dir, now)
	return root, err
}

// For returns the certificate of a host, a name or an address, which the folder's root signed.
// It is the one in the file name.pem of the folder while that is good for another year, and
// otherwise a new one.
func For(dir, name, host string, now time.Time) (Pair, error) {
	root, signer, err := open(dir, now)
	if err != nil {
		return Pair{}, err
	}
	if p, ok := kept(dir, name, host, root, now); ok {
		return p, nil
	}
	p, err := sign(root, signer, host, now)
	if err != nil {
		return Pair{}, fmt.Errorf("making the certificate of %s: %w", host, err)
	}
	return p, keep(dir, name, p)
}

// open reads the root and its key, or makes both.
func open(dir string, now time.Time) (root []byte, signer any, err error) {
	root, err = os.ReadFile(filepath.Join(dir, rootName))
	if errors.Is(err, fs.ErrNotExist) {
		return begin(dir, now)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("reading the root of certificates: %w", err)
	}
	key, err := os.ReadFile(filepath.Join(dir, rootKey))
	if err != nil {
		return nil, nil, fmt.Errorf("reading the key of the root of certificates: %w", err)
	}
	pair, err := tls.X509KeyPair(root, key)
	if err != nil {
		return nil, nil, fmt.Errorf("reading the root of certificates in %s: %w", dir, err)
	}
	return root, pair.PrivateKey, nil
}

// begin makes the root. Its key is written first: a root without one could sign nothing.
func begin(dir string, now time.Time) (root []byte, signer any, err error) {
	key, err := rsa.GenerateKey(rand.Reader, keyBits)
	if err != nil {
		return nil, nil, fmt.Errorf("making the root of certificates: %w", err)
	}
	serial, err := newSerial()
	if err != nil {
		return nil, nil, err
	}
	t := &x509.Certificate{SerialNumber: serial, Subject: pkix.Name{CommonName: "Dialtone root " + serial.Text(36)[:6]},
		NotBefore: now.Add(-early), NotAfter: now.Add(rootFor), IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign}
	der, err := x509.CreateCertificate(rand.Reader, t, t, key.Public(), key)
	if err != nil {
		return nil, nil, fmt.Errorf("making the root of certificates: %w", err)
	}
	root = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	keyText, err := keyPEM(key)
	if err != nil {
		return nil, nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, nil, fmt.Errorf("folder of certificates: %w", err)
	}
	if err := write(dir, rootKey, keyText); err != nil {
		return nil, nil, err
	}
	return root, key, write(dir, rootName, root)
}

// sign makes a certificate with a key of its own.
func sign(root []byte, signer any, host string, now time.Time) (Pair, error) {
	parent, err := first(root)
	if err != nil {
		return Pair{}, err
	}
	key, err := rsa.GenerateKey(rand.Reader, keyBits)
	if err != nil {
		return Pair{}, err
	}
	serial, err := newSerial()
	if err != nil {
		return Pair{}, err
	}
	t := &x509.Certificate{SerialNumber: serial, Subject: pkix.Name{CommonName: host}, NotBefore: now.Add(-early),
		NotAfter: now.Add(certificateFor), BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment,
		// Asterisk shows it to carriers too.
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}}
	if ip := net.ParseIP(host); ip != nil {
		t.IPAddresses = []net.IP{ip}
	} else {
		t.DNSNames = []string{host}
	}
	der, err := x509.CreateCertificate(rand.Reader, t, parent, key.Public(), signer)
	if err != nil {
		return Pair{}, err
	}
	text, err := keyPEM(key)
	return Pair{pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), text}, err
}

// kept reads a certificate that is still of use.
func kept(dir, name, host string, root []byte, now time.Time) (Pair, bool) {
	var p Pair
	var err error
	if p.Certificate, err = os.ReadFile(filepath.Join(dir, name+".pem")); err != nil {
		return p, false
	}
	if p.Key, err = os.ReadFile(filepath.Join(dir, name+".key")); err != nil {
		return p, false
	}
	pair, err := tls.X509KeyPair(p.Certificate, p.Key)
	if err != nil {
		return p, false
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(root)
	_, err = pair.Leaf.Verify(x509.VerifyOptions{DNSName: host, Roots: roots, CurrentTime: now.Add(renewBefore)})
	return p, err == nil
}

func keep(dir, name string, p Pair) error {
	if err := write(dir, name+".key", p.Key); err != nil {
		return err
	}
	return write(dir, name+".pem", p.Certificate)
}

func write(dir, name string, content []byte) error {
	return wholefile.Replace(filepath.Join(dir, name), content, 0o600)
}

// Check refuses a certificate that does not fit its key, or no phone would take.
func (p Pair) Check(now time.Time) error {
	pair, err := tls.X509KeyPair(p.Certificate, p.Key)
	if err != nil {
		return err
	}
	if now.After(pair.Leaf.NotAfter) {
		return fmt.Errorf("the certificate ended on %s", pair.Leaf.NotAfter.Format(time.DateOnly))
	}
	switch key := pair.PrivateKey.(type) {
	case *ecdsa.PrivateKey:
		if !slices.Contains([]elliptic.Curve{elliptic.P256(), elliptic.P384()}, key.Curve) {
			return errors.New("the key is of a curve that phones do not know: use RSA or P-256")
		}
	case *rsa.PrivateKey:
	default:
		return errors.New("the key is of a kind that phones do not know: use RSA or P-256")
	}
	return nil
}

// CheckRoot refuses what is not exactly one certificate of an authority in PEM form: phones
// take one.
func CheckRoot(text []byte) error {
	c, err := first(text)
	if err != nil {
		return err
	}
	_, rest := pem.Decode(text)
	if next, _ := pem.Decode(rest); next != nil {
		return errors.New("holds more than one certificate, and phones take one root")
	}
	if !c.IsCA {
		return errors.New("is not the certificate of an authority")
	}
	return nil
}

// first reads the first certificate of a text in PEM form.
func first(text []byte) (*x509.Certificate, error) {
	block, _ := pem.Decode(text)
	if block == nil || block.Type != "CERTIFICATE" {
		return nil, errors.New("holds no certificate in PEM form")
	}
	return x509.ParseCertificate(block.Bytes)
}

func keyPEM(key *rsa.PrivateKey) ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil
}

func newSerial() (*big.Int, error) {
	n, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, fmt.Errorf("choosing a serial number: %w", err)
	}
	return n, nil
}
