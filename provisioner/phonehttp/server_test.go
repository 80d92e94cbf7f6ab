package phonehttp

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// counted counts the writes of all its connections.
type counted struct {
	net.Listener
	writes atomic.Int64
}

func (l *counted) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	return &countedConn{c, &l.writes}, err
}

type countedConn struct {
	net.Conn
	writes *atomic.Int64
}

func (c *countedConn) Write(p []byte) (int, error) {
	c.writes.Add(1)
	return c.Conn.Write(p)
}

// Each answer of fasthttp leaves in one write, whatever its size, on a connection that
// stays open for the next one.
func TestAnswersAreOneWrite(t *testing.T) {
	s := newSite(t, 2, nil)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	count := &counted{Listener: l}
	servedOn(t, s.Fast(), count)
	client := &http.Client{Transport: &http.Transport{}}
	t.Cleanup(client.CloseIdleConnections)
	etag := ""
	ask := func(method, path, ifNoneMatch string, status int) []byte {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), method, "http://"+l.Addr().String()+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("If-None-Match", ifNoneMatch)
		before := count.writes.Load()
		resp, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		if err != nil || resp.StatusCode != status {
			t.Fatalf("%s %s: %s, %v", method, path, resp.Status, err)
		}
		if n := count.writes.Load() - before; n != 1 {
			t.Errorf("%s %s: %d writes", method, path, n)
		}
		etag = resp.Header.Get("ETag")
		return body
	}
	for i := range 2 {
		want := s.get(own(i)).Body.String()
		for range 2 {
			if got := ask("GET", own(i), "", 200); string(got) != want || len(got) < 3500 {
				t.Errorf("phone %d got %d bytes, not %d", i, len(got), len(want))
			}
			ask("HEAD", own(i), "", 200)
			ask("GET", own(i), etag, 304)
			ask("GET", "/nothing.cfg", "", 404)
		}
	}
}

// BenchmarkServer is a file over a connection that stays open, the system calls of
// both sides included.
func BenchmarkServer(b *testing.B) {
	for name, server := range servers {
		b.Run(name, func(b *testing.B) {
			s := newSite(b, 1, nil)
			s.opt.Record = func(pbx.PhoneFetch) {}
			c, err := net.Dial("tcp", served(b, server(s.Handler)).String())
			if err != nil {
				b.Fatal(err)
			}
			defer c.Close()
			request := []byte("GET " + own(0) + " HTTP/1.1\r\nHost: pbx.example.com\r\nUser-Agent: Yealink SIP-T46U 108.87.0.15\r\n\r\n")
			answers := bufio.NewReaderSize(c, 64<<10)
			for b.Loop() {
				if _, err := c.Write(request); err != nil {
					b.Fatal(err)
				}
				resp, err := http.ReadResponse(answers, nil)
				if err != nil || resp.StatusCode != 200 {
					b.Fatal(resp, err)
				}
				if _, err := io.Copy(io.Discard, resp.Body); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
