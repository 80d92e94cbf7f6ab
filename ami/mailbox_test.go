package ami_test

import (
	"errors"
	"testing"

	"github.com/dialtone-pbx/dialtone/ami"
	"github.com/dialtone-pbx/dialtone/ami/amitest"
)

// Asterisk answers a question about a mailbox it does not have with a success,
// one sentence, and no end of a list (seen on 22).
func TestVoicemailFullName(t *testing.T) {
	server := amitest.NewServer(t)
	server.Handle("VoicemailUserStatus", func(c *amitest.Conn, a amitest.Action) {
		if a.Get("Mailbox") != "101" || a.Get("Context") != "default" {
			c.Reply(a, "Message", "There is no voicemail user of the given info.")
			return
		}
		c.ReplyList(a, "VoicemailUserDetail", "VoicemailUserDetailComplete", []string{"Fullname", "Bob, the builder"})
	})
	s := dialOnce(t, server)
	if name, err := s.VoicemailFullName(t.Context(), "101@default"); err != nil || name != "Bob, the builder" {
		t.Errorf("101@default is %q, %v", name, err)
	}
	if _, err := s.VoicemailFullName(t.Context(), "102@default"); !errors.Is(err, ami.ErrNotFound) {
		t.Errorf("a mailbox that does not exist gives %v", err)
	}
}

func TestPJSIPQualify(t *testing.T) {
	server := amitest.NewServer(t)
	asked := make(chan string, 1)
	server.Handle("PJSIPQualify", func(c *amitest.Conn, a amitest.Action) {
		asked <- a.Get("Endpoint")
		c.Reply(a, "Message", "Endpoint found, will qualify")
	})
	if err := dialOnce(t, server).PJSIPQualify(t.Context(), "d1"); err != nil || <-asked != "d1" {
		t.Errorf("qualify: %v", err)
	}
}

// dialOnce opens one session without reconnecting.
func dialOnce(t *testing.T, server *amitest.Server) *ami.Session {
	t.Helper()
	server.Credentials("dialtone", "secret")
	s, err := ami.Dial(t.Context(), ami.Options{Address: server.Address(), Username: "dialtone", Secret: "secret"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}
