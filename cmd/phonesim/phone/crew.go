package phone

import (
	"context"
	"errors"
	"sync"
)

// errClosed says that the phone was closed or switched off under what was going on.
var errClosed = errors.New("phone is closed")

// crew owns every goroutine of a phone: nothing starts after cancelAll, and wait returns when the last one has left.
type crew struct {
	mu      sync.Mutex
	closed  bool
	cancels map[int]context.CancelFunc
	next    int
	wg      sync.WaitGroup
}

// enter counts the calling goroutine in. False: the phone is closing, go away.
func (c *crew) enter() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return false
	}
	c.wg.Add(1)
	return true
}

func (c *crew) leave() { c.wg.Done() }

// within derives a context that also ends when the phone closes.
func (c *crew) within(parent context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(parent)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		cancel()
		return ctx, cancel
	}
	if c.cancels == nil {
		c.cancels = map[int]context.CancelFunc{}
	}
	id := c.next
	c.next++
	c.cancels[id] = cancel
	return ctx, func() {
		cancel()
		c.mu.Lock()
		delete(c.cancels, id)
		c.mu.Unlock()
	}
}

// spawn runs f in a goroutine of the crew; its context ends with parent and with the phone. False: the phone is
// closing.
func (c *crew) spawn(parent context.Context, f func(context.Context)) bool {
	if !c.enter() {
		return false
	}
	ctx, cancel := c.within(parent)
	go func() {
		defer c.leave()
		defer cancel()
		f(ctx)
	}()
	return true
}

func (c *crew) cancelAll() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	for _, cancel := range c.cancels {
		cancel()
	}
}

func (c *crew) wait() { c.wg.Wait() }

// latch is an event that happens at most once.
type latch struct {
	once sync.Once
	ch   chan struct{}
}

func newLatch() *latch { return &latch{ch: make(chan struct{})} }

func (l *latch) fire() { l.once.Do(func() { close(l.ch) }) }

func (l *latch) fired() bool {
	select {
	case <-l.ch:
		return true
	default:
		return false
	}
}
