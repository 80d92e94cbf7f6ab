package aritest

import (
	"bufio"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"
)

// Opcodes of websocket frames (RFC 6455, section 5.2).
const (
	Continuation = 0x0
	Text         = 0x1
	closing      = 0x8
	pinging      = 0x9
	ponging      = 0xA
)

// conn is the server's end of one websocket.
type conn struct {
	net   net.Conn
	write sync.Mutex
}

// Send sends one event to the newest websocket, waiting for the first one if
// need be. It fails the test when none comes; a websocket that is just going
// away swallows the event, as it would Asterisk's.
func (s *Server) Send(event string) {
	s.t.Helper()
	s.SendFrame(Text, true, []byte(event))
}

// SendFrame sends one websocket frame, for fragments and other oddities. A
// message in three frames is (Text, false), (Continuation, false),
// (Continuation, true).
func (s *Server) SendFrame(opcode byte, fin bool, payload []byte) {
	s.t.Helper()
	var newest *conn
	s.wait("a websocket", func() bool {
		if len(s.sessions) > 0 {
			newest = s.sessions[len(s.sessions)-1]
		}
		return newest != nil
	})
	_ = newest.frame(opcode, fin, payload)
}

// WaitSessions waits until n websockets have been opened in all. It fails the
// test when fewer come.
func (s *Server) WaitSessions(n int) {
	s.t.Helper()
	s.wait(fmt.Sprintf("websocket %d", n), func() bool { return len(s.sessions) >= n })
}

// Sessions counts the websockets opened so far.
func (s *Server) Sessions() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.sessions)
}

// OpenSessions counts the websockets that are open now.
func (s *Server) OpenSessions() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.sessions) - s.ended
}

// Drop closes every websocket's TCP connection without a word, as an Asterisk
// that died does.
func (s *Server) Drop() {
	s.mu.Lock()
	sessions := slices.Clone(s.sessions)
	s.mu.Unlock()
	for _, c := range sessions {
		_ = c.net.Close()
	}
}

// RefuseUpgrades answers requests for a websocket with status until called
// with 0. 503 is what Asterisk says while it starts.
func (s *Server) RefuseUpgrades(status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refuse = status
}

// HangUpgrades leaves requests for a websocket without any answer.
func (s *Server) HangUpgrades(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hang = on
}

// IgnorePings leaves websocket pings unanswered: a peer that is connected and
// silent.
func (s *Server) IgnorePings(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.deaf = on
}

// Pings counts the websocket pings received so far.
func (s *Server) Pings() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.pings
}

// WaitPings waits until n pings have come in all. It fails the test when fewer
// come.
func (s *Server) WaitPings(n int) {
	s.t.Helper()
	s.wait(fmt.Sprintf("ping %d", n), func() bool { return s.pings >= n })
}

// upgrade answers a request for a websocket and serves it to its end.
func (s *Server) upgrade(w http.ResponseWriter, r *http.Request, req Request) {
	s.mu.Lock()
	s.upgrades = append(s.upgrades, req)
	refuse, hang := s.refuse, s.hang
	s.notify()
	s.mu.Unlock()
	if hang || refuse != 0 {
		s.write(w, r, Answer{Hang: hang, Status: refuse, Body: `{"message":"not now"}`})
		return
	}
	s.work.Add(1)
	defer s.work.Done()
	raw, buffered, err := w.(http.Hijacker).Hijack()
	if err != nil {
		return
	}
	defer raw.Close()
	c := &conn{net: raw}
	s.accept(c, r.Header.Get("Sec-Websocket-Key"))
	defer s.countEnd()
	select {
	case <-s.done: // stop may have dropped its sessions before this one was in the list
	default:
		s.read(c, buffered.Reader)
	}
}

// accept lists the websocket and then tells the client, in this order, so
// that a client that knows of its websocket is one Drop reaches. The lock keeps
// frames behind the answer.
func (s *Server) accept(c *conn, key string) {
	c.write.Lock()
	defer c.write.Unlock()
	s.mu.Lock()
	s.sessions = append(s.sessions, c)
	s.notify()
	s.mu.Unlock()
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	fmt.Fprintf(c.net,
		"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n",
		base64.StdEncoding.EncodeToString(sum[:]))
}

// read answers pings and returns when the websocket ends.
func (s *Server) read(c *conn, r *bufio.Reader) {
	for {
		opcode, payload, err := readFrame(r)
		if err != nil || opcode == closing {
			return
		}
		if opcode == pinging && s.hear() {
			_ = c.frame(ponging, true, payload)
		}
	}
}

// countEnd counts a websocket that is over.
func (s *Server) countEnd() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended++
	s.notify()
}

// hear counts a ping and reports whether it is to be answered.
func (s *Server) hear() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pings++
	s.notify()
	return !s.deaf
}

// readFrame reads one masked frame of a client; a client's frames are short.
func readFrame(r *bufio.Reader) (opcode byte, payload []byte, err error) {
	var head [2]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return 0, nil, err
	}
	length := int(head[1] & 0x7f)
	if head[1]&0x80 == 0 || length > 125 {
		return 0, nil, fmt.Errorf("aritest: frame header %x: unmasked or long", head)
	}
	masked := make([]byte, 4+length)
	if _, err := io.ReadFull(r, masked); err != nil {
		return 0, nil, err
	}
	payload = masked[4:]
	for i := range payload {
		payload[i] ^= masked[i%4]
	}
	return head[0] & 0x0f, payload, nil
}

// frame writes one frame. The deadline keeps a test from hanging on a client
// that no longer reads.
func (c *conn) frame(opcode byte, fin bool, payload []byte) error {
	head := []byte{opcode}
	if fin {
		head[0] |= 0x80
	}
	switch n := len(payload); {
	case n < 126:
		head = append(head, byte(n))
	case n < 1<<16:
		head = binary.BigEndian.AppendUint16(append(head, 126), uint16(n))
	default:
		head = binary.BigEndian.AppendUint64(append(head, 127), uint64(n))
	}
	c.write.Lock()
	defer c.write.Unlock()
	if err := c.net.SetWriteDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	_, err := c.net.Write(append(head, payload...))
	return err
}
