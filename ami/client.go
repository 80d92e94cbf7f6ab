// Package ami is our connection to Asterisk's manager interface: one multiplexed TCP connection that is kept alive and
// made again, typed actions, and typed views of the few events we use. It owns reconnecting, liveness and the order of
// events; what they mean belongs to provisioner. It may import the standard library and goami, nothing of ours. goami
// composes and reads the actions it has right (Login, Ping, Reload, Getvar, CoreStatus, Hangup) over our transport; its
// own socket takes any frame for an answer, its lists take any error for an empty list.
package ami

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// steadyAfter is how long a connection must have been up for the next pause to start from MinBackoff again.
const steadyAfter = 10 * time.Second

// Client keeps one session with Asterisk. Run does the work; the other methods may be called at any time.
type Client struct {
	opts      Options
	session   atomic.Pointer[Session]
	overflows atomic.Uint64
	broken    atomic.Uint64
}

// New prepares a client; Run connects.
func New(opts Options) *Client {
	return &Client{opts: opts.withDefaults()}
}

// Session returns the current session, or ErrDown. It may end at any moment; its actions then return ErrClosed.
func (c *Client) Session() (*Session, error) {
	if s := c.session.Load(); s != nil {
		return s, nil
	}
	return nil, ErrDown
}

// Overflows counts how often events came faster than OnEvent took them and a resync was forced.
func (c *Client) Overflows() uint64 { return c.overflows.Load() }

// Broken counts frames that are none that Asterisk writes: a number with line breaks tore them, or is in them.
func (c *Client) Broken() uint64 { return c.broken.Load() }

// Run connects, and connects again, until the context ends; it returns nil then, after all its goroutines have ended.
// It returns an error at once for an address or credentials that can never work. Call it once.
func (c *Client) Run(ctx context.Context) error {
	if err := c.checkOptions(); err != nil {
		return err
	}
	outage := outage{opts: c.opts}
	for ctx.Err() == nil {
		started := time.Now()
		wasUp, err := c.connectOnce(ctx)
		if ctx.Err() != nil {
			break
		}
		if wasUp {
			outage = outage.ended(time.Since(started))
		}
		pause := outage.note(err, wasUp)
		select {
		case <-time.After(pause):
		case <-ctx.Done():
		}
	}
	return nil
}

func (c *Client) checkOptions() error {
	if _, _, err := net.SplitHostPort(c.opts.Address); err != nil {
		return fmt.Errorf("AMI address: %w", err)
	}
	if err := checkValues(c.opts.Username, c.opts.Secret, c.opts.Events); err != nil {
		return fmt.Errorf("AMI user, secret or event mask: %w", err)
	}
	return nil
}

// connectOnce lives through one connection and says whether it came up and why it ended.
func (c *Client) connectOnce(ctx context.Context) (wasUp bool, err error) {
	session, err := openSession(ctx, c.opts)
	if err != nil {
		return false, err
	}
	session.conn.onBroken = func() {
		c.broken.Add(1)
		c.opts.OnBroken()
	}
	queue := newEventQueue(c.opts.QueueLength)
	booted := make(chan struct{})
	var bootedOnce sync.Once
	err = session.login(ctx, func(f Frame) error {
		if f.Name() == "FullyBooted" {
			bootedOnce.Do(func() { close(booted) })
		}
		return queue.push(newEvent(f))
	})
	if err != nil {
		return false, err
	}
	session.startEvents = queue.start
	wasUp, err = c.serve(ctx, session, queue, booted)
	if errors.Is(err, ErrOverflow) {
		c.overflows.Add(1)
	}
	return wasUp, err
}

// serve runs everything that lives as long as the session, and waits for all of it.
func (c *Client) serve(program context.Context, s *Session, queue *eventQueue,
	booted <-chan struct{}) (wasUp bool, err error) {
	ctx, cancel := context.WithCancelCause(program)
	defer cancel(nil)
	var wg sync.WaitGroup
	wg.Go(func() { cancel(s.keepAlive(ctx)) })
	wg.Go(func() {
		select {
		case <-s.Done():
			cancel(s.Err())
		case <-ctx.Done():
		}
	})
	wg.Go(func() { queue.deliver(program, ctx, c.opts.OnEvent) })
	if err := s.waitBooted(ctx, booted); err != nil {
		cancel(err)
	} else {
		wasUp = true
		c.session.Store(s)
		c.opts.Logger.Info("connected to AMI", "address", c.opts.Address)
		wg.Go(func() {
			c.opts.OnUp(ctx, s)
			if ctx.Err() == nil {
				queue.start()
			}
		})
	}
	<-ctx.Done()
	c.session.Store(nil)
	s.Close()
	queue.finish()
	wg.Wait()
	return wasUp, context.Cause(ctx)
}

// outage remembers what OnDown was told and how long to wait.
type outage struct {
	opts     Options
	attempts int
	told     bool
	refused  bool // what was told
}

// ended is the state after a connection that was up for a while.
func (o outage) ended(up time.Duration) outage {
	next := outage{opts: o.opts, attempts: o.attempts}
	if up >= steadyAfter {
		next.attempts = 0
	}
	return next
}

// note tells OnDown and the log what is news, and returns the pause before the next attempt.
func (o *outage) note(err error, wasUp bool) time.Duration {
	refused := errors.Is(err, ErrLoginRefused) || errors.Is(err, ErrPermission)
	if wasUp || !o.told || refused != o.refused {
		o.opts.Logger.Warn("no connection to AMI", "address", o.opts.Address, "error", err)
		o.told, o.refused = true, refused
		o.opts.OnDown(err)
	}
	pause := o.opts.MinBackoff
	for i := 0; i < o.attempts && pause < o.opts.MaxBackoff; i++ {
		pause *= 2
	}
	pause = min(pause, o.opts.MaxBackoff)
	o.attempts++
	if refused {
		pause = o.opts.RefusedBackoff
	}
	return pause/2 + rand.N(pause/2+1)
}
