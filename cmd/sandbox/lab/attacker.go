package lab

import (
	"fmt"
	"net"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/icholy/digest"

	"github.com/dialtone-pbx/dialtone/cmd/phonesim/phone"
)

// HostileNumbers are user parts of SIP URIs that pretend to be events about a channel, or are
// none that a number has, as they are escaped there.
func HostileNumbers(channel string) []string {
	texts := []string{
		"1\r\n\r\nEvent: Hangup\r\nUniqueid: " + channel + "\r\n\r\n",
		"\r\n\r\nEvent: Newchannel\r\nUniqueid: 9\r\nLinkedid: 9\r\nContext: from-default\r\n\r\n",
		"1\r\n\r\nEvent: DeviceStateChange\r\nDevice: PJSIP/x\r\nState: INUSE\r\n\r\n",
		"1\r\nUniqueid: " + channel, "1\r\nEvent: Hangup", "1\r\n\r\nEvent: X\r\nA: ", "1\n", "\r", "1\xff\xfe",
		"1\x00\x01\x7f", "ü",
		"${SHELL(id)}", "1\"),(\"", "1&2|3^4;5,6", strings.Repeat("9", 300), "'; DROP TABLE cdrs; --", "../../x", "<unknown>",
	}
	for i, text := range texts {
		var escaped strings.Builder
		for _, b := range []byte(text) {
			fmt.Fprintf(&escaped, "%%%02x", b)
		}
		texts[i] = escaped.String()
	}
	return texts
}

// HostileValues are texts for headers, display names, parameters and bodies, which are not
// unescaped.
var HostileValues = []string{
	"x%0d%0aEvent: Hangup", "\"quo\\\"ted\"", "\xff\xfe\xfd", "a\tb\x0b", strings.Repeat("A", 1500), "${EXTEN}",
	"=cmd|' /C calc'!A0",
	"folded\r\n Event: Hangup\r\n Uniqueid: 1.1", "</x><script>", "\x1b[2J",
}

// Attacker sends what no phone and no carrier would, over UDP.
type Attacker struct {
	lab     *Lab
	conn    *net.UDPConn
	account *phone.Account // nil: has none

	mu      sync.Mutex
	sent    int
	waiting map[string]string // requests that may be challenged, by Call-ID
}

// Attacker makes one at an address of loopback.
func (l *Lab) Attacker(t *testing.T, address string, account *phone.Account) *Attacker {
	t.Helper()
	to, err := net.ResolveUDPAddr("udp", l.SIP)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.DialUDP("udp", &net.UDPAddr{IP: net.ParseIP(address)}, to)
	if err != nil {
		t.Fatal(err)
	}
	a := &Attacker{lab: l, conn: conn, account: account, waiting: map[string]string{}}
	var reading sync.WaitGroup
	reading.Go(a.read)
	t.Cleanup(func() { conn.Close(); reading.Wait() })
	return a
}

// Sent is how many requests were sent, those with an answer to a challenge too.
func (a *Attacker) Sent() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.sent
}

// Request is one request of an attacker. User parts are those of URIs.
type Request struct {
	Method, To, From, Display, Param, Header, Body string
}

