// Package mailtest is a fake mail server for tests of code that sends mail. It is a real
// listener on loopback that takes mails, keeps them, and refuses them on demand.
//
// It may import the standard library only.
package mailtest

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"strings"
	"sync"
	"testing"
	"time"
)

// patience bounds one connection.
const patience = 30 * time.Second

// Server speaks as much SMTP (RFC 5321) as a client needs. All methods are safe for
// concurrent use.
type Server struct {
	listener net.Listener

	mu      sync.Mutex
	refusal string // answer to RCPT; "" takes it
	rude    bool
	mails   []string
	open    map[net.Conn]bool
}

// NewServer returns a server that ends with the test.
func NewServer(t testing.TB) *Server {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{listener: l, open: map[net.Conn]bool{}}
	var served sync.WaitGroup
	served.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			served.Go(func() { s.serve(c) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		s.hangUp()
		served.Wait()
	})
	return s
}

// Address is where the server listens, as host:port.
func (s *Server) Address() string { return s.listener.Addr().String() }

// Refuse sets the server's answer to each recipient, such as "550 no". With "" the server
// takes mails.
func (s *Server) Refuse(answer string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refusal = answer
}

// DropQuit makes the server hang up instead of answering QUIT, as some do.
func (s *Server) DropQuit() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rude = true
}

// Count returns how many mails have come, less those forgotten.
func (s *Server) Count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.mails)
}

// Last returns header and decoded body of the last mail. The test fails if no mail came.
func (s *Server) Last(t testing.TB) (mail.Header, string) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.mails) == 0 {
		t.Fatal("no mail has come")
	}
	m, err := mail.ReadMessage(strings.NewReader(s.mails[len(s.mails)-1]))
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(quotedprintable.NewReader(m.Body))
	if err != nil {
		t.Fatal(err)
	}
	return m.Header, string(body)
}

// Mail is one mail that came.
type Mail struct {
	Header mail.Header
	Text   string
	Files  map[string][]byte // attachments by name
}

// Mails returns all mails that came, less those forgotten.
func (s *Server) Mails(t testing.TB) (all []Mail) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, text := range s.mails {
		m, err := read(text)
		if err != nil {
			t.Fatalf("%v in the mail\n%.2000s", err, text)
		}
		all = append(all, m)
	}
	return all
}

// read takes a mail apart.
func read(text string) (Mail, error) {
	m, err := mail.ReadMessage(strings.NewReader(text))
	if err != nil {
		return Mail{}, err
	}
	out := Mail{Header: m.Header, Files: map[string][]byte{}}
	kind, parameters, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil {
		return out, err
	}
	if !strings.HasPrefix(kind, "multipart/") {
		body, err := io.ReadAll(quotedprintable.NewReader(m.Body))
		out.Text = string(body)
		return out, err
	}
	parts := multipart.NewReader(m.Body, parameters["boundary"])
	for {
		p, err := parts.NextPart() // which decodes quoted-printable
		if err == io.EOF {
			return out, nil
		}
		if err != nil {
			return out, err
		}
		var body io.Reader = p
		if p.Header.Get("Content-Transfer-Encoding") == "base64" {
			body = base64.NewDecoder(base64.StdEncoding, p)
		}
		content, err := io.ReadAll(body)
		if err != nil {
			return out, err
		}
		if name := p.FileName(); name != "" {
			out.Files[name] = content
		} else {
			out.Text = string(content)
		}
	}
}

// Forget drops the mails that came so far.
func (s *Server) Forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mails = nil
}

func (s *Server) serve(c net.Conn) {
	defer c.Close()
	if !s.note(c) {
		return
	}
	_ = c.SetDeadline(time.Now().Add(patience))
	in := bufio.NewReader(c)
	fmt.Fprint(c, "220 test ESMTP\r\n")
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		answer := "250 ok"
		switch verb, _, _ := strings.Cut(strings.ToUpper(strings.TrimSpace(line)), " "); verb {
		case "RCPT":
			if r := s.answer(); r != "" {
				answer = r
			}
		case "DATA":
			fmt.Fprint(c, "354 go on\r\n")
			s.take(in)
		case "QUIT":
			if !s.isRude() {
				fmt.Fprint(c, "221 bye\r\n")
			}
			return
		}
		fmt.Fprintf(c, "%s\r\n", answer)
	}
}

// note remembers a connection. False when the server has ended.
func (s *Server) note(c net.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open == nil {
		return false
	}
	s.open[c] = true
	return true
}

// hangUp ends the connections that clients have left open, and refuses others.
func (s *Server) hangUp() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.open {
		_ = c.Close()
	}
	s.open = nil
}

func (s *Server) isRude() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.rude
}

func (s *Server) answer() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.refusal
}

// take reads a mail up to the line with a dot. One that breaks off before it has not come: its
// sender was killed.
func (s *Server) take(in *bufio.Reader) {
	var text strings.Builder
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		if line == ".\r\n" {
			break
		}
		text.WriteString(strings.TrimPrefix(line, "."))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mails = append(s.mails, text.String())
}
