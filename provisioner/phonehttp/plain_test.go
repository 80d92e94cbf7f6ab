package phonehttp

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// servedAt runs a server on loopback, with or without Plain before it, and returns its
// address and how many connections net/http has seen.
func servedAt(t testing.TB, s *site, plain bool) (address string, left func() int) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address = l.Addr().String()
	l = Limit(l, 100)
	if plain {
		l = s.Plain(l)
	}
	counted := &accepts{Listener: l}
	server := s.Server("")
	ended := make(chan error)
	go func() { ended <- server.Serve(counted) }()
	t.Cleanup(func() {
		_ = server.Close()
		<-ended
	})
	return address, func() int { return int(counted.n.Load()) }
}

type accepts struct {
	net.Listener
	n atomic.Int64
}

func (a *accepts) Accept() (net.Conn, error) {
	c, err := a.Listener.Accept()
	if err == nil {
		a.n.Add(1)
	}
	return c, err
}

// exchange sends bytes in pieces and returns the answers, each as text, in which the date
// is left out.
func exchange(t testing.TB, address, method string, pieces ...string) (answers []string) {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(20 * time.Second))
	for _, p := range pieces {
		if _, err := io.WriteString(c, p); err != nil {
			t.Fatal(err)
		}
	}
	_ = c.(*net.TCPConn).CloseWrite()
	in := bufio.NewReader(c)
	for {
		resp, err := http.ReadResponse(in, &http.Request{Method: method})
		if err != nil {
			return answers
		}
		body, _ := io.ReadAll(resp.Body) // cut short where the server had enough
		if resp.Header.Get("Date") == "" && resp.StatusCode != 400 && resp.StatusCode != 431 {
			answers = append(answers, "no date")
		}
		resp.Header.Del("Date")
		var head bytes.Buffer
		if err := resp.Header.Write(&head); err != nil {
			t.Fatal(err)
		}
		answers = append(answers, fmt.Sprintf("%s %d %v %s%s", resp.Proto, resp.StatusCode, resp.Close, head.String(), body))
	}
}

