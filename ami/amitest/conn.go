package amitest

import (
	"bufio"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"
)

// Conn is one client's connection.
type Conn struct {
	server   *Server
	socket   net.Conn
	writing  sync.Mutex
	loggedIn bool // under server.mu
}

// Action is one action a client sent.
type Action struct {
	Raw    string // as it came, the closing empty line included
	Fields [][2]string
}

// Name is the action's name.
func (a Action) Name() string { return a.Get("Action") }

// Get returns the first value of a header, "" when it is absent; case does not matter, as in Asterisk.
func (a Action) Get(name string) string {
	for _, f := range a.Fields {
		if strings.EqualFold(f[0], name) {
			return f[1]
		}
	}
	return ""
}

// All returns all values of a header.
func (a Action) All(name string) []string {
	var values []string
	for _, f := range a.Fields {
		if strings.EqualFold(f[0], name) {
			values = append(values, f[1])
		}
	}
	return values
}

// Text writes a frame: names and values in turn, and the empty line.
func Text(namesAndValues ...string) string {
	var b strings.Builder
	for i := 0; i+1 < len(namesAndValues); i += 2 {
		b.WriteString(namesAndValues[i] + ": " + namesAndValues[i+1] + "\r\n")
	}
	return b.String() + "\r\n"
}

// Write writes bytes, whole and undisturbed by other writers. What a client that has gone does not read is lost.
func (c *Conn) Write(text string) {
	c.writing.Lock()
	defer c.writing.Unlock()
	c.write(text)
}

// write is Write for a caller that holds writing.
func (c *Conn) write(text string) {
	c.socket.SetWriteDeadline(time.Now().Add(patience))
	c.socket.Write([]byte(text))
}

// Close drops the connection.
func (c *Conn) Close() { c.socket.Close() }

// Reply answers an action with success and further fields.
func (c *Conn) Reply(a Action, namesAndValues ...string) {
	c.Write(Text(append([]string{"Response", "Success", "ActionID", a.Get("ActionID")}, namesAndValues...)...))
}

// ReplyError answers an action with an error.
func (c *Conn) ReplyError(a Action, message string) {
	c.Write(Text("Response", "Error", "ActionID", a.Get("ActionID"), "Message", message))
}

// ReplyList answers a list action: one event of name item for each element of items (names and values in turn), then
// the event named complete.
func (c *Conn) ReplyList(a Action, item, complete string, items ...[]string) {
	id := a.Get("ActionID")
	var b strings.Builder
	b.WriteString(Text("Response", "Success", "ActionID", id, "EventList", "start", "Message", "List will follow"))
	for _, fields := range items {
		b.WriteString(Text(append([]string{"Event", item, "ActionID", id}, fields...)...))
	}
	b.WriteString(Text("Event", complete, "ActionID", id, "EventList", "Complete", "ListItems", fmt.Sprint(len(items))))
	c.Write(b.String())
}

func (s *Server) serve(socket net.Conn) {
	c := &Conn{server: s, socket: socket}
	s.mu.Lock()
	if s.listener == nil { // accepted just before Away
		s.mu.Unlock()
		socket.Close()
		return
	}
	s.conns[c] = true
	s.mu.Unlock()
	defer func() {
		socket.Close()
		s.mu.Lock()
		delete(s.conns, c)
		s.note()
		s.mu.Unlock()
	}()
	c.Write("Asterisk Call Manager/9.0.0\r\n")
	reader := bufio.NewReader(socket)
	for {
		action, err := readAction(reader)
		if err != nil {
			return
		}
		s.handle(c, action)
	}
}

func readAction(reader *bufio.Reader) (Action, error) {
	var a Action
	for {
		line, err := reader.ReadString('\n')
		if err != nil {
			return Action{}, err
		}
		a.Raw += line
		line = strings.TrimRight(line, "\r\n")
		if line == "" {
			return a, nil
		}
		name, value, _ := strings.Cut(line, ":")
		a.Fields = append(a.Fields, [2]string{name, strings.TrimLeft(value, " ")})
	}
}

func (s *Server) handle(c *Conn, a Action) {
	s.mu.Lock()
	s.actions = append(s.actions, a)
	silent, handler := s.silent, s.handlers[a.Name()]
	s.note()
	s.mu.Unlock()
	switch {
	case silent:
	case handler != nil:
		handler(c, a)
	default:
		c.ReplyError(a, "Invalid/unknown command: "+a.Name()+". Use Action: ListCommands to show available commands.")
	}
}
