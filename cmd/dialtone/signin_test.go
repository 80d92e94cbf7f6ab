package main

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/dialtone-pbx/dialtone/cmd/phonesim/phone"
	"github.com/dialtone-pbx/dialtone/cmd/sandbox/box"
	"github.com/dialtone-pbx/dialtone/cmd/sandbox/office"
)

// session is what the API says of a sign-in.
type session struct {
	Token      string
	SignIn     string `json:"sign_in"`
	SecondStep string `json:"second_step"`
	Actor      string
	MustChange bool `json:"must_change_password"`
}

// as calls the API with another token than the lab's; the status is 0 when all is well.
func (l *lab) as(t *testing.T, token, method, path string, body, out any) *office.Refused {
	t.Helper()
	var r *office.Refused
	if err := l.api.Do(t.Context(), method, path, body, out, "Authorization", "Bearer "+token); err != nil && !errors.As(err, &r) {
		t.Fatal(err)
	}
	return r
}

// mailedCode waits for a mail with a code and returns the code.
func (s *mailServer) mailedCode(t *testing.T, to string) string {
	t.Helper()
	eventually(t, 20*time.Second, func() string {
		s.mu.Lock()
		defer s.mu.Unlock()
		if len(s.mails) == 0 {
			return "no mail has come"
		}
		return ""
	})
	header, body := s.last(t)
	code := regexp.MustCompile(`(?m)^(\d{6})\r?$`).FindStringSubmatch(body)
	if code == nil || header.Get("To") != "<"+to+">" || header.Get("Subject") != "Your code to sign in" {
		t.Fatalf("the mail: %v\n%s", header, body)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mails = nil
	return code[1]
}

// TestSignInRealAsterisk: a person signs in with a one-time password and a code
// that the mail server takes only after the controller was killed, chooses a
// password, and then does what people may do: take a desk, which rings, and set
// the PIN of the own mailbox, which Asterisk asks for.
func TestSignInRealAsterisk(t *testing.T) {
	t.Parallel()
	server := newMailServer(t)
	l := openLab(t, box.Suites()[0], server.flags()...)
	l.extension(t, "101", "4711", nil)
	l.extension(t, "102", "", nil)
	desk := l.register(t, l.device(t, "desk", "", object{"shared": true}), phone.Options{})
	bob := l.register(t, l.device(t, "bob", "102", nil), phone.Options{})
	if r := l.refused(t, "PUT", tenant+"/users/alice", object{"full_name": "Alice", "role": "user", "second_step": "email"}); r == nil || r.Field != "personal_contact" {
		t.Errorf("a second step without a contact: %v", r)
	}
	l.do(t, "PUT", tenant+"/users/alice", object{"full_name": "Alice", "role": "user", "extension": "101", "second_step": "email", "personal_contact": "alice@home.example"}, nil)
	var u user
	l.do(t, "POST", tenant+"/users/alice/reset-password", nil, &u)

	server.refuse("451 come again")
	var s session
	if r := l.as(t, "", "POST", "/v1/sign-in", object{"username": "alice", "password": u.Password}, &s); r != nil || s.Token != "" || s.SecondStep != "email" {
		t.Fatalf("the first step: %v, %+v", r, s)
	}
	eventually(t, 10*time.Second, func() string {
		if !strings.Contains(l.log.String(), "a code to sign in was not taken") {
			return "no attempt was made"
		}
		return ""
	})
	l.kill(t)
	server.refuse("")
	l.restart(t)
	code := server.mailedCode(t, "alice@home.example")
	if r := l.as(t, "", "POST", "/v1/sign-in/code", object{"sign_in": s.SignIn, "code": "no"}, nil); r == nil || r.Status != 422 || r.Field != "code" {
		t.Errorf("a wrong code: %v", r)
	}
	half := s.SignIn
	if r := l.as(t, "", "POST", "/v1/sign-in/code", object{"sign_in": half, "code": code}, &s); r != nil || !s.MustChange || s.Actor != "user alice" {
		t.Fatalf("the second step: %v, %+v", r, s)
	}
	if r := l.as(t, s.Token, "GET", tenant+"/extensions/101", nil, nil); r == nil || r.Status != http.StatusForbidden {
		t.Errorf("before a password is chosen: %v", r)
	}
	if r := l.as(t, s.Token, "POST", tenant+"/users/alice/password", object{"current": u.Password, "new": "correct horse"}, nil); r != nil {
		t.Fatal(r)
	}
	l.kill(t)
	l.restart(t)

	if r := l.as(t, s.Token, "POST", tenant+"/users/alice/desk", object{"device": "desk"}, nil); r != nil {
		t.Fatal("after a restart:", r)
	}
	l.atDesk(t, "alice", "desk")
	out, in := connect(t, bob, desk, "101")
	hangUp(t, out, in)
	if r := l.as(t, s.Token, "PUT", tenant+"/mailboxes/101/pin", object{"pin": "9753"}, nil); r != nil {
		t.Error(r)
	}
	if r := l.as(t, s.Token, "PATCH", tenant+"/extensions/101", object{"name": "Boss"}, nil); r == nil || r.Status != http.StatusForbidden {
		t.Errorf("a user's own extension can be changed: %v", r)
	}
	l.applied(t)
	l.checkPIN(t, desk, "9753")
	var changes struct {
		Items []struct{ Actor, Kind string }
	}
	l.do(t, "GET", "/v1/changes?kind=mailbox&limit=1", nil, &changes)
	if len(changes.Items) != 1 || changes.Items[0].Actor != "user alice" {
		t.Errorf("the audit says %+v", changes.Items)
	}
	for _, secret := range []string{s.Token[len(s.Token)-52:], half} {
		l.checkUnseen(t, secret)
	}
	if strings.Contains(l.log.String(), u.Password) || strings.Contains(l.log.String(), "correct horse") || regexp.MustCompile(`\b`+code+`\b`).MatchString(l.log.String()) {
		t.Error("a password or the code is in the log")
	}
	l.do(t, "PATCH", tenant+"/users/alice", object{"login": false}, nil)
	if r := l.as(t, s.Token, "GET", "/v1/sign-in", nil, nil); r == nil || r.Status != http.StatusUnauthorized {
		t.Errorf("after login was switched off: %v", r)
	}
}

// checkPIN looks at what Asterisk was given, and opens the mailbox with it.
func (l *lab) checkPIN(t *testing.T, p *phone.Phone, pin string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(l.Asterisk.Dir(), "etc", "dialtone", "voicemail.conf"))
	if err != nil || !strings.Contains(string(text), "\n101 => "+pin+",") {
		t.Errorf("the mailbox's PIN is not %s: %v\n%s", pin, err, text)
	}
	openMailbox(t, p, pin)
}
