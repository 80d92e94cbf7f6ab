package asteriskconf_test

import (
	"cmp"
	"crypto/md5"
	"crypto/rand"
	"fmt"
	"net"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// invite calls as user with the password from a socket of its own and returns
// the final status.
func invite(t *testing.T, asterisk netip.AddrPort, user, password, to string) int {
	t.Helper()
	conn, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(asterisk))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	c := call{conn: conn, user: user, to: to, id: rand.Text()}
	c.send(t, 1, "")
	status, answer := c.final(t)
	if status != 401 {
		return status
	}
	c.send(t, 2, digest(t, answer, user, password, c.uri()))
	status, _ = c.final(t)
	return status
}

// call is one INVITE and its repetition with credentials.
type call struct {
	conn         *net.UDPConn
	user, to, id string
	toHeader     string // other than the URI that is called
	headers      string // further lines
}

func (c call) uri() string { return "sip:" + c.to + "@" + c.conn.RemoteAddr().String() }

// send sends the INVITE.
func (c call) send(t *testing.T, cseq int, authorization string) {
	t.Helper()
	us := c.conn.LocalAddr().String()
	sdp := "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 9 RTP/AVP 0\r\n"
	text := "INVITE " + c.uri() + " SIP/2.0\r\n" +
		"Via: SIP/2.0/UDP " + us + ";rport;branch=z9hG4bK" + c.id + strconv.Itoa(cseq) + "\r\n" +
		"Max-Forwards: 70\r\nFrom: <sip:" + c.user + "@127.0.0.1>;tag=" + c.id + "\r\nTo: " + cmp.Or(c.toHeader, "<"+c.uri()+">") + "\r\n" + c.headers +
		"Call-ID: " + c.id + "\r\nCSeq: " + strconv.Itoa(cseq) + " INVITE\r\nContact: <sip:" + c.user + "@" + us + ">\r\n" +
		authorization + "Content-Type: application/sdp\r\nContent-Length: " + strconv.Itoa(len(sdp)) + "\r\n\r\n" + sdp
	if _, err := c.conn.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
}

// dial calls without credentials and returns the final answer.
func (c call) dial(t *testing.T, to string) (int, string) {
	t.Helper()
	c.to = to
	c.send(t, 1, "")
	return c.final(t)
}

// newID is a Call-ID that no other call has.
func newID() string { return rand.Text() }

// message sends a SIP MESSAGE and returns the final status.
func (c call) message(t *testing.T, to string) int {
	t.Helper()
	c.to = to
	us := c.conn.LocalAddr().String()
	return c.ask(t, "MESSAGE "+c.uri()+" SIP/2.0\r\n"+
		"From: <sip:"+c.user+"@"+us+">;tag="+c.id+"\r\nTo: <"+c.uri()+">\r\n"+
		"Call-ID: "+c.id+"\r\nCSeq: 1 MESSAGE\r\nContent-Type: text/plain\r\n", "hi")
}

// transfer sends a REFER (RFC 3515) in the call that the answer belongs to, and
// returns the final status.
func (c call) transfer(t *testing.T, answer, to string) int {
	t.Helper()
	us := c.conn.LocalAddr().String()
	return c.ask(t, "REFER "+c.uri()+" SIP/2.0\r\n"+head(answer, "From")+head(answer, "To")+head(answer, "Call-ID")+
		"CSeq: 7 REFER\r\nContact: <sip:"+c.user+"@"+us+">\r\nRefer-To: <sip:"+to+"@"+c.conn.RemoteAddr().String()+">\r\n", "")
}

// ask sends a request other than INVITE and returns the final status.
func (c call) ask(t *testing.T, lines, body string) int {
	t.Helper()
	method, _, _ := strings.Cut(lines, " ")
	text := lines + "Via: SIP/2.0/UDP " + c.conn.LocalAddr().String() + ";rport;branch=z9hG4bK" + newID() + "\r\n" +
		"Max-Forwards: 70\r\nContent-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n" + body
	if _, err := c.conn.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 65535)
	for {
		n, err := c.conn.Read(buf)
		if err != nil {
			t.Fatalf("waiting for the answer to %s: %v", method, err)
		}
		answer := string(buf[:n])
		status, err := strconv.Atoi(strings.SplitN(answer+"   ", " ", 3)[1])
		if strings.HasPrefix(answer, "SIP/2.0 ") && err == nil && status >= 200 && strings.HasSuffix(head(answer, "CSeq"), " "+method+"\r\n") {
			return status
		}
	}
}

// head is a header of an answer as a line.
func head(answer, name string) string {
	return regexp.MustCompile(`(?m)^`+name+`: [^\r]*`).FindString(answer) + "\r\n"
}

// final waits for a final answer to the call and acknowledges a refusal.
func (c call) final(t *testing.T) (int, string) {
	t.Helper()
	buf := make([]byte, 65535)
	for {
		n, err := c.conn.Read(buf)
		if err != nil {
			t.Fatal(err)
		}
		text := string(buf[:n])
		status, err := strconv.Atoi(strings.SplitN(text+"   ", " ", 3)[1])
		if !strings.HasPrefix(text, "SIP/2.0 ") || err != nil || status < 200 {
			continue
		}
		c.acknowledge(t, text)
		return status, text
	}
}

// acknowledge sends the ACK, so that Asterisk does not repeat its answer.
func (c call) acknowledge(t *testing.T, answer string) {
	t.Helper()
	text := "ACK " + c.uri() + " SIP/2.0\r\n" + head(answer, "Via") + head(answer, "From") + head(answer, "To") + head(answer, "Call-ID") +
		strings.Replace(head(answer, "CSeq"), "INVITE", "ACK", 1) + "Max-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
	if _, err := c.conn.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
}

// digest answers a challenge (RFC 2617, 3.2.2, with qop=auth).
func digest(t *testing.T, challenge, user, password, uri string) string {
	t.Helper()
	param := func(name string) string {
		m := regexp.MustCompile(`[ ,]` + name + `="([^"]*)"`).FindStringSubmatch(challenge)
		if m == nil {
			t.Fatalf("no %s in the challenge:\n%s", name, challenge)
		}
		return m[1]
	}
	sum := func(s string) string { return fmt.Sprintf("%x", md5.Sum([]byte(s))) }
	realm, nonce, opaque := param("realm"), param("nonce"), param("opaque")
	response := sum(sum(user+":"+realm+":"+password) + ":" + nonce + ":00000001:cafe:auth:" + sum("INVITE:"+uri))
	return fmt.Sprintf("Authorization: Digest username=\"%s\", realm=\"%s\", nonce=\"%s\", uri=\"%s\", response=\"%s\", algorithm=MD5, qop=auth, nc=00000001, cnonce=\"cafe\", opaque=\"%s\"\r\n",
		user, realm, nonce, uri, response, opaque)
}
