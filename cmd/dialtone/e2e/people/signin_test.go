package people

import (
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	. "github.com/dialtone-pbx/dialtone/cmd/sandbox/lab"

	"github.com/dialtone-pbx/dialtone/cmd/phonesim/phone"
	"github.com/dialtone-pbx/dialtone/cmd/sandbox/box"
)

// TestSignInRealAsterisk: a person signs in with a one-time password and a code
// that the mail server takes only after the controller was killed, chooses a
// password, and then does what people may do: take a desk, which rings, and set
// the PIN of the own mailbox, which Asterisk asks for.
func TestSignInRealAsterisk(t *testing.T) {
	t.Parallel()
	server := NewMailServer(t)
	l := openLab(t, box.Suites()[0], server.Flags()...)
	l.Extension(t, "101", "4711", nil)
	l.Extension(t, "102", "", nil)
	desk := l.Register(t, l.Device(t, "desk", "", Object{"shared": true}), phone.Options{})
	bob := l.Register(t, l.Device(t, "bob", "102", nil), phone.Options{})
	if r := l.Refused(t, "PUT", Tenant+"/users/alice", Object{"full_name": "Alice", "role": "user", "second_step": "email"}); r == nil || r.Field != "personal_contact" {
		t.Errorf("a second step without a contact: %v", r)
	}
	l.Do(t, "PUT", Tenant+"/users/alice", Object{"full_name": "Alice", "role": "user", "extension": "101", "second_step": "email", "personal_contact": "alice@home.example"}, nil)
	var u User
	l.Do(t, "POST", Tenant+"/users/alice/reset-password", nil, &u)

	server.Refuse("451 come again")
	var s Session
	if r := l.As(t, "", "POST", "/v1/sign-in", Object{"username": "alice", "password": u.Password}, &s); r != nil || s.Token != "" || s.SecondStep != "email" {
		t.Fatalf("the first step: %v, %+v", r, s)
	}
	Eventually(t, 10*time.Second, func() string {
		if !strings.Contains(l.Log.String(), `msg="a mail was not taken" mail="code of user `) {
			return "no attempt was made"
		}
		return ""
	})
	l.Kill(t)
	server.Refuse("")
	l.Restart(t)
	code := server.MailedCode(t, "alice@home.example")
	if r := l.As(t, "", "POST", "/v1/sign-in/code", Object{"sign_in": s.SignIn, "code": "no"}, nil); r == nil || r.Status != 422 || r.Field != "code" {
		t.Errorf("a wrong code: %v", r)
	}
	half := s.SignIn
	if r := l.As(t, "", "POST", "/v1/sign-in/code", Object{"sign_in": half, "code": code}, &s); r != nil || !s.MustChange || s.Actor != "user alice" {
		t.Fatalf("the second step: %v, %+v", r, s)
	}
	if r := l.As(t, s.Token, "GET", Tenant+"/extensions/101", nil, nil); r == nil || r.Status != http.StatusForbidden {
		t.Errorf("before a password is chosen: %v", r)
	}
	if r := l.As(t, s.Token, "POST", Tenant+"/users/alice/password", Object{"current": u.Password, "new": "correct horse"}, nil); r != nil {
		t.Fatal(r)
	}
	l.Kill(t)
	l.Restart(t)

	if r := l.As(t, s.Token, "POST", Tenant+"/users/alice/desk", Object{"device": "desk"}, nil); r != nil {
		t.Fatal("after a restart:", r)
	}
	l.atDesk(t, "alice", "desk")
	out, in := Connect(t, bob, desk, "101")
	HangUp(t, out, in)
	if r := l.As(t, s.Token, "PUT", Tenant+"/mailboxes/101/pin", Object{"pin": "9753"}, nil); r != nil {
		t.Error(r)
	}
	if r := l.As(t, s.Token, "PATCH", Tenant+"/extensions/101", Object{"name": "Boss"}, nil); r == nil || r.Status != http.StatusForbidden {
		t.Errorf("a user's own extension can be changed: %v", r)
	}
	l.Applied(t)
	l.checkPIN(t, desk, "9753")
	var changes struct {
		Items []struct{ Actor, Kind string }
	}
	l.Do(t, "GET", "/v1/changes?kind=mailbox&limit=1", nil, &changes)
	if len(changes.Items) != 1 || changes.Items[0].Actor != "user alice" {
		t.Errorf("the audit says %+v", changes.Items)
	}
	for _, secret := range []string{s.Token[len(s.Token)-52:], half} {
		l.checkUnseen(t, secret)
	}
	if strings.Contains(l.Log.String(), u.Password) || strings.Contains(l.Log.String(), "correct horse") || regexp.MustCompile(`\b`+code+`\b`).MatchString(l.Log.String()) {
		t.Error("a password or the code is in the log")
	}
	l.Do(t, "PATCH", Tenant+"/users/alice", Object{"login": false}, nil)
	if r := l.As(t, s.Token, "GET", "/v1/sign-in", nil, nil); r == nil || r.Status != http.StatusUnauthorized {
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
	OpenMailbox(t, p, pin)
}
