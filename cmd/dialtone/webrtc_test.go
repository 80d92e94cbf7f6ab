package main

import (
	"crypto/rand"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/icholy/digest"

	"github.com/dialtone-pbx/dialtone/cmd/phonesim/phone"
	"github.com/dialtone-pbx/dialtone/cmd/sandbox/box"
)

// TestWebRTCRealAsterisk: a browser registers over a WebSocket and is offered
// media as browsers take it: DTLS with a fingerprint, ICE, one port for RTCP.
func TestWebRTCRealAsterisk(t *testing.T) {
	t.Parallel()
	for _, suite := range box.Suites() {
		t.Run(suite.Name, func(t *testing.T) {
			t.Parallel()
			l := openLab(t, suite)
			l.extension(t, "100", "", nil)
			l.extension(t, "101", "", nil)
			caller := l.register(t, l.device(t, "caller", "100", nil), phone.Options{})
			account := l.device(t, "browser", "101", object{"class": "webrtc"})
			l.applied(t)
			b := l.browse(t, account)
			b.register(t)
			out := dial(t, caller, "101")
			invite := b.read(t, "INVITE ")
			for _, want := range []string{"m=audio ", " UDP/TLS/RTP/SAVPF ", "a=fingerprint:SHA-256 ", "a=setup:actpass", "a=ice-ufrag:", "a=candidate:", "a=rtcp-mux"} {
				if !strings.Contains(invite, want) {
					t.Errorf("the browser's INVITE does not say %q:\n%s", want, invite)
				}
			}
			b.answer(t, invite, "486 Busy Here")
			if got := statusOf(t, out.WaitAnswer()); got != 486 {
				t.Errorf("the caller gets %d", got)
			}
		})
	}
}

// browser is the SIP side of a browser.
type browser struct {
	conn    *websocket.Conn
	account phone.Account
	id      string
}

func (l *lab) browse(t *testing.T, account phone.Account) *browser {
	t.Helper()
	conn, _, err := websocket.Dial(within(t, 10*time.Second), "ws://"+l.ARI+"/ws", &websocket.DialOptions{Subprotocols: []string{"sip"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.CloseNow() })
	return &browser{conn: conn, account: account, id: rand.Text()}
}

// register registers with the password.
func (b *browser) register(t *testing.T) {
	t.Helper()
	b.sendRegister(t, 1, "")
	challenge := header(t, b.read(t, "SIP/2.0 401"), "WWW-Authenticate")
	asked, err := digest.ParseChallenge(challenge)
	if err != nil {
		t.Fatal(err)
	}
	asked.Algorithm = strings.ToUpper(asked.Algorithm)
	credentials, err := digest.Digest(asked, digest.Options{Method: "REGISTER", URI: "sip:dialtone.invalid", Username: b.account.UserName, Password: b.account.Password, Count: 1})
	if err != nil {
		t.Fatal(err)
	}
	b.sendRegister(t, 2, "Authorization: "+credentials.String()+"\r\n")
	b.read(t, "SIP/2.0 200")
}

func (b *browser) sendRegister(t *testing.T, cseq int, authorization string) {
	t.Helper()
	who := "<sip:" + b.account.UserName + "@dialtone.invalid>"
	b.send(t, fmt.Sprintf("REGISTER sip:dialtone.invalid SIP/2.0\r\nVia: SIP/2.0/WS browser.invalid;branch=z9hG4bK%s%d\r\nMax-Forwards: 70\r\n"+
		"From: %s;tag=%s\r\nTo: %s\r\nCall-ID: %s\r\nCSeq: %d REGISTER\r\nContact: <sip:b@browser.invalid;transport=ws>\r\nExpires: 600\r\n%sContent-Length: 0\r\n\r\n",
		b.id, cseq, who, b.id, who, b.id, cseq, authorization))
}

// answer refuses a request.
func (b *browser) answer(t *testing.T, request, status string) {
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
	if err := b.conn.Write(within(t, 10*time.Second), websocket.MessageText, []byte(text)); err != nil {
		t.Fatal(err)
	}
}

// read returns the next message that starts so, and answers questions whether we
// are there meanwhile.
func (b *browser) read(t *testing.T, start string) string {
	t.Helper()
	for {
		_, message, err := b.conn.Read(within(t, 10*time.Second))
		if err != nil {
			t.Fatalf("waiting for %s: %v", start, err)
		}
		text := string(message)
		switch {
		case strings.HasPrefix(text, start):
			return text
		case strings.HasPrefix(text, "OPTIONS "):
			b.answer(t, text, "200 OK")
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