// Send sends a request and goes on; it answers a challenge once, and acknowledges answers.
func (a *Attacker) Send(t *testing.T, r Request) {
	t.Helper()
	id, user := NewMAC(), r.From
	if a.account != nil {
		user = a.account.UserName
	}
	local := a.conn.LocalAddr()
	text := fmt.Sprintf("%s sip:%s@%s SIP/2.0\r\nVia: SIP/2.0/UDP %s;rport;branch=z9hG4bK%s\r\nMax-Forwards: 70\r\n"+
		"From: \"%s\" <sip:%s@%s>;tag=%s\r\nTo: <sip:%s@%s>\r\nCall-ID: %s\r\nCSeq: 1 %s\r\nContact: <sip:%s@%s;x=%s>\r\n",
		r.Method, r.To, a.lab.SIP, local, id, r.Display, user, local, id, r.To, a.lab.SIP, id, r.Method, user, local, r.Param)
	for _, name := range []string{"User-Agent", "Subject", "P-Asserted-Identity", "Diversion", "Remote-Party-ID",
		"Alert-Info", "Reason"} {
		if r.Header != "" {
			text += name + ": " + r.Header + "\r\n"
		}
	}
	text += "Event: message-summary\r\nRefer-To: <sip:" + r.From + "@" + a.lab.SIP +
		">\r\nContent-Type: application/sdp\r\n"
	text += fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(r.Body), r.Body)
	a.mu.Lock()
	a.waiting[id] = text
	a.mu.Unlock()
	a.write(text)
}

func (a *Attacker) write(text string) {
	a.mu.Lock()
	a.sent++
	a.mu.Unlock()
	_, _ = a.conn.Write([]byte(text)) // what is lost is lost
}

var finalAnswer = regexp.MustCompile(`^SIP/2\.0 ([2-6]\d\d) `)

// read acknowledges final answers and answers challenges, until the socket is closed.
func (a *Attacker) read() {
	buf := make([]byte, 64<<10)
	for {
		n, err := a.conn.Read(buf)
		if err != nil {
			return
		}
		answer := string(buf[:n])
		m := finalAnswer.FindStringSubmatch(answer)
		if m == nil {
			continue
		}
		if strings.Contains(answer, " INVITE\r\n") {
			a.write(acknowledgement(answer, a.lab.SIP))
		}
		if m[1] == "401" && a.account != nil {
			a.again(answer)
		}
	}
}

func headerOf(message, name string) string {
	for line := range strings.SplitSeq(message, "\r\n") {
		if n, value, ok := strings.Cut(line, ":"); ok && strings.EqualFold(strings.TrimSpace(n), name) {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// acknowledgement is the ACK of a final answer.
func acknowledgement(answer, server string) string {
	lines := "ACK sip:x@" + server + " SIP/2.0\r\nMax-Forwards: 70\r\n"
	for _, name := range []string{"Via", "From", "To", "Call-ID"} {
		lines += name + ": " + headerOf(answer, name) + "\r\n"
	}
	cseq, _, _ := strings.Cut(headerOf(answer, "CSeq"), " ")
	return lines + "CSeq: " + cseq + " ACK\r\nContent-Length: 0\r\n\r\n"
}

// again sends a challenged request once more, with the answer.
func (a *Attacker) again(answer string) {
	id := headerOf(answer, "Call-ID")
	a.mu.Lock()
	text, ok := a.waiting[id]
	delete(a.waiting, id)
	a.mu.Unlock()
	challenge, err := digest.ParseChallenge(headerOf(answer, "WWW-Authenticate"))
	if !ok || err != nil {
		return
	}
	method, rest, _ := strings.Cut(text, " ")
	uri, _, _ := strings.Cut(rest, " ")
	credentials, err := digest.Digest(challenge, digest.Options{Method: method, URI: uri, Username: a.account.UserName,
		Password: a.account.Password})
	if err != nil {
		return
	}
	text = strings.Replace(text, "branch=z9hG4bK", "branch=z9hG4bKb", 1)
	text = strings.Replace(text, "CSeq: 1 ", "CSeq: 2 ", 1)
	a.write(strings.Replace(text, "Max-Forwards", "Authorization: "+credentials.String()+"\r\nMax-Forwards", 1))
}

// Settle waits until nothing has come from Asterisk's calls for a moment.
func (l *Lab) Settle(t *testing.T, channels string) {
	t.Helper()
	Eventually(t, 15*time.Second, func() string {
		if out := l.Console(t, "core show channels count"); !strings.Contains(out, channels+" active channel") {
			return "the attackers' calls are not over:\n" + out
		}
		return ""
	})
}
