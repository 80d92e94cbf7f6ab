package ari

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"
)

// sessionLimits bounds one session's queue, and how long events that were
// already queued may still be delivered after the connection is gone.
type sessionLimits struct {
	events int
	bytes  int64
	drain  time.Duration
}

// frame is one event as it came, and when.
type frame struct {
	raw  []byte
	read time.Time
}

// session is one websocket from upgrade to loss. A reader goroutine moves
// frames from the socket to the queue and never waits for anything else, a
// second one pings, and run itself delivers.
type session struct {
	c      *Client
	conn   *websocket.Conn
	gen    uint64
	queue  chan frame
	queued atomic.Int64
	end    context.CancelCauseFunc
}

func newSession(c *Client, conn *websocket.Conn, gen uint64) *session {
	return &session{c: c, conn: conn, gen: gen, queue: make(chan frame, c.limits.events)}
}

// run lives until the connection is lost or ctx ends and returns the reason.
// The order is fixed: events start to queue, OnUp, queued events, healthy,
// live events, and at the end what is left in the queue, then OnDown.
func (s *session) run(parent context.Context) error {
	ctx, end := context.WithCancelCause(parent)
	s.end = end
	var owned sync.WaitGroup
	owned.Go(func() { s.read(ctx) })
	owned.Go(func() { s.ping(ctx) })
	s.deliver(ctx, parent)
	owned.Wait()
	err := context.Cause(ctx)
	s.c.opts.OnDown(s.gen, err)
	return err
}

// read queues every frame until the session ends. Closing the queue tells
// deliver that no more will come.
func (s *session) read(ctx context.Context) {
	defer close(s.queue)
	defer s.c.healthy.Store(false)
	defer s.conn.CloseNow()
	for {
		_, raw, err := s.conn.Read(ctx)
		if err != nil {
			s.end(fmt.Errorf("reading events: %w", err))
			return
		}
		if replaces(raw, s.c.opts.App) {
			s.end(ErrApplicationReplaced)
			return
		}
		if !s.enqueue(raw) {
			s.c.dropped.Add(1)
			s.end(fmt.Errorf("%w: %d events wait", ErrOverflow, len(s.queue)))
			return
		}
	}
}

// enqueue reports false when the queue holds as much as it may. It counts the
// capacity of the buffers, for that is the memory they cost.
func (s *session) enqueue(raw []byte) bool {
	if s.queued.Add(int64(cap(raw))) > s.c.limits.bytes {
		return false
	}
	select {
	case s.queue <- frame{raw, time.Now()}:
		return true
	default:
		return false
	}
}

// ping ends the session when the peer stays silent. TCP alone would notice
// after minutes.
func (s *session) ping(ctx context.Context) {
	ticker := time.NewTicker(s.c.opts.PingEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		pong, cancel := context.WithTimeout(ctx, s.c.opts.PingTimeout)
		err := s.conn.Ping(pong)
		cancel()
		if err != nil {
			s.end(fmt.Errorf("no answer to a ping within %v: %w", s.c.opts.PingTimeout, err))
			return
		}
	}
}

// deliver brings the owner up and hands it the queue until that is closed and
// empty.
func (s *session) deliver(ctx, parent context.Context) {
	if err := s.up(ctx); err != nil {
		s.end(err)
		s.discard()
		return
	}
	backlog := len(s.queue)
	s.markHealthy(ctx, backlog)
	var deadline time.Time
	for f := range s.queue {
		if ctx.Err() != nil && deadline.IsZero() {
			deadline = time.Now().Add(s.c.limits.drain)
		}
		switch {
		case parent.Err() != nil:
			s.discardAtShutdown()
			return
		case ctx.Err() != nil && (errors.Is(context.Cause(ctx), ErrOverflow) || time.Now().After(deadline)):
			s.c.dropped.Add(1)
			s.discard()
			return
		}
		s.queued.Add(-int64(cap(f.raw)))
		s.c.eventRead.Store(int64(f.read.Sub(s.c.started)))
		s.c.handling.Store(int64(time.Since(s.c.started)))
		s.c.handle(f.raw)
		s.c.handling.Store(0)
		backlog--
		s.markHealthy(ctx, backlog)
	}
}

// up runs OnUp under its deadline.
func (s *session) up(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, s.c.opts.UpTimeout)
	defer cancel()
	if err := s.c.opts.OnUp(ctx, s.gen); err != nil {
		return fmt.Errorf("bringing session %d up: %w", s.gen, err)
	}
	return nil
}

// markHealthy raises the flag once the backlog of OnUp is delivered. The
// reader lowers it after ending ctx, so looking at ctx again afterwards leaves
// no moment in which a dead session stays healthy.
func (s *session) markHealthy(ctx context.Context, backlog int) {
	if backlog != 0 {
		return
	}
	s.c.healthy.Store(true)
	if ctx.Err() != nil {
		s.c.healthy.Store(false)
	}
}

// discard counts what will not be delivered; the next session's OnUp makes
// good for it.
func (s *session) discard() {
	for range s.queue {
		s.c.dropped.Add(1)
	}
}

// discardAtShutdown empties the queue without counting: nobody wants these
// events any more.
func (s *session) discardAtShutdown() {
	for range s.queue {
		continue
	}
}

// replaces reports whether raw is the notice that app now belongs to another
// websocket. The cheap search spares all other events a second decoding.
func replaces(raw []byte, app string) bool {
	if !bytes.Contains(raw, []byte("ApplicationReplaced")) {
		return false
	}
	event, err := decodeEvent(raw)
	if err != nil || event.GetType() != "ApplicationReplaced" {
		return false
	}
	return event.GetApplication() == app || event.GetApplication() == ""
}
