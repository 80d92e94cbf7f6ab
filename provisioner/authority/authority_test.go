package authority

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Certificates are good for their host under a root that stays the same for good.
func TestCertificatesOfOneRoot(t *testing.T) {
	dir, now := t.TempDir(), time.Now()
	root, err := Root(dir, now)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	if CheckRoot(root) != nil || !roots.AppendCertsFromPEM(root) {
		t.Fatalf("the root is %s", root)
	}
	last := Pair{}
	for _, c := range []struct {
		what, host string
		at         time.Time
		same       bool
	}{
		{"a name", "pbx.example.com", now, false}, {"the same again", "pbx.example.com", now, true},
		{"three years later", "pbx.example.com", now.Add(3 * 365 * 24 * time.Hour), true},
		{"near its end", "pbx.example.com", now.Add(4*365*24*time.Hour + time.Hour), false},
		{"an address", "192.0.2.1", now, false}, {"an IPv6 address", "2001:db8::1", now, false},
	} {
		p, err := For(dir, "sip", c.host, c.at)
		if err != nil {
			t.Fatal(err)
		}
		if same := bytes.Equal(p.Certificate, last.Certificate); same != c.same {
			t.Errorf("%s: the same certificate: %v", c.what, same)
		}
		last = p
		pair, err := tls.X509KeyPair(p.Certificate, p.Key)
		if err != nil || p.Check(c.at) != nil {
			t.Fatal(c.what, err)
		}
		if _, err := pair.Leaf.Verify(x509.VerifyOptions{DNSName: c.host, Roots: roots, CurrentTime: c.at}); err != nil {
			t.Errorf("%s: %v", c.what, err)
		}
	}
	if again, err := Root(dir, now); err != nil || !bytes.Equal(again, root) {
		t.Errorf("another root: %v", err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.key"))
	if err != nil || len(files) != 2 {
		t.Fatal(files, err)
	}
	for _, f := range files {
		if info, err := os.Stat(f); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v %v", f, info.Mode(), err)
		}
	}
}

// What no phone could use is refused in words.
func TestRefusedCertificates(t *testing.T) {
	dir, now := t.TempDir(), time.Now()
	p, err := For(dir, "sip", "pbx.example.com", now)
	if err != nil {
		t.Fatal(err)
	}
	other, err := For(t.TempDir(), "sip", "pbx.example.com", now)
	if err != nil {
		t.Fatal(err)
	}
	for want, err := range map[string]error{
		"ended on":               p.Check(now.Add(6 * 365 * 24 * time.Hour)),
		"does not match":         Pair{p.Certificate, other.Key}.Check(now),
		"not the certificate of": CheckRoot(p.Certificate),
		"more than one":          CheckRoot(append(append([]byte{}, p.Certificate...), p.Certificate...)),
		"no certificate":         CheckRoot(p.Key),
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	if err := os.Remove(filepath.Join(dir, rootKey)); err != nil {
		t.Fatal(err)
	}
	if _, err := For(dir, "sip", "pbx.example.com", now); err == nil {
		t.Error("a root whose key is lost was replaced: phones would refuse it")
	}
}
