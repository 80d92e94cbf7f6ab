package phonehttp

import (
	"crypto/tls"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/dialtone-pbx/dialtone/phoneconf"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// Each refusal is the same 404 for the client, and has its reason in the record.
func TestRefusalsHaveAReason(t *testing.T) {
	s := newSite(t, 4, func(r *rows) {
		r.phones[2].EnrolUntil = noon
		r.tenant.PhoneNetworks = []string{"192.0.2.0/24", "198.51.100.0/24"}
	})
	s.keepUploads()
	enrolled := map[pbx.MAC]bool{}
	s.opt.Enrolled = func(p *pbx.Phone) bool { return enrolled[p.MAC] }
	enrolled[macOf(1)] = true
	mac := func(i int) string { return string(macOf(i)) }
	for _, c := range []struct {
		what, path, from string
		cert             certificate
		want             pbx.Refusal
	}{
		{"own", own(0), "192.0.2.7", certificate{}, ""},
		{"generic, in its window", "/" + mac(0) + ".cfg", "192.0.2.7", certificate{}, ""},
		{"generic, its window is over", "/" + mac(2) + ".cfg", "192.0.2.7", certificate{}, pbx.RefusedWindow},
		{"generic, it has its files", "/" + mac(1) + ".cfg", "192.0.2.7", certificate{}, pbx.RefusedWindow},
		{"own, from elsewhere", own(0), "203.0.113.7", certificate{}, pbx.RefusedNetwork},
		{"generic, from elsewhere", "/" + mac(0) + ".cfg", "203.0.113.7", certificate{}, pbx.RefusedNetwork},
		{"another's certificate", own(0), "192.0.2.7", certificate{given: true, mac: macOf(1)}, pbx.RefusedCertificate},
		{"its certificate", "/" + mac(2) + ".cfg", "192.0.2.7", certificate{given: true, mac: macOf(2)}, ""},
		{"another's URL", "/p/" + secretOf(1) + "/" + mac(0) + ".cfg", "192.0.2.7", certificate{}, pbx.RefusedURL},
		{"a URL that was", "/p/" + strings.Repeat("a", 52) + "/" + mac(0) + ".cfg", "192.0.2.7", certificate{}, pbx.RefusedURL},
		{"no such file", "/p/" + secretOf(0) + "/" + mac(0) + "-nonsense.cfg", "192.0.2.7", certificate{}, pbx.RefusedFile},
		{"no such file in its window", "/" + mac(0) + "-nonsense.cfg", "192.0.2.7", certificate{}, pbx.RefusedFile},
		{"nothing sent", "/p/" + secretOf(1) + "/" + mac(1) + "-phone.cfg", "192.0.2.7", certificate{}, pbx.RefusedNothing},
	} {
		r, n := s.core(t.Context(), &ask{method: "GET", path: c.path, remote: netip.MustParseAddr(c.from), cert: c.cert})
		if n.fetch.Reason != c.want || (r.status == 404) != (c.want != "") || r.status == 404 && r.body != missText {
			t.Errorf("%s: %d, reason %q, want %q", c.what, r.status, n.fetch.Reason, c.want)
		}
		if !n.known {
			t.Errorf("%s: the phone is not known", c.what)
		}
	}
	if got := pbx.Refusals(); got[0] != "" || len(got) > 1<<7 {
		t.Errorf("%q", got)
	}
	if _, ok := phoneconf.UploadOf(s.current.Load().Phones[1], phoneconf.FileName(mac(1)+"-phone.cfg")); !ok {
		t.Error("phones of its make do not send that file")
	}
}

// lines is a log that a test waits for.
type lines chan string

func (l lines) Write(line []byte) (int, error) {
	l <- string(line)
	return len(line), nil
}

// A phone that cannot speak our TLS leaves a trace with its address.
func TestFailedHandshakesAreLogged(t *testing.T) {
	s := newSite(t, 1, nil)
	logged := make(lines, 100)
	s.opt.Logger = slog.New(slog.NewTextHandler(logged, nil))
	addr := s.serveTLS(t, newAuthority(t))
	c, err := net.DialTimeout("tcp", addr.String(), 10*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	old := tls.Client(c, &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS10})
	if old.HandshakeContext(t.Context()) == nil {
		t.Error("TLS 1.0 is spoken")
	}
	select {
	case line := <-logged:
		if !strings.Contains(line, "level=WARN") || !strings.Contains(line, "a TLS handshake of a phone failed") ||
			!strings.Contains(line, "address=127.0.0.1") || !strings.Contains(line, "version") {
			t.Errorf("logged: %s", line)
		}
	case <-time.After(30 * time.Second):
		t.Error("nothing is logged")
	}
}

// One network has some lines a minute, whatever it does, and others have theirs.
func TestFailedHandshakesAreLoggedInBounds(t *testing.T) {
	s := newSite(t, 1, nil)
	l := newServerLog(s.opt.Logger, nil)
	for range 5 * handshakeRate.Burst {
		_, _ = l.Write([]byte(handshakeText + "192.0.2.7:1234: tls: client offered only unsupported versions\n"))
		_, _ = l.Write([]byte(handshakeText + "[2001:db8::7]:1234: tls: no cipher suite supported by both client and server\n"))
	}
	for _, from := range []string{"address=192.0.2.7", "address=2001:db8::7"} {
		if n := strings.Count(s.log.String(), from); n != handshakeRate.Burst {
			t.Errorf("%s: %d lines, want %d", from, n, handshakeRate.Burst)
		}
	}
}

// Lines of net/http that are not about a handshake, or about a probe, are no warning.
func TestOtherLinesOfTheServerAreNoWarning(t *testing.T) {
	s := newSite(t, 1, nil)
	l := newServerLog(s.opt.Logger, nil)
	for _, line := range []string{"http: TLS handshake error from 192.0.2.7:1234: EOF\n", "http: response.Write on hijacked connection\n",
		"http: TLS handshake error from nowhere: tls: x\n", "", "\n"} {
		if n, err := l.Write([]byte(line)); n != len(line) || err != nil {
			t.Errorf("%q: %d %v", line, n, err)
		}
	}
	if text := s.log.String(); strings.Contains(text, "WARN") {
		t.Errorf("the log has:\n%s", text)
	}
}
