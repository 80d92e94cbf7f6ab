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

// Asterisk 22 answers with a success whatever became of a message; its words tell.
func TestVoicemailActions(t *testing.T) {
	server := amitest.NewServer(t)
	for action, done := range map[string]string{"VoicemailMove": "Message move", "VoicemailRemove": "Message remove",
		"VoicemailForward": "Message forward"} {
		server.Handle(action, func(c *amitest.Conn, a amitest.Action) {
			to := a.Get("ToFolder") + a.Get("ToContext") + a.Get("ToMailbox")
			if a.Get("Context")+a.Get("Mailbox")+a.Get("Folder") == "default101INBOX" && a.Get("ID") == "1-00000000" {
				c.Reply(a, "Message", done+" successful", "To", to)
				return
			}
			c.Reply(a, "Message", done+" failed")
		})
	}
	s := dialOnce(t, server)
	at := ami.MessagePlace{Context: "default", Mailbox: "101", Folder: "INBOX"}
	for what, act := range map[string]func(id string) error{
		"move":    func(id string) error { return s.VoicemailMove(t.Context(), at, id, "Old") },
		"remove":  func(id string) error { return s.VoicemailRemove(t.Context(), at, id) },
		"forward": func(id string) error { return s.VoicemailForward(t.Context(), at, id, at) },
	} {
		if err := act("1-00000000"); err != nil {
			t.Errorf("%s: %v", what, err)
		}
		if err := act("2-00000000"); !errors.Is(err, ami.ErrNotDone) {
			t.Errorf("%s of what is not there: %v", what, err)
		}
	}
	if err := dialOnce(t, amitest.NewServer(t)).VoicemailMove(t.Context(), at, "1-00000000", "Old"); !errors.Is(err, ami.ErrNotFound) {
		t.Errorf("on an Asterisk without the action: %v", err)
	}
}
