// Package aritest owns a fake Asterisk REST Interface for tests: real HTTP and
// real websocket frames over loopback, because the transport is where the
// faults are. It records every request, answers the common ones sensibly and
// the others as scripted, and sends whatever events a test hands it.
//
// It may import the standard library only.
package aritest

import (
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"
)

// Username and Password are the credentials every Server wants.
const (
	Username = "dialtone"
	Password = "s3cret & more"
)

// patience bounds every wait of a Server; a wait that ends by it fails the test.
const patience = time.Minute

// Server is one fake ARI. Its methods may be called from any goroutine of the
// test, except those that say they fail the test: these belong to the
// goroutine that runs it.
type Server struct {
	t    testing.TB
	http *httptest.Server
	done chan struct{}
	work sync.WaitGroup

	mu          sync.Mutex
	changed     chan struct{}
	requests    []Request
	upgrades    []Request
	routes      []route
	channels    []Channel
	variables   map[string]string
	sessions    []*conn
	connections int
	open        map[net.Conn]bool
	pings       int
	ended       int
	refuse      int
	hang        bool
	deaf        bool
}

// NewServer starts a server that ends with the test.
func NewServer(t testing.TB) *Server {
	t.Helper()
	s := &Server{t: t, done: make(chan struct{}), changed: make(chan struct{}), variables: map[string]string{},
		open: map[net.Conn]bool{}}
	s.http = httptest.NewUnstartedServer(http.HandlerFunc(s.serve))
	s.http.Config.ConnState = s.countConnection
	s.http.Start()
	t.Cleanup(s.stop)
	return s
}

// URL is the base of ARI, for ari.Options.URL.
func (s *Server) URL() string { return s.http.URL + "/ari" }

// Requests returns the REST requests so far, oldest first.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// Upgrades returns the requests for a websocket so far, refused ones included.
func (s *Server) Upgrades() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.upgrades)
}

// Connections counts the TCP connections accepted so far.
func (s *Server) Connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.connections
}

// OpenConnections counts the connections that are open and not websockets.
func (s *Server) OpenConnections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.open)
}

// WaitRequest returns the first request that fits pattern (as in Handle),
// waiting for it if need be. It fails the test when none comes.
func (s *Server) WaitRequest(pattern string) Request {
	s.t.Helper()
	return s.WaitRequests(pattern, 1)[0]
}

// WaitRequests returns the first n requests that fit pattern. It fails the
// test when fewer come.
func (s *Server) WaitRequests(pattern string, n int) []Request {
	s.t.Helper()
	var found []Request
	s.wait("requests "+pattern, func() bool {
		found = found[:0]
		for _, r := range s.requests {
			if r.fits(pattern) {
				found = append(found, r)
			}
		}
		return len(found) >= n
	})
	return found[:n]
}

// wait calls ready, with the lock held, after every change until it is true.
func (s *Server) wait(what string, ready func() bool) {
	s.t.Helper()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	for {
		s.mu.Lock()
		ok, changed := ready(), s.changed
		s.mu.Unlock()
		if ok {
			return
		}
		select {
		case <-changed:
		case <-timer.C:
			s.t.Fatalf("aritest: gave up waiting for %s", what)
		}
	}
}

// notify wakes everybody in wait; the lock is held.
func (s *Server) notify() {
	close(s.changed)
	s.changed = make(chan struct{})
}

func (s *Server) stop() {
	close(s.done)
	s.http.Close()
	s.Drop()
	s.work.Wait()
}
