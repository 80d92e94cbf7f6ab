package phonehttp

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/valyala/fasthttp"
)

// server is what all servers have in common.
type server interface {
	Serve(l net.Listener) error
	Shutdown(ctx context.Context) error
}

// servers are all adapters, by name.
var servers = map[string]func(*Handler) server{
	"fasthttp": func(h *Handler) server { return h.Fast() },
	"net/http": func(h *Handler) server { return h.Server() },
}

// served runs a server on a listener of loopback and returns its address.
func served(t testing.TB, s server) net.Addr {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	servedOn(t, s, l)
	return l.Addr()
}

func servedOn(t testing.TB, s server, l net.Listener) {
	t.Helper()
	ended := make(chan error)
	go func() { ended <- s.Serve(l) }()
	t.Cleanup(func() {
		// Connections that wait for a request would be waited for.
		now, cancel := context.WithCancel(context.Background())
		cancel()
		_ = s.Shutdown(now)
		if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	})
}

// exchange sends bytes in pieces and returns the answers, each as text, in which the date
// and the version of HTTP are left out: to HTTP/1.0 one server answers with its own, the
// other with the client's.
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
			break // the server had enough, has answered and closed
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
		if resp.StatusCode == http.StatusBadRequest || resp.StatusCode == http.StatusRequestHeaderFieldsTooLarge {
			answers = append(answers, fmt.Sprintf("%d %v", resp.StatusCode, resp.Close)) // in each server's own words
			continue
		}
		if resp.Header.Get("Date") == "" {
			answers = append(answers, "no date")
		}
		resp.Header.Del("Date")
		var head bytes.Buffer
		if err := resp.Header.Write(&head); err != nil {
			t.Fatal(err)
		}
		answers = append(answers, fmt.Sprintf("%d %v %s%s", resp.StatusCode, resp.Close, head.String(), body))
	}
}

