package directory

import (
	"bufio"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"sync"
	"time"

	ber "github.com/go-asn1-ber/asn1-ber"

	"github.com/dialtone-pbx/dialtone/provisioner/limit"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// The bounds of one server. A connection beyond them is closed at once: phones open one for
// each search, and try again.
const (
	mostConnections = 2000
	mostOfNetwork   = 500 // an office behind one address
	idleWithin      = 2 * time.Minute
	writeWithin     = 10 * time.Second
	longestRequest  = 16 << 10 // bytes
)

// wrongPasswords is how often a network may bind in vain, of so many networks.
var wrongPasswords = limit.Rate{Burst: 30, Every: 10 * time.Second}

const mostNetworks = 10_000

// Server answers on one listener. Its methods are safe for concurrent use.
type Server struct {
	o     Options
	wrong *limit.Count[string]

	mu      sync.Mutex
	open    map[net.Conn]string // with the network that it comes from
	perNet  map[string]int
	stopped bool
	serving sync.WaitGroup
}

// Options is what a Server needs. All fields are required.
type Options struct {
	Snapshot func() *pbx.Snapshot
	Log      *slog.Logger
}

// boundPackets holds for the whole program, where nothing else reads BER. Without it a length of
// four bytes would make the library reserve two gigabytes.
var boundPackets = sync.OnceFunc(func() { ber.MaxPacketLengthBytes = longestRequest })

// New makes a server without connections.
func New(o Options) *Server {
	boundPackets()
	return &Server{o: o, wrong: limit.NewCount[string](wrongPasswords, mostNetworks), open: map[net.Conn]string{},
		perNet: map[string]int{}}
}

// Serve takes connections until ctx ends; then it closes all, also the listener.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	defer context.AfterFunc(ctx, func() { _ = l.Close() })()
	defer s.serving.Wait()
	defer s.closeAll()
	for {
		conn, err := l.Accept()
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			s.o.Log.Warn("accepting a connection to the directory", "error", err)
			if !pause(ctx, time.Second) { // too many open files, most likely
				return ctx.Err()
			}
			continue
		}
		network := networkOf(conn)
		if !s.admit(conn, network) {
			_ = conn.Close()
			continue
		}
		s.serving.Go(func() {
			defer s.leave(conn)
			session{server: s, network: network, in: bufio.NewReader(conn), conn: conn}.serve()
		})
	}
}

// pause waits, or returns false when ctx ends.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

func networkOf(conn net.Conn) string {
	host, _, _ := net.SplitHostPort(conn.RemoteAddr().String())
	return limit.NetworkOf(host).String()
}

// admit notes a connection, unless there are too many.
func (s *Server) admit(conn net.Conn, network string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped || len(s.open) >= mostConnections || s.perNet[network] >= mostOfNetwork {
		return false
	}
	s.open[conn] = network
	s.perNet[network]++
	return true
}

func (s *Server) leave(conn net.Conn) {
	_ = conn.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	network := s.open[conn]
	if s.perNet[network]--; s.perNet[network] <= 0 {
		delete(s.perNet, network)
	}
	delete(s.open, conn)
}

func (s *Server) closeAll() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stopped = true
	for conn := range s.open {
		_ = conn.Close()
	}
}

// session is one connection. It answers one request after the other.
type session struct {
	server  *Server
	network string
	in      *bufio.Reader
	conn    net.Conn
}

// serve answers until the phone goes, is silent for too long, or sends what is no request.
func (c session) serve() {
	var phone pbx.MAC // that has bound; "" before
	for {
		_ = c.conn.SetReadDeadline(time.Now().Add(idleWithin))
		packet, err := ber.ReadPacket(io.LimitReader(c.in, longestRequest))
		if err != nil {
			return
		}
		r, err := readRequest(packet)
		if err != nil {
			c.server.o.Log.Debug("a request to the directory is none", "network", c.network, "error", err)
			return
		}
		var answers []*ber.Packet
		switch r.op {
		case opUnbind:
			return
		case opAbandon: // what it would end has been answered already
			continue
		case opBind:
			var code resultCode
			phone, code = c.server.bind(c.network, r)
			answers = []*ber.Packet{result(r.id, opBindDone, code)}
		case opSearch:
			answers = c.server.search(phone, r)
		case opExtended:
			answers = []*ber.Packet{result(r.id, opExtendedDone, unwilling)}
		default:
			answers = []*ber.Packet{result(r.id, opSearchDone, unwilling)}
		}
		if err := c.write(answers); err != nil {
			return
		}
	}
}

func (c session) write(packets []*ber.Packet) error {
	var out []byte
	for _, p := range packets {
		out = append(out, p.Bytes()...)
	}
	return errors.Join(c.conn.SetWriteDeadline(time.Now().Add(writeWithin)), second(c.conn.Write(out)))
}

func second(_ int, err error) error { return err }

// bind tells which phone asks. Its name is uid=MAC and its password BookPassword.
func (s *Server) bind(network string, r *request) (pbx.MAC, resultCode) {
	now := time.Now()
	if !s.wrong.Take(network, now) {
		return "", busy
	}
	p := s.o.Snapshot().Phone(uidOf(r.name))
	if p == nil || r.password == "" || !p.BookPassword().Equal(pbx.NewSecret(r.password)) {
		return "", invalidCredentials
	}
	s.wrong.GiveBack(network)
	return p.MAC, success
}
