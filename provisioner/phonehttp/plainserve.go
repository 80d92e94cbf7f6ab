package phonehttp

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"runtime/debug"
	"sync"
	"time"
)

const (
	// idleWithin is how long a connection may say nothing, headWithin how long a head may
	// take from its first byte on, answerWithin how long a phone may take to read an answer.
	idleWithin   = 30 * time.Second
	headWithin   = 5 * time.Second
	answerWithin = 30 * time.Second
	// headBytes is the longest head; one that does not fit is net/http's to refuse.
	headBytes = 4 << 10
	// endWithin is how long requests under way may take when the listener is closed.
	endWithin = 2 * time.Second
)

// Plain returns a listener for Server that answers by itself what nearly all phones ask
// nearly always (readPlain), by the same handler, and leaves every other connection to
// the server, from its first byte that was not answered on. Through net/http such a
// request took half as much processor time again or more (42 us and 65 to 80), and a
// boot storm is made of nothing else. Closing it
// ends all connections that are not the server's.
func (h *Handler) Plain(l net.Listener) net.Listener {
	p := &plainListener{Listener: l, handler: h, others: make(chan net.Conn), closed: make(chan struct{}), open: map[net.Conn]bool{}}
	p.working.Go(p.accept)
	return p
}

type plainListener struct {
	net.Listener
	handler *Handler
	others  chan net.Conn // for the server
	closed  chan struct{}
	once    sync.Once
	working sync.WaitGroup

	mu    sync.Mutex
	open  map[net.Conn]bool // ours; true while a request is answered
	ended bool
}

// Accept returns the next connection that is not plain.
func (p *plainListener) Accept() (net.Conn, error) {
	select {
	case c := <-p.others:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

// Close ends waiting connections at once and others when they are answered, within
// endWithin, and returns when all have ended.
func (p *plainListener) Close() (err error) {
	p.once.Do(func() {
		err = p.Listener.Close()
		close(p.closed)
		p.end(false)
		defer time.AfterFunc(endWithin, func() { p.end(true) }).Stop()
		p.working.Wait()
	})
	return err
}

// end closes the connections that wait for a request, or all.
func (p *plainListener) end(all bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ended = true
	for c, answering := range p.open {
		if all || !answering {
			_ = c.Close() // its goroutine ends by it
		}
	}
}

// mark notes what a connection does, and reports whether it may go on.
func (p *plainListener) mark(c net.Conn, answering bool) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ended && !answering {
		return false
	}
	p.open[c] = answering
	return true
}

func (p *plainListener) forget(c net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.open, c)
}

// accept takes connections until the listener is closed. What goes wrong otherwise,
// such as a want of file descriptors, passes.
func (p *plainListener) accept() {
	for pause := time.Duration(0); ; {
		c, err := p.Listener.Accept()
		switch {
		case err == nil:
			pause = 0
			p.working.Go(func() { p.serve(c) })
			continue
		case errors.Is(err, net.ErrClosed):
			return
		}
		pause = min(max(2*pause, 5*time.Millisecond), time.Second)
		p.handler.opt.Logger.Warn("accepting a phone", "error", err, "again_in", pause)
		select {
		case <-time.After(pause):
		case <-p.closed:
			return
		}
	}
}

// serve answers the requests of one connection.
func (p *plainListener) serve(c net.Conn) {
	defer p.forget(c)
	r := &http.Request{Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{}, RemoteAddr: c.RemoteAddr().String()}
	a := &plainAnswer{conn: c, head: http.Header{}}
	unread := make([]byte, 0, 1<<10)
	for {
		if !p.mark(c, false) {
			break
		}
		var whole bool
		var err error
		if unread, whole, err = readHead(c, unread); err != nil {
			break
		}
		end := bytes.Index(unread, []byte("\r\n\r\n")) + len("\r\n\r\n")
		if !whole || !readPlain(unread[:end], r) {
			p.leave(c, unread)
			return
		}
		p.mark(c, true)
		if !p.answer(r, a) {
			break
		}
		unread = unread[:copy(unread, unread[end:])]
	}
	_ = c.Close() // the phone has gone, or is to go
}

// leave gives a connection to the server with what was read of it.
func (p *plainListener) leave(c net.Conn, unread []byte) {
	_ = c.SetDeadline(time.Time{}) // the server sets its own; a dead connection shows there
	select {
	case p.others <- &leftConn{c, unread}:
	case <-p.closed:
		_ = c.Close()
	}
}

// answer reports whether the connection stays open.
func (p *plainListener) answer(r *http.Request, a *plainAnswer) (more bool) {
	defer func() {
		if v := recover(); v != nil { // costs the one phone its connection, as net/http does
			p.handler.opt.Logger.Error("answering a phone", "panic", v, "stack", string(debug.Stack()))
			more = false
		}
	}()
	a.reset(r.Method)
	_ = a.conn.SetWriteDeadline(time.Now().Add(answerWithin)) // a dead connection shows when it is written to
	p.handler.ServeHTTP(a, r)
	a.Flush()
	return a.err == nil && !a.last && a.status != 0
}

// readHead reads until unread has a whole head, or is known to be none that is plain: too
// long, with lines that end otherwise, or cut short by who sends it.
func readHead(c net.Conn, unread []byte) (_ []byte, whole bool, err error) {
	within := idleWithin
	for {
		if bytes.Contains(unread, []byte("\r\n\r\n")) {
			return unread, true, nil
		}
		if len(unread) >= headBytes || endsLinesOddly(unread) {
			return unread, false, nil
		}
		// The time for a head is counted from its first bytes on, and not from its last.
		switch {
		case len(unread) == 0:
			err = c.SetReadDeadline(time.Now().Add(within))
		case within == idleWithin:
			within = headWithin
			err = c.SetReadDeadline(time.Now().Add(within))
		}
		if err != nil {
			return unread, false, err
		}
		if len(unread) == cap(unread) {
			unread = append(make([]byte, 0, 2*cap(unread)), unread...)
		}
		n, err := c.Read(unread[len(unread):cap(unread)])
		unread = unread[:len(unread)+n]
		if n > 0 {
			continue // an error comes again
		}
		if errors.Is(err, io.EOF) && len(unread) > 0 {
			return unread, false, nil
		}
		if err != nil {
			return unread, false, err
		}
	}
}

// endsLinesOddly reports whether there is a line feed without a carriage return.
func endsLinesOddly(text []byte) bool {
	for {
		at := bytes.IndexByte(text, '\n')
		if at < 0 {
			return false
		}
		if at == 0 || text[at-1] != '\r' {
			return true
		}
		text = text[at+1:]
	}
}

// leftConn is a connection of which a part was read already.
type leftConn struct {
	net.Conn
	unread []byte
}

// Read returns what was read before, and then what comes.
func (c *leftConn) Read(b []byte) (int, error) {
	if len(c.unread) == 0 {
		return c.Conn.Read(b)
	}
	n := copy(b, c.unread)
	if c.unread = c.unread[n:]; len(c.unread) == 0 {
		c.unread = nil
	}
	return n, nil
}
