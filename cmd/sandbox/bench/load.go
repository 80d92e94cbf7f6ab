package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// load asks a web server for files over connections that stay open, each one
// request at a time. It is one epoll loop for each processor and does nothing but
// send prepared bytes and count: a client on net/http costs more than the servers.
type load struct {
	to          netip.AddrPort
	requests    [][]byte
	sizes       []int // of the bodies that are to come
	connections int
	cpus        []int
	// phones, when there are any, are the ends of each phone's requests in the list:
	// a phone opens a connection, asks for one file after the other and hangs up.
	phones []int

	next atomic.Int64 // index of the next request, or phone, over all loops
	end  int64        // next never serves this one or later; 0 is no bound
	stop atomic.Bool
}

// loaded is what a load has seen.
type loaded struct {
	latency *histogram
	worst   time.Duration
	took    time.Duration
	cpu     time.Duration // that the load itself has used
}

func (l loaded) perSecond() float64 { return float64(l.latency.total) / l.took.Seconds() }

// during asks for the files in turn, over and over, for as long as d.
func (l *load) during(ctx context.Context, d time.Duration) (loaded, error) {
	timer := time.AfterFunc(d, func() { l.stop.Store(true) })
	defer timer.Stop()
	l.stop.Store(false)
	l.end = 0
	return l.run(ctx)
}

// once asks for each file one time.
func (l *load) once(ctx context.Context) (loaded, error) {
	l.stop.Store(false)
	l.next.Store(0)
	l.end = int64(len(l.requests))
	if l.phones != nil {
		l.end = int64(len(l.phones))
	}
	return l.run(ctx)
}

func (l *load) run(ctx context.Context) (loaded, error) {
	defer context.AfterFunc(ctx, func() { l.stop.Store(true) })()
	out := loaded{latency: newHistogram()}
	var mu sync.Mutex
	var errs []error
	var loops sync.WaitGroup
	start := time.Now()
	for i := range l.cpus {
		loops.Go(func() {
			lp := &loop{load: l, latency: newHistogram(), buffer: make([]byte, 64<<10)}
			err := pinned(l.cpus, func() error { return lp.run((l.connections + len(l.cpus) - 1 - i) / len(l.cpus)) })
			mu.Lock()
			defer mu.Unlock()
			errs = append(errs, err)
			out.latency.merge(lp.latency)
			out.worst = max(out.worst, lp.worst)
			out.cpu += lp.cpu
		})
	}
	loops.Wait()
	out.took = time.Since(start)
	return out, errors.Join(append(errs, ctx.Err())...)
}

// loop drives some of the connections on one thread.
type loop struct {
	*load
	epoll   int
	conns   map[int32]*connection
	buffer  []byte
	latency *histogram
	worst   time.Duration
	cpu     time.Duration
}

// connection has one request under way.
type connection struct {
	fd      int
	request int
	phone   int // where the requests of its phone end; 0 for no phone
	sent    time.Time
	head    []byte // of the answer, until it is whole
	left    int    // bytes of the body still to come
	reading bool   // the head is whole
}

func (l *loop) run(connections int) (err error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if l.epoll, err = syscall.EpollCreate1(0); err != nil {
		return fmt.Errorf("preparing a load: %w", err)
	}
	defer syscall.Close(l.epoll)
	l.conns = map[int32]*connection{}
	defer func() {
		for _, c := range l.conns {
			syscall.Close(c.fd)
		}
	}()
	for range connections {
		if err := l.connect(); err != nil {
			return fmt.Errorf("connecting to %s: %w", l.to, err)
		}
	}
	before := threadTime()
	defer func() { l.cpu = threadTime() - before }()
	return l.drive()
}

func (l *loop) connect() error {
	c, err := l.open()
	if err != nil {
		return err
	}
	_, err = l.ask(c)
	return err
}

func (l *loop) open() (*connection, error) {
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	c := &connection{fd: fd}
	l.conns[int32(fd)] = c
	if err := syscall.Connect(fd, &syscall.SockaddrInet4{Port: int(l.to.Port()), Addr: l.to.Addr().As4()}); err != nil {
		return nil, err
	}
	if err := syscall.SetsockoptInt(fd, syscall.IPPROTO_TCP, syscall.TCP_NODELAY, 1); err != nil {
		return nil, err
	}
	if err := syscall.SetNonblock(fd, true); err != nil {
		return nil, err
	}
	if err := syscall.EpollCtl(l.epoll, syscall.EPOLL_CTL_ADD, fd, &syscall.EpollEvent{Events: syscall.EPOLLIN,
		Fd: int32(fd)}); err != nil {
		return nil, err
	}
	return c, nil
}

