package phonehttp

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/valyala/fasthttp"
)

// FastServer answers phones on fasthttp, at two thirds of net/http's processor time. It has
// the methods of http.Server that a program needs to run it.
type FastServer struct {
	handler *Handler
	server  *fasthttp.Server

	unfinished sync.WaitGroup // answers

	mu     sync.Mutex
	silent map[*fastConn]bool // connections that have sent nothing so far
	ended  bool
}

// fastHeadBytes is the longest head of a request; a phone's has some hundred bytes. Each
// connection has a buffer of that size.
const fastHeadBytes = 4 << 10

// Fast returns a server on fasthttp. It speaks HTTP without TLS only.
func (h *Handler) Fast() *FastServer {
	f := &FastServer{handler: h, silent: map[*fastConn]bool{}}
	f.server = &fasthttp.Server{
		Handler:     f.serve,
		ConnState:   f.follow,
		ReadTimeout: headWithin, // counted from the first byte of a request
		HeaderReceived: func(head *fasthttp.RequestHeader) (c fasthttp.RequestConfig) {
			if head.ContentLength() != 0 && !head.IsGet() && !head.IsHead() {
				c.ReadTimeout = bodyWithin
			}
			return c
		},
		WriteTimeout:   answerWithin,
		IdleTimeout:    idleWithin,
		ReadBufferSize: fastHeadBytes,
		// An answer that fits this buffer takes one system call and one packet train. A
		// connection has it only while it is answered.
		WriteBufferSize:   32 << 10,
		ReduceMemoryUsage: true,
		// The listener bounds the connections. Some more are let in here, because a
		// closed one counts for a moment longer.
		Concurrency: 2 * MaxConnections,
		// A body is read by the core, after it knows the phone.
		StreamRequestBody:            true,
		DisablePreParseMultipartForm: true,
		NoDefaultServerHeader:        true,
		NoDefaultContentType:         true,
		CloseOnShutdown:              true,
		SecureErrorLogMessage:        true, // a path holds a secret
		// Broken requests of strangers are no news.
		Logger: slog.NewLogLogger(h.opt.Logger.Handler(), slog.LevelDebug),
	}
	return f
}

// Serve answers the connections of a listener until Shutdown, and returns
// http.ErrServerClosed then.
func (f *FastServer) Serve(l net.Listener) error {
	if err := f.server.Serve(&fastListener{l, f.handler.opt.Logger}); err != nil {
		return fmt.Errorf("answering phones: %w", err)
	}
	return http.ErrServerClosed
}

// Shutdown closes the listener and all connections without a request. It then waits for the
// requests under way. fasthttp would wait some seconds for a connection that has never sent
// anything.
func (f *FastServer) Shutdown(ctx context.Context) error {
	f.mu.Lock()
	f.ended = true
	for c := range f.silent {
		_ = c.Close() // its goroutine ends by it
	}
	f.mu.Unlock()
	if err := f.server.ShutdownWithContext(ctx); err != nil {
		return err
	}
	f.unfinished.Wait() // fasthttp forgets a connection shortly before it says so
	return nil
}

// fastListener makes a fastConn of each connection.
type fastListener struct {
	net.Listener
	log *slog.Logger
}

// Accept returns the next connection. Other errors than the end of the listener, such as
// a want of file descriptors, pass; fasthttp would end at the first.
func (l *fastListener) Accept() (net.Conn, error) {
	for pause := 5 * time.Millisecond; ; pause = min(2*pause, time.Second) {
		c, err := l.Listener.Accept()
		switch {
		case err == nil:
			return &fastConn{Conn: c, remote: addressOf(c.RemoteAddr().String())}, nil
		case errors.Is(err, net.ErrClosed):
			return nil, err
		}
		l.log.Warn("accepting a phone", "error", err, "again_in", pause)
		time.Sleep(pause)
	}
}

// fastConn remembers the work to do after its answer was written. fasthttp writes after its
// handler has returned.
type fastConn struct {
	net.Conn
	remote  netip.Addr
	silent  bool  // see FastServer
	failure error // of writing; it ends the connection
	// All that follows belongs to the answer under way, if there is one.
	answering bool
	reply     reply
	note      note
	buf       *[]byte // the body
	broken    error   // why the reply is not the core's
}

// Write notes a failure.
func (c *fastConn) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	if err != nil {
		c.failure = err
	}
	return n, err
}