// Whatever is asked, in whatever way, gets the same answer from each server; where it does
// not, the table says how fasthttp's begins.
func TestServersAnswerAlike(t *testing.T) {
	s := newSite(t, 2, nil)
	s.keepUploads()
	file := s.get(own(0))
	etag, path := file.Header().Get("Etag"), own(0)
	rest := " HTTP/1.1\r\nHost: pbx:80\r\nUser-Agent: Yealink SIP-T46U 108.87.0.15 00:15:65:00:00:01\r\nAccept: */*\r\n\r\n"
	ask, put := "GET "+path+rest, "PUT /p/"+secretOf(1)+"/"+string(macOf(1))+"-app.log HTTP/1.1\r\nHost: pbx\r\n"
	fast, std := served(t, s.Fast()).String(), served(t, s.Server()).String()
	exchange(t, std, http.MethodPut, put+"Content-Length: 1\r\n\r\nx") // the first of them is created
	for _, c := range []struct {
		name   string
		fast   string // how fasthttp's first answer begins, "" for alike
		pieces []string
	}{
		{"a file", "", []string{ask}},
		{"two on a connection", "", []string{ask, "GET " + own(1) + rest}},
		{"at once", "", []string{ask + ask + ask}},
		{"in pieces", "", []string{ask[:3], ask[3:40], ask[40 : len(ask)-1], ask[len(ask)-1:]}},
		{"a head", "", []string{"HEAD " + path + rest}},
		{"known already", "", []string{"GET " + path + " HTTP/1.1\r\nHost: pbx\r\nIf-None-Match: \"x\", " + etag + "\r\n\r\n"}},
		{"two tags", "", []string{"GET " + path + " HTTP/1.1\r\nHost: pbx\r\nif-none-match: \"x\"\r\nIF-NONE-MATCH:" + etag + "\r\n\r\n"}},
		{"another tag", "", []string{"GET " + path + " HTTP/1.1\r\nhost: [::1]:80\r\nIf-None-Match: \"x\"\r\n\r\n"}},
		{"keep-alive", "", []string{"GET " + path + " HTTP/1.1\r\nHost: pbx\r\nConnection: Keep-Alive\r\n\r\n" + ask}},
		{"a stranger", "", []string{"GET /001565ffffff.cfg" + rest}},
		{"a wrong secret", "", []string{"GET /p/aaaa/001565000000.cfg" + rest}},
		{"no file", "", []string{"GET /p/" + rest}},
		{"the root", "", []string{"GET /" + rest}},
		{"many slashes", "", []string{"GET /p//" + strings.TrimPrefix(path, "/p/") + rest}},
		{"half a head", "", []string{ask[:len(ask)-4]}},
		{"nothing", "", []string{""}},
		{"close", "", []string{"GET " + path + " HTTP/1.1\r\nHost: pbx\r\nConnection: close\r\n\r\n"}},
		{"then close", "", []string{ask + "GET " + path + " HTTP/1.1\r\nHost: pbx\r\nConnection: close\r\n\r\n"}},
		{"HTTP/1.0", "", []string{"GET " + path + " HTTP/1.0\r\n\r\n"}},
		{"HTTP/1.0 that stays", "", []string{"GET " + path + " HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"}},
		{"no host", "", []string{"GET " + path + " HTTP/1.1\r\n\r\n"}},
		{"two hosts", "", []string{"GET " + path + " HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"}},
		{"an odd host", "", []string{"GET " + path + " HTTP/1.1\r\nHost: a b\r\n\r\n"}},
		{"a body", "", []string{"GET " + path + " HTTP/1.1\r\nHost: pbx\r\nContent-Length: 3\r\n\r\nabc" + ask}},
		{"chunks", "", []string{"GET " + path + " HTTP/1.1\r\nHost: pbx\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + ask}},
		{"a smuggled request", "200 true", []string{"GET " + path + " HTTP/1.1\r\nHost: pbx\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"}},
		{"a blank before the colon", "", []string{"GET " + path + " HTTP/1.1\r\nHost: pbx\r\nContent-Length : 3\r\n\r\nabc"}},
		{"a folded line", "", []string{"GET " + path + " HTTP/1.1\r\nHost: pbx\r\nUser-Agent: a\r\n b\r\n\r\n"}},
		{"a bare line feed", "400 true", []string{"GET " + path + " HTTP/1.1\nHost: pbx\n\n"}},
		{"a control character", "", []string{"GET " + path + " HTTP/1.1\r\nHost: pbx\r\nUser-Agent: a\x01b\r\n\r\n"}},
		{"an escape", "", []string{"GET /%70" + strings.TrimPrefix(path, "/p") + rest}},
		{"a query", "", []string{"GET " + path + "?x=1" + rest}},
		{"a whole address", "", []string{"GET http://pbx" + path + rest}},
		{"a host in the path", "", []string{"GET //pbx" + path + rest}},
		{"another method", "", []string{"POST " + path + rest}},
		{"options", "", []string{"OPTIONS * HTTP/1.1\r\nHost: pbx\r\n\r\n"}},
		{"a preface", "400 true", []string{"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"}},
		{"an invitation", "", []string{"GET /invite/abc" + rest}},
		{"firmware", "", []string{"GET /firmware/abc/x.rom" + rest}},
		{"a long head", "431 true", []string{"GET " + path + " HTTP/1.1\r\nHost: pbx\r\nX-Long: " + strings.Repeat("x", 6<<10) + "\r\n\r\n" + ask}},
		{"too long a head", "", []string{"GET " + path + " HTTP/1.1\r\nHost: pbx\r\nX-Long: " + strings.Repeat("x", 64<<10) + "\r\n\r\n"}},
		{"noise", "", []string{"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\r\n\r\n"}},
		{"an upload", "", []string{put + "Content-Length: 3\r\n\r\nabc" + ask}},
		{"an upload in chunks", "", []string{put + "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n" + ask}},
		{"an upload that waits", "", []string{put + "Expect: 100-continue\r\nContent-Length: 3\r\n\r\nabc" + ask}},
		{"half an upload", "400 true", []string{put + "Content-Length: 30\r\n\r\nabc"}},
		{"too much", "", []string{put + "Content-Length: 1048577\r\n\r\n" + strings.Repeat("x", 1<<20+1) + ask}},
		{"a stranger's upload", "", []string{"PUT /p/x/001565000001-app.log HTTP/1.1\r\nHost: pbx\r\nContent-Length: 3\r\n\r\nabc" + ask}},
		{"two lengths", "", []string{put + "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd"}},
		{"an odd coding", "400 true", []string{put + "Transfer-Encoding: xchunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			method := http.MethodGet
			if strings.HasPrefix(c.pieces[0], "HEAD") {
				method = http.MethodHead
			}
			got, want := exchange(t, fast, method, c.pieces...), exchange(t, std, method, c.pieces...)
			if c.fast != "" {
				if len(got) != 1 || !strings.HasPrefix(got[0], c.fast) || slices.Equal(got, want) {
					t.Errorf("got %.300q, not %s", got, c.fast)
				}
				return
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%.2000s", diff)
			}
		})
	}
}

// What both servers take for a request means the same to both, and ends at the same
// byte: no second request can be hidden from one of them.
func FuzzServersReadAlike(f *testing.F) {
	for _, text := range []string{
		"GET /p/x/y.cfg HTTP/1.1\r\nHost: a\r\n\r\n", "HEAD / HTTP/1.1\r\nhost:a\r\nUSER-AGENT: b \r\nIf-None-Match: \"1\"\r\nIf-None-Match:2\r\n\r\n",
		"PUT /a HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabcGET / HTTP/1.1\r\nHost: a\r\n\r\n", "PUT /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n0\r\nA: b\r\n\r\nGET",
		"GET /a HTTP/1.1\r\nHost: a\r\n b\r\n\r\n", "GET http://h/%41 HTTP/1.0\r\n\r\n", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		theirs := bufio.NewReader(bytes.NewReader(text))
		want, err := http.ReadRequest(theirs)
		if err != nil {
			return
		}
		body, err := io.ReadAll(want.Body)
		if err != nil {
			return
		}
		var ctx fasthttp.RequestCtx
		ours := bufio.NewReaderSize(bytes.NewReader(text), fastHeadBytes)
		if err := ctx.Request.ReadLimitBody(ours, 1<<20); err != nil {
			return
		}
		if close := ctx.Request.Header.ConnectionClose(); close || want.Close {
			if !close {
				t.Fatalf("%q: fasthttp goes on", text)
			}
			return
		}
		if len(ctx.URI().PathOriginal()) == 0 {
			return // its server refuses what it cannot read
		}
		rest, _ := io.ReadAll(ours)
		wantRest, _ := io.ReadAll(theirs)
		head := &ctx.Request.Header
		var tags []string
		for _, v := range head.PeekAll("If-None-Match") {
			tags = append(tags, string(v))
		}
		got := fmt.Sprintf("%s %q %q %q %q %q", head.Method(), pathOf(&ctx), head.UserAgent(), tags, ctx.Request.Body(), rest)
		if expected := fmt.Sprintf("%s %q %q %q %q %q", want.Method, want.URL.Path, want.UserAgent(), want.Header["If-None-Match"], body, wantRest); got != expected {
			t.Fatalf("%q:\n%s\n%s", text, got, expected)
		}
	})
}