// Whatever is asked, in whatever way, gets the answer that net/http would give, and what
// is plain does not get that far.
func TestPlainAnswersAsNetHTTPDoes(t *testing.T) {
	s := newSite(t, 2, nil)
	file := s.get(own(0))
	etag, path := file.Header().Get("Etag"), own(0)
	rest := " HTTP/1.1\r\nHost: pbx:80\r\nUser-Agent: Yealink SIP-T46U 108.87.0.15 00:15:65:00:00:01\r\nAccept: */*\r\n\r\n"
	ask := "GET " + path + rest
	with, _ := servedAt(t, s, true)
	without, _ := servedAt(t, s, false)
	for _, c := range []struct {
		name   string
		plain  bool
		pieces []string
	}{
		{"a file", true, []string{ask}},
		{"two on a connection", true, []string{ask, "GET " + own(1) + rest}},
		{"at once", true, []string{ask + ask + ask}},
		{"in pieces", true, []string{ask[:3], ask[3:40], ask[40 : len(ask)-1], ask[len(ask)-1:]}},
		{"a head", true, []string{"HEAD " + path + rest}},
		{"known already", true, []string{"GET " + path + " HTTP/1.1\r\nHost: pbx\r\nIf-None-Match: \"x\", " + etag + "\r\n\r\n"}},
		{"two tags", true, []string{"GET " + path + " HTTP/1.1\r\nHost: pbx\r\nif-none-match: \"x\"\r\nIF-NONE-MATCH:" + etag + "\r\n\r\n"}},
		{"another tag", true, []string{"GET " + path + " HTTP/1.1\r\nhost: [::1]:80\r\nIf-None-Match: \"x\"\r\n\r\n"}},
		{"keep-alive", true, []string{"GET " + path + " HTTP/1.1\r\nHost: pbx\r\nConnection: Keep-Alive\r\n\r\n" + ask}},
		{"a stranger", true, []string{"GET /001565ffffff.cfg" + rest}},
		{"a wrong secret", true, []string{"GET /p/aaaa/001565000000.cfg" + rest}},
		{"no file", true, []string{"GET /p/" + rest}},
		{"the root", true, []string{"GET /" + rest}},
		{"many slashes", true, []string{"GET /p//" + strings.TrimPrefix(path, "/p/") + rest}},
		{"half a head", false, []string{ask[:len(ask)-4]}},
		{"nothing", true, []string{""}},
		{"close", false, []string{"GET " + path + " HTTP/1.1\r\nHost: pbx\r\nConnection: close\r\n\r\n"}},
		{"then close", false, []string{ask + "GET " + path + " HTTP/1.1\r\nHost: pbx\r\nConnection: close\r\n\r\n"}},
		{"HTTP/1.0", false, []string{"GET " + path + " HTTP/1.0\r\n\r\n"}},
		{"HTTP/1.0 that stays", false, []string{"GET " + path + " HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"}},
		{"no host", false, []string{"GET " + path + " HTTP/1.1\r\n\r\n"}},
		{"two hosts", false, []string{"GET " + path + " HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"}},
		{"an odd host", false, []string{"GET " + path + " HTTP/1.1\r\nHost: a b\r\n\r\n"}},
		{"a body", false, []string{"GET " + path + " HTTP/1.1\r\nHost: pbx\r\nContent-Length: 3\r\n\r\nabc" + ask}},
		{"chunks", false, []string{"GET " + path + " HTTP/1.1\r\nHost: pbx\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + ask}},
		{"a smuggled request", false, []string{"GET " + path + " HTTP/1.1\r\nHost: pbx\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"}},
		{"a blank before the colon", false, []string{"GET " + path + " HTTP/1.1\r\nHost: pbx\r\nContent-Length : 3\r\n\r\nabc"}},
		{"a folded line", false, []string{"GET " + path + " HTTP/1.1\r\nHost: pbx\r\nUser-Agent: a\r\n b\r\n\r\n"}},
		{"a bare line feed", false, []string{"GET " + path + " HTTP/1.1\nHost: pbx\n\n"}},
		{"a control character", false, []string{"GET " + path + " HTTP/1.1\r\nHost: pbx\r\nUser-Agent: a\x01b\r\n\r\n"}},
		{"an escape", false, []string{"GET /%70" + strings.TrimPrefix(path, "/p") + rest}},
		{"a query", false, []string{"GET " + path + "?x=1" + rest}},
		{"a whole address", false, []string{"GET http://pbx" + path + rest}},
		{"a host in the path", false, []string{"GET //pbx" + path + rest}},
		{"another method", false, []string{"POST " + path + rest}},
		{"options", false, []string{"OPTIONS * HTTP/1.1\r\nHost: pbx\r\n\r\n"}},
		{"a preface", false, []string{"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"}},
		{"an invitation", false, []string{"GET /invite/abc" + rest}},
		{"firmware", false, []string{"GET /firmware/abc/x.rom" + rest}},
		{"a long head", false, []string{"GET " + path + " HTTP/1.1\r\nHost: pbx\r\nX-Long: " + strings.Repeat("x", 6<<10) + "\r\n\r\n" + ask}},
		{"too long a head", false, []string{"GET " + path + " HTTP/1.1\r\nHost: pbx\r\nX-Long: " + strings.Repeat("x", 64<<10) + "\r\n\r\n"}},
		{"noise", false, []string{"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\r\n\r\n"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			method := http.MethodGet
			if strings.HasPrefix(c.pieces[0], "HEAD") {
				method = http.MethodHead
			}
			got, want := exchange(t, with, method, c.pieces...), exchange(t, without, method, c.pieces...)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
			alone, left := servedAt(t, s, true)
			exchange(t, alone, method, c.pieces...)
			if seen := left() > 0; seen == c.plain {
				t.Errorf("net/http has seen it: %v", seen)
			}
		})
	}
}

// A head that is taken for plain means to net/http what it means here.
func FuzzReadPlain(f *testing.F) {
	for _, head := range []string{"GET /p/x/y.cfg HTTP/1.1\r\nHost: a\r\n\r\n", "HEAD / HTTP/1.1\r\nhost:a\r\nUSER-AGENT: b \r\nIf-None-Match: \"1\"\r\nIf-None-Match:2\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\n", "GET /a HTTP/1.1\r\nHost: a\r\n b\r\n\r\n", "GET  /a HTTP/1.1\r\nHost:\r\n\r\n"} {
		f.Add([]byte(head))
	}
	f.Fuzz(func(t *testing.T, head []byte) {
		if end := bytes.Index(head, []byte("\r\n\r\n")); end < 0 || end+4 != len(head) {
			return
		}
		r := &http.Request{Header: http.Header{}}
		if !readPlain(head, r) {
			return
		}
		want, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(head)))
		if err != nil {
			t.Fatalf("%q: %v", head, err)
		}
		if r.Method != want.Method || r.URL.Path != want.URL.Path || want.URL.RawQuery != "" || want.ContentLength != 0 || want.Close || len(want.TransferEncoding) > 0 || want.URL.Host != "" {
			t.Fatalf("%q: %+v, not %+v", head, r, want)
		}
		for _, name := range []string{"User-Agent", "If-None-Match"} {
			if !slices.Equal(r.Header[name], want.Header[name]) {
				t.Fatalf("%q: %s %q, not %q", head, name, r.Header[name], want.Header[name])
			}
		}
	})
}

// All that the handler sets is sent.
func TestPlainAnswerSendsEveryHeader(t *testing.T) {
	s := newSite(t, 1, nil)
	for _, path := range []string{own(0), "/x"} {
		c, far := net.Pipe()
		go func() { _, _ = io.Copy(io.Discard, far) }()
		a := &plainAnswer{conn: c, head: http.Header{}}
		r := &http.Request{Header: http.Header{}}
		if !readPlain([]byte("GET "+path+" HTTP/1.1\r\nHost: a\r\n\r\n"), r) {
			t.Fatal(path)
		}
		a.reset(r.Method)
		s.ServeHTTP(a, r)
		a.Flush()
		if odd := a.unknown(); len(odd) > 0 || a.err != nil {
			t.Errorf("%s: %q are not sent; %v", path, odd, a.err)
		}
		c.Close()
		far.Close()
	}
}

// Closing the listener ends connections that wait, and waits for all.
func TestPlainEndsWithItsListener(t *testing.T) {
	s := newSite(t, 1, nil)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := s.Plain(Limit(l, 10))
	waiting, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer waiting.Close()
	if got := exchange(t, l.Addr().String(), http.MethodGet, "GET "+own(0)+" HTTP/1.1\r\nHost: a\r\n\r\n"); len(got) != 1 {
		t.Fatal(got)
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	_ = waiting.SetReadDeadline(time.Now().Add(10 * time.Second))
	if _, err := waiting.Read(make([]byte, 1)); err == nil || strings.Contains(err.Error(), "timeout") {
		t.Errorf("a connection outlives its listener: %v", err)
	}
	if _, err := p.Accept(); err == nil {
		t.Error("a closed listener accepts")
	}
}
