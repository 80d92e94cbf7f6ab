package asteriskconf_test

import (
	"bufio"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"
)

// amiConn is the least of an AMI client: one action at a time, events of its
// answer in order.
type amiConn struct {
	t    *testing.T
	conn net.Conn
	r    *bufio.Reader
	next int
}

// dialAMI logs in and ends with the test.
func dialAMI(t *testing.T, port int, user, secret string) *amiConn {
	t.Helper()
	conn, err := net.DialTimeout("tcp", fmt.Sprintf("127.0.0.1:%d", port), 5*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	c := &amiConn{t: t, conn: conn, r: bufio.NewReader(conn)}
	if _, err := c.r.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	if got := c.ask("Login", "", "Username", user, "Secret", secret, "Events", "off"); got[0]["Response"] != "Success" {
		t.Fatalf("login: %v", got)
	}
	return c
}

// ask sends an action and returns its response and, when until is not empty,
// the events up to the one of that name.
func (c *amiConn) ask(action, until string, fields ...string) []map[string]string {
	c.t.Helper()
	c.next++
	id := fmt.Sprint(c.next)
	text := "Action: " + action + "\r\nActionID: " + id + "\r\n"
	for i := 0; i < len(fields); i += 2 {
		text += fields[i] + ": " + fields[i+1] + "\r\n"
	}
	if err := c.conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		c.t.Fatal(err)
	}
	if _, err := c.conn.Write([]byte(text + "\r\n")); err != nil {
		c.t.Fatal(err)
	}
	var got []map[string]string
	for {
		m := c.message()
		if m["ActionID"] != id {
			continue
		}
		got = append(got, m)
		if until == "" || m["Response"] == "Error" || m["Event"] == until {
			return got
		}
	}
}

// message reads one message.
func (c *amiConn) message() map[string]string {
	c.t.Helper()
	m := map[string]string{}
	for {
		line, err := c.r.ReadString('\n')
		if err != nil {
			c.t.Fatal(err)
		}
		line = strings.TrimRight(line, "\r\n")
		if line == "" {
			return m
		}
		name, value, _ := strings.Cut(line, ": ")
		m[name] = value
	}
}