// ask sends the next request; not more when there is none to send. A request is
// smaller than any socket's buffer, so it goes out whole.
func (l *loop) ask(c *connection) (more bool, err error) {
	if c.request+1 < c.phone {
		return true, l.send(c, c.request+1)
	}
	n := l.next.Add(1) - 1
	if l.stop.Load() || (l.end > 0 && n >= l.end) {
		return false, l.hangUp(c)
	}
	if l.phones == nil {
		return true, l.send(c, int(n%int64(len(l.requests))))
	}
	if c.phone > 0 { // this was another phone's connection
		if err := l.hangUp(c); err != nil {
			return false, err
		}
		if c, err = l.open(); err != nil {
			return false, err
		}
	}
	first := 0
	if n > 0 {
		first = l.phones[n-1]
	}
	c.phone = l.phones[n]
	return true, l.send(c, first)
}

func (l *loop) send(c *connection, request int) error {
	c.request, c.sent = request, time.Now()
	c.head, c.reading = c.head[:0], false
	_, err := syscall.Write(c.fd, l.requests[request])
	return err
}

func (l *loop) hangUp(c *connection) error {
	delete(l.conns, int32(c.fd))
	return syscall.Close(c.fd)
}

// patience is how long a server may say nothing at all.
const patience = 30 * time.Second

func (l *loop) drive() error {
	events := make([]syscall.EpollEvent, 256)
	for len(l.conns) > 0 {
		n, err := syscall.EpollWait(l.epoll, events, int(patience.Milliseconds()))
		if errors.Is(err, syscall.EINTR) {
			continue
		}
		if err != nil || n == 0 {
			return fmt.Errorf("waiting for answers of %s: nothing within %v (%v)", l.to, patience, err)
		}
		for _, e := range events[:n] {
			if err := l.read(l.conns[e.Fd]); err != nil {
				return fmt.Errorf("reading an answer of %s: %w", l.to, err)
			}
		}
	}
	return nil
}

// read takes what has come; an answer that is whole is followed by the next
// request.
func (l *loop) read(c *connection) error {
	n, err := syscall.Read(c.fd, l.buffer)
	switch {
	case errors.Is(err, syscall.EAGAIN), errors.Is(err, syscall.EINTR):
		return nil
	case err != nil:
		return err
	case n == 0:
		return errors.New("the server closed a connection that should stay open")
	}
	if !c.reading {
		body, ok, err := c.readHead(l.buffer[:n], l.sizes[c.request])
		if !ok || err != nil {
			return err
		}
		n = body
	}
	if c.left -= n; c.left > 0 {
		return nil
	}
	took := time.Since(c.sent)
	l.latency.add(took)
	l.worst = max(l.worst, took)
	_, err = l.ask(c)
	return err
}

// readHead looks for the end of the head and returns how much of the body came
// with it.
func (c *connection) readHead(came []byte, want int) (body int, ok bool, err error) {
	c.head = append(c.head, came...)
	end := bytes.Index(c.head, []byte("\r\n\r\n"))
	if end < 0 {
		return 0, false, nil
	}
	head := c.head[:end]
	if !bytes.HasPrefix(head, []byte("HTTP/1.1 200 ")) {
		return 0, false, fmt.Errorf("%.60q is not 200", head)
	}
	c.left, err = contentLength(head)
	if err == nil && want > 0 && c.left != want {
		err = fmt.Errorf("%d bytes instead of %d", c.left, want)
	}
	c.reading = true
	return len(c.head) - end - len("\r\n\r\n"), true, err
}

func contentLength(head []byte) (int, error) {
	const name = "\r\nContent-Length: "
	at := bytes.Index(head, []byte(name))
	if at < 0 {
		return 0, errors.New("an answer without Content-Length")
	}
	value := head[at+len(name):]
	if end := bytes.IndexByte(value, '\r'); end >= 0 {
		value = value[:end]
	}
	return strconv.Atoi(string(value))
}
