package mail

import (
	"errors"
	"net"
	"strings"
	"testing"

	"github.com/dialtone-pbx/dialtone/provisioner/mail/mailtest"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

func TestServerIsChecked(t *testing.T) {
	good := Server{Address: "mail.example.com:587", From: "pbx@example.com", TLS: StartTLS}
	if err := errors.Join(good.Validate(), Server{}.Validate()); err != nil {
		t.Error(err)
	}
	for field, change := range map[string]func(*Server){
		"smtp_address": func(s *Server) { s.Address = "mail.example.com" },
		"smtp_from":    func(s *Server) { s.From = "nobody" },
		"smtp_tls":     func(s *Server) { s.TLS = "maybe" },
	} {
		bad := good
		change(&bad)
		var es pbx.Errors
		if err := bad.Validate(); !errors.As(err, &es) || es[0].Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
}

func TestSend(t *testing.T) {
	post := mailtest.NewServer(t)
	s := Server{Address: post.Address(), From: "pbx@example.com", TLS: Plain}
	text := "Hello Jürgen,\n\n.a line that begins with a dot\n"
	if permanent, err := s.send(t.Context(), message{to: "anna@example.com", subject: "Your phone", text: text}); permanent || err != nil {
		t.Fatal(permanent, err)
	}
	header, body := post.Last(t)
	if header.Get("To") != "<anna@example.com>" || header.Get("From") != "<pbx@example.com>" ||
		header.Get("Subject") != "Your phone" || header.Get("Date") == "" || header.Get("Message-Id") == "" {
		t.Errorf("header %v", header)
	}
	if got := strings.ReplaceAll(body, "\r\n", "\n"); strings.TrimSpace(got) != strings.TrimSpace(text) {
		t.Errorf("body %q", got)
	}
}

// A mail that was taken must not be sent again because the server then hung up.
func TestServerThatHangsUp(t *testing.T) {
	post := mailtest.NewServer(t)
	post.DropQuit()
	s := Server{Address: post.Address(), From: "pbx@example.com", TLS: Plain}
	if permanent, err := s.send(t.Context(), message{to: "anna@example.com", subject: "s", text: "t"}); permanent || err != nil {
		t.Error(permanent, err)
	}
	post.Last(t)
}

// 5yz means never, 4yz and no connection mean later (RFC 5321, 4.2.1).
func TestRefusals(t *testing.T) {
	post := mailtest.NewServer(t)
	unused, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = unused.Close()
	for what, c := range map[string]struct {
		address, refusal, to string
		tls                  TLS
		permanent            bool
	}{
		"never":         {post.Address(), "550 no such user", "anna@example.com", Plain, true},
		"later":         {post.Address(), "451 try again", "anna@example.com", Plain, false},
		"no address":    {post.Address(), "", "anna", Plain, true},
		"no server":     {unused.Addr().String(), "", "anna@example.com", Plain, false},
		"no encryption": {post.Address(), "", "anna@example.com", StartTLS, false},
	} {
		post.Refuse(c.refusal)
		s := Server{Address: c.address, From: "pbx@example.com", TLS: c.tls}
		if permanent, err := s.send(t.Context(), message{to: c.to, subject: "s", text: "t"}); permanent != c.permanent || err == nil {
			t.Errorf("%s: permanent %v, %v", what, permanent, err)
		}
	}
}
