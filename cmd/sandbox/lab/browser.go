package lab

import (
	"crypto/rand"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/dialtone-pbx/dialtone/cmd/phonesim/phone"
	"github.com/icholy/digest"
)

// browser is the SIP side of a browser.
type browser struct {
	conn    *websocket.Conn
	account phone.Account
	id      string
}

// Browse opens a browser's connection to the office, without a phone in it yet.
func (l *Lab) Browse(t *testing.T, account phone.Account) *browser {
	t.Helper()
	conn, _, err := websocket.Dial(Within(t, 10*time.Second), "ws://"+l.ARI+"/ws",
		&websocket.DialOptions{Subprotocols: []string{"sip"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.CloseNow() })
	return &browser{conn: conn, account: account, id: rand.Text()}
}

// Register registers with the password.
func (b *browser) Register(t *testing.T) {
	t.Helper()
	b.sendRegister(t, 1, "")
	challenge := header(t, b.Next(t, "SIP/2.0 401"), "WWW-Authenticate")
	asked, err := digest.ParseChallenge(challenge)
	if err != nil {
		t.Fatal(err)
	}
	asked.Algorithm = strings.ToUpper(asked.Algorithm)
	credentials, err := digest.Digest(asked, digest.Options{Method: "REGISTER", URI: "sip:dialtone.invalid",
		Username: b.account.UserName, Password: b.account.Password, Count: 1})
	if err != nil {
		t.Fatal(err)
	}
	b.sendRegister(t, 2, "Authorization: "+credentials.String()+"\r\n")
	b.Next(t, "SIP/2.0 200")
}

func (b *browser) sendRegister(t *testing.T, cseq int, authorization string) {
	t.Helper()
	who := "<sip:" + b.account.UserName + "@dialtone.invalid>"
	b.send(t,
		fmt.Sprintf("REGISTER sip:dialtone.invalid SIP/2.0\r\nVia: SIP/2.0/WS browser.invalid;branch=z9hG4bK%s%d\r\nMax-Forwards: 70\r\n"+
			"From: %s;tag=%s\r\nTo: %s\r\nCall-ID: %s\r\nCSeq: %d REGISTER\r\nContact: <sip:b@browser.invalid;transport=ws>\r\nExpires: 600\r\n%sContent-Length: 0\r\n\r\n",
			b.id, cseq, who, b.id, who, b.id, cseq, authorization))
}

// Answer refuses a request.
func (b *browser) Answer(t *testing.T, request, status string) {
	t.Helper()
	text := "SIP/2.0 " + status + "\r\n"
	for _, name := range []string{"Via", "From", "To", "Call-ID", "CSeq"} {
		text += name + ": " + header(t, request, name)
		if name == "To" {
			text += ";tag=" + b.id
		}
		text += "\r\n"
	}
	b.send(t, text+"Content-Length: 0\r\n\r\n")
}

func (b *browser) send(t *testing.T, text string) {
	t.Helper()
	if err := b.conn.Write(Within(t, 10*time.Second), websocket.MessageText, []byte(text)); err != nil {
		t.Fatal(err)
	}
}

// Next returns the next message that starts so, and answers questions whether we
// are there meanwhile.
func (b *browser) Next(t *testing.T, start string) string {
	t.Helper()
	for {
		_, message, err := b.conn.Read(Within(t, 10*time.Second))
		if err != nil {
			t.Fatalf("waiting for %s: %v", start, err)
		}
		text := string(message)
		switch {
		case strings.HasPrefix(text, start):
			return text
		case strings.HasPrefix(text, "OPTIONS "):
			b.Answer(t, text, "200 OK")
		case strings.HasPrefix(text, "SIP/2.0 4"):
			t.Fatalf("waiting for %s: %s", start, text)
		}
	}
}

// header is the value of a header that a message has once.
func header(t *testing.T, message, name string) string {
	t.Helper()
	found := regexp.MustCompile(`(?mi)^` + name + `: *([^\r\n]*)`).FindStringSubmatch(message)
	if found == nil {
		t.Fatalf("no %s in %s", name, message)
	}
	return found[1]
}
