package phonehttp

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
	"go.uber.org/goleak"
)

// TestMain looks for goroutines that are left. Two of fasthttp's outlive a server: one
// ticks for Date headers as long as the program runs, one notices within 10 s that its
// server has ended.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.updateServerDate.func1"),
		goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.(*workerPool).Start.func2"),
		// It sleeps for half a second after the answer to a request that it did not read.
		goleak.IgnoreAnyFunction("net/http.(*conn).closeWriteAndWait"))
}

func TestOwnURLServesFullFile(t *testing.T) {
	s := newSite(t, 2, nil)
	for i, word := range []string{"account.1.password = sipsecretsipsecretsipsecret1000\n", `reg.1.auth.password="sipsecretsipsecretsipsecret1001"`} {
		w := s.get(own(i))
		if w.Code != 200 || !strings.Contains(w.Body.String(), word) {
			t.Errorf("phone %d: %d\n%s", i, w.Code, w.Body)
		}
		h := w.Header()
		if h.Get("Content-Length") != fmt.Sprint(w.Body.Len()) || h.Get("Cache-Control") != "private, no-cache" || len(h.Get("ETag")) != 66 || h.Get("Server") != "" {
			t.Errorf("phone %d: %v", i, h)
		}
		if upper := strings.Replace(own(i), string(macOf(i)), strings.ToUpper(string(macOf(i))), 1); s.get(upper).Code != 200 {
			t.Errorf("phone %d may not ask in upper case", i)
		}
	}
	if w := s.get("/p/" + secretOf(1) + "/" + string(macOf(1)) + ".cfg"); w.Code != 200 || !strings.Contains(w.Body.String(), "APPLICATION") {
		t.Errorf("master file: %d", w.Code)
	}
}

func TestGenericURLServesAddressInWindowOnly(t *testing.T) {
	s := newSite(t, 2, nil)
	paths := []string{"/" + string(macOf(0)) + ".cfg", "/" + string(macOf(1)) + ".cfg", "/" + string(macOf(1)) + "-enrol.cfg"}
	for _, path := range paths {
		w := s.get(path)
		if w.Code != 200 || strings.Contains(w.Body.String(), "sipsecret") || strings.Contains(w.Body.String(), "dendpoint") || strings.Contains(w.Body.String(), "Phone4") {
			t.Errorf("%s in the window: %d\n%s", path, w.Code, w.Body)
		}
	}
	if w := s.get("/" + string(macOf(1)) + "-reg.cfg"); w.Code != 404 {
		t.Errorf("the generic URL gives a full file: %d", w.Code)
	}
	s.clock(noon.Add(time.Hour - 1))
	if w := s.get(paths[0]); w.Code != 200 {
		t.Errorf("at the end of the window: %d", w.Code)
	}
	s.clock(noon.Add(time.Hour))
	for _, path := range paths {
		if w := s.get(path); w.Code != 404 {
			t.Errorf("%s after the window: %d", path, w.Code)
		}
	}
	if w := s.get(own(0)); w.Code != 200 {
		t.Errorf("its own URL after the window: %d", w.Code)
	}
}

// A stranger must not learn from any answer which MACs exist. The requests go
// over a real connection and are compared to the byte, the date left out.
func TestEveryMissIsTheSame(t *testing.T) {
	for name, server := range servers {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, 2, func(r *rows) { r.phones[0].EnrolUntil = noon })
			missesAreTheSame(t, s, served(t, server(s.Handler)))
		})
	}
}

func missesAreTheSame(t *testing.T, s *site, addr net.Addr) {
	t.Helper()
	mac, other, secret := string(macOf(0)), string(macOf(1)), secretOf(0)
	first := rawRequest(t, addr, "GET", "/001565ffffff.cfg")
	if !bytes.HasPrefix(first, []byte("HTTP/1.1 404 Not Found\r\n")) || !bytes.HasSuffix(first, []byte("\r\n\r\nnot found\n")) || bytes.Contains(first, []byte("Server:")) {
		t.Fatalf("%q", first)
	}
	for name, path := range map[string]string{
		"known MAC out of its window": "/" + mac + ".cfg", "wrong secret": "/p/" + secretOf(7) + "/" + mac + ".cfg", "another phone's secret": "/p/" + secretOf(1) + "/" + mac + ".cfg",
		"another phone's MAC": "/p/" + secret + "/" + other + ".cfg", "unknown MAC with a right secret": "/p/" + secret + "/001565ffffff.cfg", "no MAC with a right secret": "/p/" + secret + "/y000000000000.boot",
		"no such file": "/p/" + secret + "/" + mac + "-contact.xml", "secret cut": "/p/" + secret[:51] + "/" + mac + ".cfg", "secret longer": "/p/" + secret + "a/" + mac + ".cfg", "no secret": "/p//" + mac + ".cfg",
		"traversal": "/p/" + secret + "/../../etc/passwd", "traversal encoded": "/p/" + secret + "/%2e%2e%2f" + mac + ".cfg", "traversal beside a good file": "/p/x/../" + secret + "/" + mac + ".cfg",
		"root": "/", "directory": "/p/" + secret + "/", "zero byte": "/" + mac + ".cfg%00", "backslash": "/..%5c" + mac + ".cfg", "known MAC, file of the own URL": "/" + other + "-reg.cfg", "default master": "/000000000000.cfg",
		"long": "/" + strings.Repeat("a", 4000), "query": "/" + mac + ".cfg?x=1", "absolute": "http://pbx/" + mac + ".cfg",
	} {
		if got := rawRequest(t, addr, "GET", path); !bytes.Equal(got, first) {
			t.Errorf("%s differs:\n%q\n%q", name, got, first)
		}
	}
	for _, method := range []string{"POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND", "get"} {
		for _, path := range []string{"/001565ffffff.cfg", "/" + other + ".cfg", own(0), own(1)} {
			if got := rawRequest(t, addr, method, path); !bytes.Equal(got, first) {
				t.Errorf("%s %s differs:\n%q", method, path, got)
			}
		}
	}
	if got := rawRequest(t, addr, "OPTIONS", "*"); !bytes.Equal(got, first) {
		t.Errorf("OPTIONS * differs:\n%q", got)
	}
	head := rawRequest(t, addr, "HEAD", "/001565ffffff.cfg")
	for _, path := range []string{"/" + mac + ".cfg", "/p/" + secretOf(7) + "/" + mac + ".cfg"} {
		if got := rawRequest(t, addr, "HEAD", path); !bytes.Equal(got, head) || !bytes.Equal(append(got, missBody...), first) {
			t.Errorf("HEAD %s differs:\n%q", path, got)
		}
	}
	if got := rawRequest(t, addr, "GET", own(0)); !bytes.HasPrefix(got, []byte("HTTP/1.1 200")) {
		t.Errorf("the comparison proves nothing: the right path gives %q", got)
	}
	if strings.Contains(s.log.String(), "urlsecret") {
		t.Errorf("a secret is in the log: %s", &s.log)
	}
}

