package phonehttp

import (
	"bufio"
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/dialtone-pbx/dialtone/phoneconf"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// The window is one-time: the owner says when a phone has what it needs.
func TestEnrolledPhoneGetsNothingMoreAtTheGenericURL(t *testing.T) {
	s := newSite(t, 2, nil)
	enrolled := map[pbx.MAC]bool{}
	s.opt.Enrolled = func(p *pbx.Phone) bool { return enrolled[p.MAC] }
	path := "/" + string(macOf(0)) + ".cfg"
	if w := s.get(path); w.Code != 200 {
		t.Fatalf("before: %d", w.Code)
	}
	enrolled[macOf(0)] = true
	if w := s.get(path); w.Code != 404 || w.Body.String() != missBody {
		t.Errorf("after: %d %s", w.Code, w.Body)
	}
	if w := s.get(own(0)); w.Code != 200 {
		t.Errorf("its own URL: %d", w.Code)
	}
	if w := s.get("/" + string(macOf(1)) + ".cfg"); w.Code != 200 {
		t.Errorf("another phone: %d", w.Code)
	}
}

// What a stranger gets at the generic URL serves until the phone has used the URL that its
// full file names, and never leads to that by itself.
func TestEnrolmentURLEndsWhenThePhoneHasMoved(t *testing.T) {
	s := newSite(t, 2, nil)
	moved := false
	s.opt.Moved = func(*pbx.Phone) bool { return moved }
	s.opt.Upload = func(*pbx.Phone, phoneconf.FileName, []byte) (bool, error) { return false, nil }
	url := regexp.MustCompile(`/p/([a-z2-7]{52})`)
	for i, generic := range []string{"/" + string(macOf(0)) + ".cfg", "/" + string(macOf(1)) + "-enrol.cfg"} {
		moved = false
		enrol := s.get(generic).Body.String()
		m := url.FindStringSubmatch(enrol)
		if m == nil || strings.Contains(enrol, secretOf(i)) {
			t.Fatalf("phone %d: the generic URL gives\n%s", i, enrol)
		}
		full := strings.Replace(own(i), secretOf(i), m[1], 1)
		before := s.get(full)
		if before.Code != 200 || !strings.Contains(before.Body.String(), "sipsecret") {
			t.Fatalf("phone %d by its enrolment URL: %d", i, before.Code)
		}
		if site := strings.Replace(full, "-reg.cfg", "-site.cfg", 1); !strings.Contains(s.get(site).Body.String(), "/p/"+secretOf(i)) {
			t.Errorf("phone %d: its files do not name its own URL", i)
		}
		if last := s.known[len(s.known)-1]; !last.Own || !last.Enrolling || last.MAC != macOf(i) {
			t.Errorf("phone %d: recorded as %+v", i, last)
		}
		if w := s.ask("PUT", "/p/"+m[1]+"/"+string(macOf(i))+"-app.log"); w.Code != 404 {
			t.Errorf("phone %d may send files by its enrolment URL: %d", i, w.Code)
		}
		moved = true
		if w := s.get(full); w.Code != 404 || w.Body.String() != missBody {
			t.Errorf("phone %d after it has moved: %d", i, w.Code)
		}
		if last := s.known[len(s.known)-1]; last.Own || last.Enrolling {
			t.Errorf("phone %d after it has moved: recorded as %+v", i, last)
		}
		if w := s.get(own(i)); w.Code != 200 || w.Body.String() != before.Body.String() {
			t.Errorf("phone %d by its own URL: %d", i, w.Code)
		}
	}
}

// The URL before serves, with files that name the new one, until the phone has used that. A
// phone keeps all that it had until then, sending files included.
func TestFormerURLServesUntilThePhoneHasMoved(t *testing.T) {
	s := newSite(t, 2, nil)
	moved := false
	s.opt.Moved = func(*pbx.Phone) bool { return moved }
	s.opt.Upload = func(*pbx.Phone, phoneconf.FileName, []byte) (bool, error) { return false, nil }
	news := [2]pbx.Secret{}
	s.swap(2, func(r *rows) {
		for i, p := range r.phones {
			p.EnrolAgain(true, noon)
			news[i] = p.URLSecret
		}
	})
	for i := range news {
		moved = false
		before := s.get(own(i))
		if before.Code != 200 || !strings.Contains(before.Body.String(), "sipsecret") {
			t.Fatalf("phone %d by the URL before: %d", i, before.Code)
		}
		if site := strings.Replace(own(i), "-reg.cfg", "-site.cfg", 1); !strings.Contains(s.get(site).Body.String(), "/p/"+news[i].Reveal()) {
			t.Errorf("phone %d: its files do not name its new URL", i)
		}
		if last := s.known[len(s.known)-1]; !last.Own || !last.Former || last.MAC != macOf(i) {
			t.Errorf("phone %d: recorded as %+v", i, last)
		}
		if log := "/p/" + secretOf(i) + "/" + string(macOf(i)) + "-app.log"; i == 1 && s.ask("PUT", log).Code == 404 {
			t.Errorf("phone %d cannot send its log by the URL before", i)
		}
		moved = true
		if w := s.get(own(i)); w.Code != 404 || w.Body.String() != missBody {
			t.Errorf("phone %d by the URL before, after it has moved: %d", i, w.Code)
		}
		now := strings.Replace(own(i), secretOf(i), news[i].Reveal(), 1)
		if w := s.get(now); w.Code != 200 || w.Body.String() != before.Body.String() {
			t.Errorf("phone %d by its new URL: %d", i, w.Code)
		}
		if last := s.known[len(s.known)-1]; !last.Own || last.Former {
			t.Errorf("phone %d by its new URL: recorded as %+v", i, last)
		}
	}
}

func TestOwnRequestsAreMarked(t *testing.T) {
	s := newSite(t, 2, nil)
	for _, path := range []string{own(0), "/" + string(macOf(0)) + ".cfg", "/p/" + secretOf(1) + "/" + string(macOf(0)) + ".cfg"} {
		s.get(path)
	}
	for i, want := range []bool{true, false, false} {
		if s.known[i].Own != want {
			t.Errorf("request %d: %+v", i, s.known[i])
		}
	}
}

// From outside of its tenant's networks a phone is unknown, on every URL.
func TestNetworksOfATenant(t *testing.T) {
	s := newSite(t, 1, func(r *rows) { r.tenant.PhoneNetworks = []string{"192.0.2.0/25", "2001:db8:1::/48"} })
	for address, want := range map[string]int{"192.0.2.1:5": 200, "[::ffff:192.0.2.1]:5": 200, "[2001:db8:1:2::3]:5": 200, "192.0.2.200:5": 404, "[2001:db8:2::1]:5": 404, "nonsense": 404} {
		for _, path := range []string{own(0), "/" + string(macOf(0)) + ".cfg"} {
			r := httptest.NewRequest("GET", path, nil)
			r.RemoteAddr = address
			w := httptest.NewRecorder()
			s.ServeHTTP(w, r)
			if w.Code != want || want == 404 && w.Body.String() != missBody {
				t.Errorf("%s from %s: %d %q", path, address, w.Code, w.Body)
			}
		}
	}
}

// authority signs certificates of phones, as a vendor does.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{}
	a.cert, a.key = a.sign(t, "Test CA", true)
	return a
}

