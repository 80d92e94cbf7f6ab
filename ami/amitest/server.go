// Package amitest is a fake Asterisk manager for tests of what talks to AMI: a real TCP listener on loopback that logs
// users in, answers the actions the product uses, records them, sends events, and fails on demand. It may import the
// standard library only, so package ami can use it too.
package amitest

import (
	"net"
	"slices"
	"sync"
	"testing"
	"time"
)

// patience bounds every wait of a test.
const patience = 10 * time.Second

// Server is the fake. All methods are safe for concurrent use; the test that made it ends it.
type Server struct {
	t       testing.TB
	address string
	wg      sync.WaitGroup

	mu       sync.Mutex
	listener net.Listener // nil while away
	conns    map[*Conn]bool
	handlers map[string]Handler
	actions  []Action
	changed  chan struct{} // closed and replaced at every recorded action and login
	user     string
	secret   string
	booting  bool
	silent   bool
}

// Handler answers one action. It runs on the goroutine that reads the connection, as in Asterisk: the next action
// waits.
type Handler func(c *Conn, a Action)

// NewServer starts a fake that accepts any user and has nothing registered. It ends with the test.
func NewServer(t testing.TB) *Server {
	s := &Server{t: t, conns: map[*Conn]bool{}, handlers: defaultHandlers(), changed: make(chan struct{})}
	s.listen("127.0.0.1:0")
	t.Cleanup(func() {
		s.Away()
		s.wg.Wait()
	})
	return s
}

// Address is the fake's host:port. It stays the same through Away and Back.
func (s *Server) Address() string { return s.address }

func (s *Server) listen(address string) {
	s.t.Helper()
	listener, err := net.Listen("tcp", address)
	if err != nil {
		s.t.Fatalf("listening on %s: %v", address, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.listener, s.address = listener, listener.Addr().String()
	s.wg.Go(func() {
		for {
			socket, err := listener.Accept()
			if err != nil {
				return
			}
			s.wg.Go(func() { s.serve(socket) })
		}
	})
}

// Away stops listening and drops all connections, as a stopped Asterisk does.
func (s *Server) Away() {
	s.mu.Lock()
	if s.listener != nil {
		s.listener.Close()
		s.listener = nil
	}
	s.mu.Unlock()
	s.Drop()
}

// Back listens again where it did.
func (s *Server) Back() { s.listen(s.address) }

// Drop closes all connections; new ones are accepted.
func (s *Server) Drop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		c.socket.Close()
	}
}

// Credentials makes the fake refuse every other user and secret. Empty ones accept all.
func (s *Server) Credentials(user, secret string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.user, s.secret = user, secret
}

// Silent makes the fake read actions without answering them, as a hung Asterisk does.
func (s *Server) Silent(silent bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.silent = silent
}

// Booting keeps FullyBooted back at the next logins. Booting(false) sends it to the sessions that are logged in.
func (s *Server) Booting(booting bool) {
	s.mu.Lock()
	s.booting = booting
	s.mu.Unlock()
	if !booting {
		s.Send("FullyBooted", "Status", "Fully Booted")
	}
}

// Handle replaces what the fake does with one action, such as "Reload".
func (s *Server) Handle(action string, h Handler) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.handlers[action] = h
}

// Send sends an event to everyone logged in: names and values in turn.
func (s *Server) Send(event string, namesAndValues ...string) {
	s.SendRaw(Text(append([]string{"Event", event}, namesAndValues...)...))
}

// SendRaw writes bytes to everyone logged in, well-formed or not.
func (s *Server) SendRaw(text string) {
	s.mu.Lock()
	conns := make([]*Conn, 0, len(s.conns))
	for c := range s.conns {
		if c.loggedIn {
			conns = append(conns, c)
		}
	}
	s.mu.Unlock()
	for _, c := range conns {
		c.Write(text)
	}
}

// Actions returns the recorded actions of one name, all for "", in the order they came.
func (s *Server) Actions(name string) []Action {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(s.actions), func(a Action) bool { return name != "" && a.Name() != name })
}

// WaitActions waits until n actions of a name have been recorded and returns them; the test fails after 10 s.
func (s *Server) WaitActions(name string, n int) []Action {
	s.t.Helper()
	var found []Action
	s.wait(func() bool { found = s.Actions(name); return len(found) >= n }, "waiting for "+name)
	return found
}

// WaitLogins waits until n connections are logged in at the same time; the test fails after 10 s.
func (s *Server) WaitLogins(n int) {
	s.t.Helper()
	s.wait(func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		count := 0
		for c := range s.conns {
			if c.loggedIn {
				count++
			}
		}
		return count >= n
	}, "waiting for a login")
}

func (s *Server) wait(ready func() bool, what string) {
	s.t.Helper()
	timeout := time.NewTimer(patience)
	defer timeout.Stop()
	for {
		s.mu.Lock()
		changed := s.changed
		s.mu.Unlock()
		if ready() {
			return
		}
		select {
		case <-changed:
		case <-timeout.C:
			s.t.Fatalf("%s: nothing within %v", what, patience)
		}
	}
}

// note wakes the waiters. The caller holds mu.
func (s *Server) note() {
	close(s.changed)
	s.changed = make(chan struct{})
}