// rawRequest returns the whole answer without its Date line.
func rawRequest(t *testing.T, addr net.Addr, method, path string) []byte {
	t.Helper()
	c, err := net.DialTimeout("tcp", addr.String(), 5*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(5 * time.Second))
	if _, err := fmt.Fprintf(c, "%s %s HTTP/1.1\r\nHost: pbx\r\nConnection: close\r\n\r\n", method, path); err != nil {
		t.Fatal(err)
	}
	var out []byte
	for r := bufio.NewReader(c); ; {
		line, err := r.ReadBytes('\n')
		if !bytes.HasPrefix(line, []byte("Date: ")) {
			out = append(out, line...)
		}
		if err == io.EOF {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestConditionalRequests(t *testing.T) {
	s := newSite(t, 1, nil)
	etag := s.get(own(0)).Header().Get("ETag")
	for _, value := range []string{etag, "W/" + etag, `"x", ` + etag, "*"} {
		w := s.get(own(0), "If-None-Match", value)
		if w.Code != 304 || w.Body.Len() != 0 || w.Header().Get("ETag") != etag {
			t.Errorf("%s: %d %v", value, w.Code, w.Header())
		}
	}
	if w := s.get(own(0), "If-None-Match", `"other"`); w.Code != 200 || w.Body.Len() == 0 {
		t.Errorf("another tag: %d", w.Code)
	}
	w := s.ask(http.MethodHead, own(0))
	if w.Code != 200 || w.Body.Len() != 0 || w.Header().Get("Content-Length") == "0" || w.Header().Get("ETag") != etag {
		t.Errorf("HEAD: %d %v", w.Code, w.Header())
	}
}

func TestRequestsAreRecorded(t *testing.T) {
	s := newSite(t, 2, nil)
	full := s.get(own(0), "User-Agent", strings.Repeat("é", 150))
	etag := full.Header().Get("ETag")
	s.get(own(0), "If-None-Match", etag)
	s.ask(http.MethodHead, own(0))
	s.get("/p/" + secretOf(0) + "/y000000000000.boot")
	s.get("/p/wrong/" + string(macOf(0)) + ".cfg")
	s.get("/001565ffffff.boot")
	s.get("/y000000000000.boot", "User-Agent", "Yealink SIP-T46U 108.87.0.15 00:15:65:ff:ff:fe")
	s.get("/", "User-Agent", "curl/8")
	hash := strings.Trim(etag, `"`)
	wanted := []pbx.PhoneFetch{{File: string(macOf(0)) + ".cfg", Status: 200, Hash: hash}, {File: string(macOf(0)) + ".cfg", Status: 304, Hash: hash}, {File: string(macOf(0)) + ".cfg", Status: 200}, {File: "y000000000000.boot", Status: 404}, {File: string(macOf(0)) + ".cfg", Status: 404}}
	if len(s.known) != len(wanted) || len(s.unknown) != 2 {
		t.Fatalf("known %+v\nunknown %+v", s.known, s.unknown)
	}
	for i, f := range s.known {
		if f.MAC != macOf(0) || f.File != wanted[i].File || f.Status != wanted[i].Status || f.Hash != wanted[i].Hash || f.At != noon || f.Address.String() != "192.0.2.1" {
			t.Errorf("record %d: %+v", i, f)
		}
	}
	if n := len(s.known[0].UserAgent); n == 0 || n > 200 {
		t.Errorf("%d bytes of User-Agent", n)
	}
	if s.unknown[0].MAC != "001565ffffff" || s.unknown[1].MAC != "001565fffffe" || s.unknown[0].Status != 404 {
		t.Errorf("%+v", s.unknown)
	}
}

func TestNoSnapshotYet(t *testing.T) {
	s := newSite(t, 1, nil)
	s.current.Store(nil)
	for _, path := range []string{own(0), "/001565ffffff.cfg"} {
		if w := s.get(path); w.Code != 503 || w.Header().Get("Retry-After") == "" {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
}
