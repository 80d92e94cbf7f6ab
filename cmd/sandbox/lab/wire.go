package lab

import (
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
)

// Wire is a carrier of one socket that keeps each packet and answers by the book of a test,
// or not at all.
type Wire struct {
	conn    *net.UDPConn
	mu      sync.Mutex
	answers map[string][]string // status lines by method; a method without one is swallowed
	packets []string
}

// OpenWire listens at an address of loopback and answers OPTIONS.
func OpenWire(t *testing.T, address string) *Wire {
	t.Helper()
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.ParseIP(address)})
	if err != nil {
		t.Fatal(err)
	}
	w := &Wire{conn: conn, answers: map[string][]string{"OPTIONS": {"200 OK"}}}
	var reading sync.WaitGroup
	reading.Go(w.read)
	t.Cleanup(func() { conn.Close(); reading.Wait() })
	return w
}

// Trunk is what a trunk of the office to it has.
func (w *Wire) Trunk(more Object) Object {
	at := w.conn.LocalAddr().(*net.UDPAddr)
	out := Object{"host": at.IP.String(), "port": at.Port}
	for k, v := range more {
		out[k] = v
	}
	return out
}

// HostPort is the address of what Trunk returned, as an outbound proxy has it.
func HostPort(trunk Object) string { return fmt.Sprintf("%v:%v", trunk["host"], trunk["port"]) }

// Answers sets how it answers a method from now on: "180 Ringing", "603 Decline"; "" swallows.
func (w *Wire) Answers(method string, status ...string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.answers[method] = status
}

// Calls sends an INVITE for a number to the office, with From and further header lines, and
// without a body. It returns the Call-ID.
func (w *Wire) Calls(t *testing.T, l *Lab, number, from string, lines ...string) string {
	t.Helper()
	return w.CallsURI(t, l, "sip:"+number+"@"+l.SIP, number, from, lines...)
}

// CallsURI is Calls where the request is for a URI, and To alone has the number.
func (w *Wire) CallsURI(t *testing.T, l *Lab, uri, number, from string, lines ...string) string {
	t.Helper()
	to, err := net.ResolveUDPAddr("udp4", l.SIP)
	if err != nil {
		t.Fatal(err)
	}
	id, local := NewMAC(), w.conn.LocalAddr()
	text := fmt.Sprintf("INVITE %s SIP/2.0\r\nVia: SIP/2.0/UDP %s;rport;branch=z9hG4bK%s\r\nMax-Forwards: 70\r\n"+
		"From: %s;tag=%s\r\nTo: <sip:%s@%s>\r\nCall-ID: %s\r\nCSeq: 1 INVITE\r\nContact: <sip:wire@%s>\r\n",
		uri, local, id, from, id, number, l.SIP, id, local)
	for _, line := range lines {
		text += line + "\r\n"
	}
	if _, err := w.conn.WriteToUDP([]byte(text+"Content-Length: 0\r\n\r\n"), to); err != nil {
		t.Fatal(err)
	}
	return id
}

// Final waits for the final answer to a call and returns its status, such as "486".
func (w *Wire) Final(t *testing.T, id string) (status string) {
	t.Helper()
	Eventually(t, Patience, func() string {
		w.mu.Lock()
		defer w.mu.Unlock()
		for _, p := range w.packets {
			if m := finalAnswer.FindStringSubmatch(p); m != nil && headerOf(p, "Call-ID") == id {
				status = m[1]
				return ""
			}
		}
		return "no final answer to " + id
	})
	return status
}

// Packets are the requests of a method that came, in order, or the answers by "SIP/2.0".
func (w *Wire) Packets(method string) (out []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, p := range w.packets {
		if strings.HasPrefix(p, method+" ") {
			out = append(out, p)
		}
	}
	return out
}

// Header is the value of a header of a packet; "" without one.
func Header(packet, name string) string { return headerOf(packet, name) }

func (w *Wire) read() {
	buf := make([]byte, 64<<10)
	for {
		n, from, err := w.conn.ReadFromUDP(buf)
		if err != nil {
			return
		}
		packet := string(buf[:n])
		method, _, _ := strings.Cut(packet, " ")
		if m := finalAnswer.FindStringSubmatch(packet); m != nil && strings.HasSuffix(headerOf(packet, "CSeq"), "INVITE") {
			_, _ = w.conn.WriteToUDP([]byte(acknowledgement(packet, from.String())), from)
		}
		w.mu.Lock()
		w.packets = append(w.packets, packet)
		answers := w.answers[method]
		w.mu.Unlock()
		for _, status := range answers {
			if status != "" && method != "ACK" {
				_, _ = w.conn.WriteToUDP([]byte(answerTo(packet, status)), from) // what is lost is lost
			}
		}
	}
}

// answerTo is an answer without a body. One that opens a dialog has a tag.
func answerTo(packet, status string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "SIP/2.0 %s\r\n", status)
	for line := range strings.SplitSeq(packet, "\r\n") {
		if name, _, _ := strings.Cut(line, ":"); strings.EqualFold(name, "Via") {
			b.WriteString(line + "\r\n")
		}
	}
	to := headerOf(packet, "To")
	if !strings.Contains(to, ";tag=") {
		to += ";tag=wire"
	}
	for _, h := range [][2]string{{"From", headerOf(packet, "From")}, {"To", to}, {"Call-ID", headerOf(packet, "Call-ID")},
		{"CSeq", headerOf(packet, "CSeq")}} {
		fmt.Fprintf(&b, "%s: %s\r\n", h[0], h[1])
	}
	return b.String() + "Content-Length: 0\r\n\r\n"
}
