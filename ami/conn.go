package ami

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// writeTimeout bounds one write to the socket. A peer that does not read for so long is gone.
const writeTimeout = 5 * time.Second

// conn is one TCP connection to AMI, shared by any number of actions. One goroutine, started by start and awaited by
// close, reads frames: those with the ActionID of an action under way go to it, other events to onEvent.
type conn struct {
	socket   net.Conn
	reader   *bufio.Reader
	onEvent  func(Frame) error // on the reading goroutine: must not block; an error ends the connection
	idPrefix string            // of our ActionIDs; random, so that nobody else's answer matches
	writing  sync.Mutex

	mu      sync.Mutex
	pending map[string]*pendingAction
	lastID  uint64
	err     error // why the connection ended, set once

	received atomic.Uint64 // frames read, a sign of life
	patient  atomic.Int32  // actions under way that keep Asterisk busy for longer than a ping may take
	done     chan struct{} // closed when the reader has ended and err is set
}

// dialFunc opens the socket; net.Dialer.DialContext, or a pipe in tests with fake time.
type dialFunc func(ctx context.Context, network, address string) (net.Conn, error)

// dialConn connects and reads the banner "Asterisk Call Manager/x.y.z", both within the context's deadline.
func dialConn(ctx context.Context, dial dialFunc, address string) (*conn, error) {
	socket, err := dial(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("connecting to AMI: %w", err)
	}
	c := &conn{
		socket:   socket,
		reader:   bufio.NewReaderSize(socket, 64<<10),
		idPrefix: fmt.Sprintf("dt-%08x-", rand.Uint32()),
		pending:  map[string]*pendingAction{},
		done:     make(chan struct{}),
	}
	if err := c.readBanner(ctx); err != nil {
		socket.Close()
		return nil, err
	}
	return c, nil
}

func (c *conn) readBanner(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() { c.socket.SetReadDeadline(time.Unix(1, 0)) })
	banner, err := c.reader.ReadSlice('\n')
	if !stop() {
		return fmt.Errorf("waiting for the AMI banner: %w", ctx.Err())
	}
	if err != nil {
		return fmt.Errorf("reading the AMI banner: %w", err)
	}
	if !strings.HasPrefix(string(banner), "Asterisk Call Manager/") {
		return fmt.Errorf("banner %.60q is not AMI's: %w", banner, ErrBadAnswer)
	}
	return nil
}

// start begins reading. Nothing may be sent before.
func (c *conn) start(onEvent func(Frame) error) {
	c.onEvent = onEvent
	go func() {
		c.fail(c.read())
		c.socket.Close()
		close(c.done)
	}()
}

func (c *conn) read() error {
	for {
		frame, err := readFrame(c.reader)
		if err != nil {
			return err
		}
		c.received.Add(1)
		if err := c.route(frame); err != nil {
			return err
		}
	}
}

// route hands one frame to its receiver. An answer to an action that was given up is dropped.
func (c *conn) route(frame Frame) error {
	id := frame.Get("ActionID")
	if strings.HasPrefix(id, c.idPrefix) {
		c.mu.Lock()
		action := c.pending[id]
		c.mu.Unlock()
		if action != nil {
			action.push(frame)
		}
		return nil
	}
	if frame.Name() == "" {
		return nil
	}
	return c.onEvent(frame)
}

// fail ends the connection for a reason. The first reason counts. It does not wait for the reader.
func (c *conn) fail(reason error) {
	c.mu.Lock()
	if c.err == nil {
		c.err = reason
	}
	c.mu.Unlock()
	c.socket.Close()
}

// close ends the connection and waits for the reader.
func (c *conn) close() {
	c.fail(net.ErrClosed)
	<-c.done
}

// closedError says why the connection ended; it is ErrClosed, and the reason too.
func (c *conn) closedError() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return fmt.Errorf("%w: %w", ErrClosed, c.err)
}

// write sends one checked message. A write that fails may have left half a message, so it ends the connection.
func (c *conn) write(message string) error {
	c.writing.Lock()
	defer c.writing.Unlock()
	select {
	case <-c.done:
		return c.closedError()
	default:
	}
	c.socket.SetWriteDeadline(time.Now().Add(writeTimeout))
	if _, err := io.WriteString(c.socket, message); err != nil {
		c.fail(fmt.Errorf("writing an action: %w", err))
		return c.closedError()
	}
	return nil
}
