package phonehttp

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/valyala/fasthttp"
)

// pipes is a listener whose connections are in memory, so that a test can make time pass.
type pipes struct {
	conns chan net.Conn
	done  chan struct{}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { close(p.done); return nil }
func (p *pipes) Addr() net.Addr { return &net.TCPAddr{} }

func (p *pipes) dial() net.Conn {
	near, far := net.Pipe()
	p.conns <- near
	return far
}

// A client that is too slow, or says nothing, is hung up on in time.
func TestSlowClientsAreHungUpOn(t *testing.T) {
	_ = new(fasthttp.Response).Header.Header() // starts the clock of Date headers outside of the bubble
	ask := "GET " + own(0) + " HTTP/1.1\r\nHost: a\r\n\r\n"
	put := "PUT /p/" + secretOf(0) + "/" + string(macOf(0)) + "-contact.xml HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n"
	for name, server := range servers {
		for _, c := range []struct {
			name, sends string
			silent      bool // it does not read what comes
			within      time.Duration
		}{
			{"nothing", "", false, headWithin},
			{"half a head", ask[:len(ask)-4], false, headWithin},
			{"half a body", put + "x", false, bodyWithin},
			{"nothing more", ask, false, idleWithin},
			{"does not read", ask, true, answerWithin},
		} {
			t.Run(name+"/"+c.name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					t.Cleanup(func() { <-time.After(time.Minute) }) // fasthttp's goroutines end when they look next
					s := newSite(t, 1, nil)
					s.keepUploads()
					l := &pipes{conns: make(chan net.Conn), done: make(chan struct{})}
					servedOn(t, server(s.Handler), l)
					conn := l.dial()
					start := time.Now()
					if c.sends != "" { // a pipe hands on an empty write
						if _, err := io.WriteString(conn, c.sends); err != nil {
							t.Fatal(err)
						}
					}
					var got strings.Builder
					if c.silent {
						<-time.After(c.within + time.Second)
					}
					if _, err := io.Copy(&got, conn); err != nil && !errors.Is(err, io.ErrClosedPipe) {
						t.Fatal(err)
					}
					if took := time.Since(start); took < c.within || took > c.within+2*time.Second {
						t.Errorf("after %v; got %.100q", took, got.String())
					}
					synctest.Wait()
					if c.silent && (len(s.known) != 1 || s.known[0].Hash != "") {
						t.Errorf("a phone that did not read holds %+v", s.known)
					}
				})
			})
		}
	}
}

// The end of the program does not wait for connections without a request.
func TestShutdownEndsIdleConnections(t *testing.T) {
	_ = new(fasthttp.Response).Header.Header() // starts the clock of Date headers outside of the bubble
	synctest.Test(t, func(t *testing.T) {
		t.Cleanup(func() { <-time.After(time.Minute) }) // fasthttp's goroutines end when they look next
		s := newSite(t, 1, nil)
		f, l := s.Fast(), &pipes{conns: make(chan net.Conn), done: make(chan struct{})}
		servedOn(t, f, l)
		silent, idle := l.dial(), l.dial()
		if _, err := io.WriteString(idle, "GET / HTTP/1.1\r\nHost: a\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		if resp, err := http.ReadResponse(bufio.NewReader(idle), nil); err != nil || resp.StatusCode != 404 {
			t.Fatal(resp, err)
		}
		synctest.Wait()
		start := time.Now()
		if err := f.Shutdown(t.Context()); err != nil || time.Since(start) > time.Second {
			t.Errorf("after %v: %v", time.Since(start), err)
		}
		for _, c := range []net.Conn{silent, idle} {
			if _, err := c.Read(make([]byte, 1)); err == nil {
				t.Error("a connection outlives its server")
			}
		}
		synctest.Wait()
		f.mu.Lock()
		defer f.mu.Unlock()
		if len(f.silent) != 0 {
			t.Errorf("%d connections are not forgotten", len(f.silent))
		}
	})
}