// sign makes a certificate; the first one is signed by itself.
func (a *authority) sign(t *testing.T, name string, isCA bool) (*x509.Certificate, *ecdsa.PrivateKey) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: isCA, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth}}
	parent, signer := a.cert, a.key
	if parent == nil {
		parent, signer = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert, key
}

// client is a phone's certificate, or none for "".
func (a *authority) client(t *testing.T, name string) []tls.Certificate {
	t.Helper()
	if name == "" {
		return nil
	}
	cert, key := a.sign(t, name, false)
	return []tls.Certificate{{Certificate: [][]byte{cert.Raw}, PrivateKey: key}}
}

func writePEM(t *testing.T, kind string, der []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "x.pem")
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// serveTLS runs the HTTPS listener, which trusts a.
func (s *site) serveTLS(t *testing.T, a *authority) net.Addr {
	t.Helper()
	cert, key := a.sign(t, "pbx.example.com", false)
	keyDER, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	config, err := TLSConfig(writePEM(t, "CERTIFICATE", cert.Raw), writePEM(t, "EC PRIVATE KEY", keyDER),
		writePEM(t, "CERTIFICATE", a.cert.Raw), false)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	servedOn(t, s.Server(), tls.NewListener(l, config))
	return l.Addr()
}

// tlsRequest returns the whole answer without its Date line, or an error.
func tlsRequest(addr net.Addr, certs []tls.Certificate, path string) ([]byte, error) {
	d := &net.Dialer{Timeout: 5 * time.Second}
	c, err := tls.DialWithDialer(d, "tcp", addr.String(), &tls.Config{Certificates: certs, InsecureSkipVerify: true}) // who the server is, is not what is tested
	if err != nil {
		return nil, err
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(5 * time.Second))
	if _, err := fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: pbx\r\nConnection: close\r\n\r\n", path); err != nil {
		return nil, err
	}
	var out []byte
	for r := bufio.NewReader(c); ; {
		line, err := r.ReadBytes('\n')
		if !bytes.HasPrefix(line, []byte("Date: ")) {
			out = append(out, line...)
		}
		if err == io.EOF {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

// A certificate of the MAC asked for is as good as the secret; any other makes
// even the right secret worthless.
func TestClientCertificates(t *testing.T) {
	s := newSite(t, 2, func(r *rows) { r.phones[0].EnrolUntil, r.phones[1].EnrolUntil = noon, noon })
	ca := newAuthority(t)
	addr := s.serveTLS(t, ca)
	mac, other := string(macOf(0)), string(macOf(1))
	generic := "/" + mac + ".cfg"
	miss, err := tlsRequest(addr, nil, "/001565ffffff.cfg")
	if err != nil || !bytes.HasPrefix(miss, []byte("HTTP/1.1 404")) {
		t.Fatalf("%q %v", miss, err)
	}
	full := []byte("account.1.password = sipsecretsipsecretsipsecret1000\n")
	for _, c := range []struct {
		name, cn, path string
		found          bool
	}{
		{"its own certificate", mac, generic, true},
		{"upper case", strings.ToUpper(mac), generic, true},
		{"colons", macOf(0).Colons(), generic, true},
		{"its own certificate and secret", mac, own(0), true},
		{"no certificate, secret", "", own(0), true},
		{"no certificate", "", generic, false},
		{"another phone's", other, generic, false},
		{"another phone's, right secret", other, own(0), false},
		{"no MAC", "phone", generic, false},
		{"no MAC, right secret", "phone", own(0), false},
		{"a MAC and more", mac + "00", generic, false},
		{"a MAC in a text", "Phone " + mac, generic, false},
		{"of a MAC nobody knows", "001565ffffff", "/001565ffffff.cfg", false},
		{"another phone's file", mac, "/" + other + ".cfg", false},
		{"no MAC in the path", mac, "/y000000000000.cfg", false},
		{"empty name and path", "", "/", false},
	} {
		got, err := tlsRequest(addr, ca.client(t, c.cn), c.path)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if found := bytes.Contains(got, full); found != c.found || !found && !bytes.Equal(got, miss) {
			t.Errorf("%s: %q", c.name, got)
		}
	}
	if got, err := tlsRequest(addr, newAuthority(t).client(t, mac), generic); err == nil {
		t.Errorf("a certificate of an unknown authority gets %q", got)
	}
	if w := s.get(generic); w.Code != 404 {
		t.Errorf("the plain listener gives a full file: %d", w.Code)
	}
	if s.known[0].Own != true {
		t.Errorf("a certificate is no proof: %+v", s.known[0])
	}
}

func TestTLSConfigSaysWhatIsWrong(t *testing.T) {
	ca := newAuthority(t)
	cert, key := ca.sign(t, "pbx", false)
	der, _ := x509.MarshalECPrivateKey(key)
	certFile, keyFile := writePEM(t, "CERTIFICATE", cert.Raw), writePEM(t, "EC PRIVATE KEY", der)
	for name, args := range map[string][3]string{"no file": {certFile + "x", keyFile, ""}, "no key": {certFile, certFile, ""}, "no authorities": {certFile, keyFile, keyFile}, "no such authorities": {certFile, keyFile, "/nowhere"}} {
		if _, err := TLSConfig(args[0], args[1], args[2], false); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if c, err := TLSConfig(certFile, keyFile, "", false); err != nil || c.ClientAuth != tls.NoClientCert {
		t.Errorf("%v %v", c, err)
	}
}

// FuzzUserAgent: a header changes neither what is served nor to whom.
func FuzzUserAgent(f *testing.F) {
	for _, a := range []string{"", "curl/8", "Yealink SIP-T46U 108.87.0.15 00:15:65:00:00:00", "FileTransport PolycomVVX-VVX_450-UA/6.4.6.2453 (SN:001565000001) Type/Application", strings.Repeat("é", 500), "a\x00\r\nX: y"} {
		f.Add(a)
	}
	s := newSite(f, 2, func(r *rows) { r.phones[1].EnrolUntil = noon })
	full, enrol := s.get(own(0)).Body.String(), s.get("/"+string(macOf(0))+".cfg").Body.String()
	f.Fuzz(func(t *testing.T, agent string) {
		s.known, s.unknown = nil, nil
		for path, want := range map[string]string{own(0): full, "/" + string(macOf(0)) + ".cfg": enrol, "/" + string(macOf(1)) + ".cfg": missBody, "/001565ffffff.cfg": missBody, "/y000000000000.boot": missBody} {
			if got := s.get(path, "User-Agent", agent).Body.String(); got != want {
				t.Errorf("%s with %q: %q", path, agent, got)
			}
		}
		if len(s.known) != 3 {
			t.Errorf("%d requests of phones", len(s.known))
		}
		for _, u := range append(s.known, s.unknown...) {
			if len(u.UserAgent) > maxUserAgent || !pbxMAC(u.MAC) {
				t.Errorf("%+v", u)
			}
		}
	})
}

func pbxMAC(m pbx.MAC) bool {
	got, err := pbx.ParseMAC("", string(m))
	return err == nil && got == m
}

// BenchmarkRefusals shows what the refusals cost: whoever asks for a phone he may not
// have must not be able to tell by the clock whether there is one. (To be read,
// not asserted: the differences drown in the network's.)
func BenchmarkRefusals(b *testing.B) {
	s := newSite(b, 1000, func(r *rows) {
		r.phones[0].EnrolUntil = noon
		r.tenant.PhoneNetworks = []string{"192.0.2.0/24"}
	})
	s.opt.Record, s.opt.RecordUnknown = func(pbx.PhoneFetch) {}, func(pbx.PhoneFetch) {}
	s.opt.Enrolled = func(p *pbx.Phone) bool { return p.MAC == macOf(2) }
	for _, c := range []struct{ name, path, from string }{
		{"unknown MAC", "/001565ffffff.cfg", "192.0.2.1:5"},
		{"no secret, window over", "/" + string(macOf(0)) + ".cfg", "192.0.2.1:5"},
		{"no secret, enrolled", "/" + string(macOf(2)) + ".cfg", "192.0.2.1:5"},
		{"wrong secret", "/p/" + secretOf(7777) + "/" + string(macOf(0)) + ".cfg", "192.0.2.1:5"},
		{"wrong secret, unknown MAC", "/p/" + secretOf(7777) + "/001565ffffff.cfg", "192.0.2.1:5"},
		{"wrong network", own(4), "198.51.100.1:5"},
	} {
		b.Run(c.name, func(b *testing.B) {
			r := httptest.NewRequest(http.MethodGet, c.path, nil)
			r.RemoteAddr = c.from
			for b.Loop() {
				w := httptest.NewRecorder()
				s.ServeHTTP(w, r)
				if w.Code != 404 {
					b.Fatal(w.Code)
				}
			}
		})
	}
}