// follow hears what a connection does. One becomes idle when fasthttp has written the
// answer, and closed when that failed or when it was the last one: the answer is finished.
func (f *FastServer) follow(conn net.Conn, state fasthttp.ConnState) {
	c := conn.(*fastConn)
	switch state {
	case fasthttp.StateNew:
		f.setSilent(c, true)
	case fasthttp.StateActive, fasthttp.StateClosed:
		f.setSilent(c, false)
	}
	if c.answering && (state == fasthttp.StateIdle || state == fasthttp.StateClosed) {
		buffers.Put(c.buf)
		if err := unbroken(func() { f.handler.finish(&c.reply, c.note, errors.Join(c.broken, c.failure)) }); err != nil {
			f.handler.opt.Logger.Error("recording a phone's request", "error", err)
		}
		// An idle connection keeps no file in memory that the cache may have dropped.
		c.answering, c.reply, c.note, c.buf, c.broken = false, reply{}, note{}, nil, nil
		f.unfinished.Done()
	}
}

// setSilent notes whether a connection has sent nothing so far.
func (f *FastServer) setSilent(c *fastConn, silent bool) {
	if c.silent == silent {
		return // as at each request but the first
	}
	c.silent = silent
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case !silent:
		delete(f.silent, c)
	case f.ended:
		_ = c.Close()
	default:
		f.silent[c] = true
	}
}

// serve answers one request.
func (f *FastServer) serve(ctx *fasthttp.RequestCtx) {
	c := ctx.Conn().(*fastConn)
	f.unfinished.Add(1)
	c.answering, c.reply, c.note, c.buf, c.broken = true, reply{}, note{}, emptyBuffer(), nil
	a := f.askOf(ctx, c)
	if err := unbroken(func() {
		// A RequestCtx must not be kept, and a database keeps its context for a while.
		c.reply, c.note = f.handler.core(context.Background(), &a)
		if c.reply.file == nil {
			*c.buf, c.broken = c.reply.text(*c.buf)
		}
	}); err != nil {
		c.reply, c.note, c.broken, *c.buf = unavailable(), note{}, err, nil
		ctx.SetConnectionClose()
	}
	if c.broken != nil {
		f.handler.opt.Logger.Error("answering a phone", "error", c.broken)
	}
	f.write(ctx, &c.reply, *c.buf)
}

// unbroken makes an error of a panic. It costs the phone its answer, as with net/http;
// fasthttp would end the program.
func unbroken(do func()) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("panic: %v\n%s", v, debug.Stack())
		}
	}()
	do()
	return nil
}

// askOf reads a request.
func (f *FastServer) askOf(ctx *fasthttp.RequestCtx, c *fastConn) ask {
	head := &ctx.Request.Header
	a := ask{
		method: string(head.Method()), path: pathOf(ctx), agent: string(head.UserAgent()),
		remote: c.remote, body: ctx.RequestBodyStream(), length: int64(head.ContentLength()),
	}
	if proxies := f.handler.opt.Proxies; proxies.Trusts(c.remote) {
		var lines []string
		for _, line := range head.PeekAll(forwardedFor) {
			lines = append(lines, string(line))
		}
		a.remote = proxies.Client(c.remote, lines)
	}
	for _, line := range head.PeekAll("If-None-Match") {
		a.ifNoneMatch = append(a.ifNoneMatch, string(line))
	}
	if strings.HasPrefix(a.path, firmwarePrefix) {
		for i, name := range partHeaders {
			a.parts[i] = string(head.Peek(name))
		}
	}
	return a
}

// write hands a reply with its body to fasthttp.
func (f *FastServer) write(ctx *fasthttp.RequestCtx, r *reply, body []byte) {
	ctx.SetStatusCode(r.status)
	r.headers(ctx.Response.Header.Set)
	switch {
	case r.file != nil:
		_ = ctx.SetWriteDeadline(time.Now().Add(firmwareWithin)) // else the server's own holds
		ctx.SetBodyStream(r.file.part(r.size), int(r.size))
	case r.sized():
		ctx.Response.SetBodyRaw(body)
	}
}

// pathOf is the path as net/http has it: decoded once, with its dots and slashes.
// A path that cannot be decoded names no file.
func pathOf(ctx *fasthttp.RequestCtx) string {
	path, err := url.PathUnescape(string(ctx.URI().PathOriginal()))
	if err != nil {
		return ""
	}
	return path
}
