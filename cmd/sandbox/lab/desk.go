package lab

import (
	"strings"
	"testing"

	"github.com/dialtone-pbx/dialtone/cmd/phonesim/phone"
	"github.com/dialtone-pbx/dialtone/cmd/sandbox/box"
)

// OnBoth runs a test on both generations of Asterisk.
func OnBoth(t *testing.T, test func(*testing.T, *Lab)) {
	t.Helper()
	t.Parallel()
	for _, suite := range box.Suites() {
		t.Run(suite.Name, func(t *testing.T) {
			t.Parallel()
			test(t, Open(t, suite))
		})
	}
}

// User is what the API says of a user.
type User struct {
	Username, Extension, Desk, Password string
	MustChange                          bool `json:"must_change_password"`
}

// Desk is the device at which a user is signed in, "" for nowhere.
func (l *Lab) Desk(t *testing.T, username string) string {
	t.Helper()
	var u User
	l.Do(t, "GET", Tenant+"/users/"+username, nil, &u)
	return u.Desk
}

// HasField reports whether a line of text has both words.
func HasField(text, name, value string) bool {
	for line := range strings.Lines(text) {
		if strings.Contains(line, name) && strings.Contains(line, value) {
			return true
		}
	}
	return false
}

// TypeAt dials a code and types answers to its prompts, one after the other, and
// waits until Asterisk hangs up.
func TypeAt(t *testing.T, p *phone.Phone, code string, answers ...string) {
	t.Helper()
	c := Dial(t, p, code)
	if err := c.WaitAnswer(); err != nil {
		t.Fatalf("%s is not answered: %v", code, err)
	}
	for _, text := range answers {
		HearsSpeech(t, c)
		if err := c.SendDTMF(text + "#"); err != nil {
			t.Fatal(err)
		}
	}
	Hears(t, c.Done(), c, "the end of "+code)
}
