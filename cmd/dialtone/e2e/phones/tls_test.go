package phones

import (
	"crypto/tls"
	"net"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/dialtone-pbx/dialtone/cmd/phonesim/phone"
	"github.com/dialtone-pbx/dialtone/cmd/sandbox/box"
	. "github.com/dialtone-pbx/dialtone/cmd/sandbox/lab"
	"github.com/dialtone-pbx/dialtone/provisioner/authority"
)

// TestPhonesOverTLSRealAsterisk: with two flags phones of both makes register and call over
// TLS. Their files name the port and the root, they check Asterisk's certificate by it, and
// one that trusts another root does not register.
func TestPhonesOverTLSRealAsterisk(t *testing.T) {
	t.Parallel()
	for _, suite := range box.Suites() {
		t.Run(suite.Name, func(t *testing.T) {
			t.Parallel()
			ports, err := box.FreePorts("tcp", 1)
			if err != nil {
				t.Fatal(err)
			}
			port := strconv.Itoa(ports[0])
			known, roots := carrierCertificate(t)
			o := &codecOffice{lab: openLab(t, suite, "--sip-transport=tls", "--sip-tls-port="+port, "--sip-tls-listen=127.0.0.1:"+port,
				"--sip-tls-roots="+roots)}
			yealink, polycom := o.bootsAs(t, "yealink", "T46U", "101"), o.bootsAs(t, "polycom", "VVX450", "102")
			for _, device := range []string{"desk101", "desk102"} {
				o.WaitStatus(t, device, 10*time.Second, "OK", IsOK)
			}
			for _, p := range []*phone.Phone{yealink, polycom} {
				if a := o.boots(t, p); a.Transport != "tls" || a.Port != ports[0] || !strings.Contains(a.Trusts, "BEGIN CERTIFICATE") {
					t.Errorf("the file of the %s says %v, and to trust %.40q", p.Model().Name, a, a.Trusts)
				}
			}
			for _, c := range []struct {
				from, to *phone.Phone
				number   string
			}{{yealink, polycom, "102"}, {polycom, yealink, "101"}} {
				out, in := Connect(t, c.from, c.to, c.number)
				Talk(t, out, in)
				HangUp(t, out, in)
			}
			o.distrusted(t, suite)
			o.carriers(t, known)
		})
	}
}

// carrierCertificate is a carrier's certificate and the file of the authority that made it.
func carrierCertificate(t *testing.T) (tls.Certificate, string) {
	t.Helper()
	dir := t.TempDir()
	made, err := authority.For(dir, "carrier", "127.0.0.1", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	pair, err := tls.X509KeyPair(made.Certificate, made.Key)
	if err != nil {
		t.Fatal(err)
	}
	return pair, filepath.Join(dir, "root.pem")
}

// carriers: a trunk registers over TLS at the carrier whose authority Asterisk was told, and
// tells one of another authority nothing.
func (o *codecOffice) carriers(t *testing.T, known tls.Certificate) {
	t.Helper()
	unknown, _ := carrierCertificate(t)
	for name, c := range map[string]struct {
		certificate tls.Certificate
		registers   bool
	}{"known": {known, true}, "unknown": {unknown, false}} {
		l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{c.certificate}})
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		heard := make(chan string, 1)
		go func() { heard <- firstWords(l) }()
		tenant := "/v1/tenants/" + name
		o.Do(t, "POST", "/v1/tenants", Object{"name": name, "country": "DE"}, nil)
		o.Do(t, "PUT", tenant+"/trunks/carrier", Object{"host": "127.0.0.1", "port": l.Addr().(*net.TCPAddr).Port, "transport": "tls",
			"username": "office", "secret": "secret", "register": true, "qualify_seconds": 0}, nil)
		select {
		case words := <-heard:
			if strings.HasPrefix(words, "REGISTER ") != c.registers {
				t.Errorf("the %s carrier hears %.60q", name, words)
			}
		case <-time.After(30 * time.Second):
			t.Errorf("Asterisk does not connect to the %s carrier", name)
		}
	}
}

// firstWords are the first bytes that come over the first connection, or why none do.
func firstWords(l net.Listener) string {
	c, err := l.Accept()
	if err != nil {
		return err.Error()
	}
	defer c.Close()
	b := make([]byte, 4096)
	n, err := c.Read(b)
	if err != nil {
		return err.Error()
	}
	return string(b[:n])
}

// distrusted registers without a root to check Asterisk by.
func (o *codecOffice) distrusted(t *testing.T, suite box.Suite) {
	t.Helper()
	o.Extension(t, "103", "", nil)
	account := o.Device(t, "desk103", "103", nil)
	o.Applied(t)
	account.Transport, account.Port = "tls", o.tlsPort(t)
	err := NewPhone(t, phone.Options{}).Register(Within(t, 10*time.Second), account)
	if err == nil || !strings.Contains(err.Error(), "x509") {
		t.Errorf("a phone that trusts nobody registers on %s: %v", suite, err)
	}
}

// tlsPort is the port of Asterisk's transport.
func (o *codecOffice) tlsPort(t *testing.T) int {
	t.Helper()
	for line := range strings.Lines(o.Console(t, "pjsip show transports")) {
		if f := strings.Fields(line); len(f) > 2 && f[1] == "dialtone-tls" {
			_, port, _ := strings.Cut(f[len(f)-1], ":")
			if n, err := strconv.Atoi(port); err == nil {
				return n
			}
		}
	}
	t.Fatal("Asterisk has no transport for TLS")
	return 0
}
