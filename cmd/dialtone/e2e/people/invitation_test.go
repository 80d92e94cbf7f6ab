package people

import (
	"bytes"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	. "github.com/dialtone-pbx/dialtone/cmd/sandbox/lab"

	"github.com/dialtone-pbx/dialtone/cmd/phonesim/phone"
	"github.com/dialtone-pbx/dialtone/cmd/sandbox/box"
)

// TestInvitationRealAsterisk: a mail that the server takes only after the
// controller was killed, a link that works once, and a phone that registers with
// what its page shows.
func TestInvitationRealAsterisk(t *testing.T) {
	t.Parallel()
	server := NewMailServer(t)
	l := openLab(t, box.Suites()[0], server.Flags()...)
	l.Extension(t, "101", "", nil)
	account := l.Device(t, "app", "101", nil)
	l.Do(t, "PUT", Tenant+"/users/alice", Object{"full_name": "Alice Adams", "role": "user", "email": "alice@example.org", "extension": "101"}, nil)
	l.Applied(t)
	server.Refuse("451 come again")
	var i Invitation
	l.Do(t, "POST", Tenant+"/devices/app/invite", Object{}, &i)
	l.WaitInvitation(t, i.ID, "tried twice", func(i Invitation) bool {
		return i.State == "queued" && i.Attempts >= 2 && strings.Contains(i.Error, "451") && i.Email == "alice@example.org"
	})
	l.Kill(t)
	server.Refuse("")
	l.Restart(t)
	l.WaitInvitation(t, i.ID, "sent", func(i Invitation) bool { return i.State == "sent" && i.Error == "" })
	header, body := server.Last(t)
	if header.Get("To") != "<alice@example.org>" || header.Get("From") != "<pbx@example.com>" || !strings.HasPrefix(body, "Hello Alice Adams,") {
		t.Errorf("the mail: %v\n%s", header, body)
	}
	link := regexp.MustCompile(`http://\S+`).FindString(body)
	page := l.UseLink(t, link)
	l.WaitInvitation(t, i.ID, "opened", func(i Invitation) bool { return i.State == "opened" })
	shown := account
	shown.UserName, shown.Password = ElementText(page, "username"), ElementText(page, "password")
	if shown.UserName != account.UserName || shown.Password != account.Password ||
		ElementText(page, "server") != l.SIP || !strings.Contains(page, "<svg") {
		t.Errorf("the page shows %+v and %s, want %+v", shown, ElementText(page, "server"), account)
	}
	l.Register(t, shown, phone.Options{})
	l.WaitStatus(t, "app", 10*time.Second, "OK", IsOK)
	l.checkUnseen(t, link[strings.LastIndex(link, "/")+1:])

	server.Refuse("550 no such person")
	l.Do(t, "POST", Tenant+"/devices/app/invite", Object{"email": "nobody@example.org"}, &i)
	l.WaitInvitation(t, i.ID, "given up", func(i Invitation) bool {
		return i.State == "failed" && i.Attempts == 1 && strings.Contains(i.Error, "550")
	})
	if r := l.Refused(t, "POST", Tenant+"/devices/app/invite", Object{"email": "a@b@c"}); r == nil || r.Status != 422 || r.Field != "email" {
		t.Errorf("an address that is none: %v", r)
	}
}

// checkUnseen looks for a token in the log and in the database's files.
func (l *lab) checkUnseen(t *testing.T, token string) {
	t.Helper()
	if len(token) != 52 {
		t.Fatalf("the token %q has not 256 bits", token)
	}
	if strings.Contains(l.Log.String(), token) {
		t.Error("the token is in the log")
	}
	for _, suffix := range []string{"", "-wal"} {
		text, err := os.ReadFile(l.Database + suffix)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(text, []byte(token)) {
			t.Errorf("the token is in the database%s", suffix)
		}
	}
}
