package phonehttp

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

// MaxConnections is how many phones may be connected at once; more wait in the
// kernel's queue. A file takes milliseconds, an idle connection ends by itself.
const MaxConnections = 8192

// Server returns a server for the handler on addr, with limits for a network of
// strangers. The caller runs it (with a listener of Listen) and shuts it down.
func (h *Handler) Server(addr string) *http.Server {
	return &http.Server{
		Addr: addr, Handler: h,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second, // no request of a phone has a body that we read
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       30 * time.Second,
		MaxHeaderBytes:    8 << 10,
		// OPTIONS * would get a 200 before the handler sees it.
		DisableGeneralOptionsHandler: true,
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			if left, ok := c.(*leftConn); ok {
				c = left.Conn
			}
			return context.WithValue(ctx, connKey{}, c)
		},
		// Broken handshakes and requests of strangers are no news.
		ErrorLog: slog.NewLogLogger(h.opt.Logger.Handler(), slog.LevelDebug),
	}
}

// Listen opens the address for phones. A connection that says nothing ends by the
// server's own limits within half a minute, so the kernel need not probe it: to tell it
// to takes four system calls, and each phone of a boot storm opens a connection.
func Listen(addr string) (net.Listener, error) {
	l, err := (&net.ListenConfig{KeepAlive: -1}).Listen(context.Background(), "tcp", addr)
	if err != nil {
		return nil, err
	}
	return Limit(l, MaxConnections), nil
}

// Limit returns a listener that has at most n connections open at a time.
func Limit(l net.Listener, n int) net.Listener {
	return &limited{Listener: l, slots: make(chan struct{}, n), closed: make(chan struct{})}
}

type limited struct {
	net.Listener
	slots  chan struct{}
	closed chan struct{}
	once   sync.Once
}

// Accept waits for a free place and then for a connection.
func (l *limited) Accept() (net.Conn, error) {
	select {
	case l.slots <- struct{}{}:
	case <-l.closed:
		return nil, net.ErrClosed
	}
	c, err := l.Listener.Accept()
	if err != nil {
		<-l.slots
		return nil, err
	}
	return &limitedConn{Conn: c, slots: l.slots}, nil
}

// Close ends a waiting Accept too.
func (l *limited) Close() error {
	l.once.Do(func() { close(l.closed) })
	return l.Listener.Close()
}

// limitedConn gives its place back when it is closed, and writes a file in one
// piece.
type limitedConn struct {
	net.Conn
	slots chan struct{}
	once  sync.Once
	// Both belong to the goroutine that answers.
	due  int     // bytes that will be written for sure
	held *[]byte // what waits for them
}

// connKey finds the connection in a request's context.
type connKey struct{}

// longestHeld is what a connection collects at most: more than any file has.
const longestHeld = 64 << 10

// expectBytes says that at least n bytes follow. net/http writes what does not fit
// its 4 kB in two pieces, each a system call and a packet, and these are half of
// what a request costs.
func expectBytes(ctx context.Context, n int) {
	if c, ok := ctx.Value(connKey{}).(*limitedConn); ok && n <= longestHeld {
		c.due = n
	}
}

// Write holds p back while more will follow for sure.
func (c *limitedConn) Write(p []byte) (int, error) {
	c.due = max(c.due-len(p), 0)
	if c.due == 0 && c.held == nil {
		return c.Conn.Write(p)
	}
	if c.held == nil {
		c.held = buffers.Get().(*[]byte)
		*c.held = (*c.held)[:0]
	}
	*c.held = append(*c.held, p...)
	if c.due > 0 {
		return len(p), nil
	}
	defer func() {
		buffers.Put(c.held)
		c.held = nil
	}()
	if _, err := c.Conn.Write(*c.held); err != nil {
		return 0, err
	}
	return len(p), nil
}

// Close drops what is held: whoever closes before the rest is written gives up.
func (c *limitedConn) Close() error {
	err := c.Conn.Close()
	c.once.Do(func() { <-c.slots })
	return err
}
