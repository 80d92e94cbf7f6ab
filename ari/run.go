package ari

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"time"

	"github.com/coder/websocket"
)

// ErrApplicationReplaced ends a session whose application name was taken by
// another websocket. Asterisk leaves the old one open but sends it no more
// events, so staying would look healthy and be deaf.
var ErrApplicationReplaced = errors.New("another client took over the application name")

// ErrOverflow ends a session whose owner did not take events fast enough.
var ErrOverflow = errors.New("the event queue is full")

// steadyAfter is how long a session must have lived for the next reconnect to
// start again with the shortest pause.
const steadyAfter = 10 * time.Second

// Run connects, delivers events and reconnects until ctx ends, and then
// returns nil with every goroutine and connection of its own gone. It returns
// an error at once for options that can never work, or when already running.
func (c *Client) Run(ctx context.Context) error {
	if err := errors.Join(c.invalid, checkApp(c.opts.App)); err != nil {
		return err
	}
	if !c.running.CompareAndSwap(false, true) {
		return errors.New("ari: Run is already running")
	}
	defer c.running.Store(false)
	defer c.Close()
	wait := c.retry
	for ctx.Err() == nil {
		lasted, err := c.connectOnce(ctx)
		if ctx.Err() != nil {
			break
		}
		pause := wait.next(err, lasted >= steadyAfter)
		c.logLoss(err, pause)
		sleep(ctx, pause)
	}
	return nil
}

// connectOnce dials and lives through one session. It returns how long the
// session lasted, 0 if none came to be.
func (c *Client) connectOnce(ctx context.Context) (time.Duration, error) {
	conn, err := c.dial(ctx)
	if err != nil {
		return 0, fmt.Errorf("connecting to ARI events: %w", err)
	}
	start := time.Now()
	gen := c.generation.Add(1)
	c.log.Info("ARI connected", "app", c.opts.App, "generation", gen)
	err = newSession(c, conn, gen).run(ctx)
	return time.Since(start), err
}

// dial upgrades to a websocket within DialTimeout, the upgrade's answer
// included: an Asterisk that accepts and then hangs must not hang us.
func (c *Client) dial(ctx context.Context) (*websocket.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, c.opts.DialTimeout)
	defer cancel()
	query := url.Values{"app": {c.opts.App}}
	if c.opts.SubscribeAll {
		query.Set("subscribeAll", "true")
	}
	header := http.Header{}
	header.Set("Authorization", basicAuth(c.opts.Username, c.opts.Password))
	conn, resp, err := websocket.Dial(ctx, c.base+"/events?"+encodeQuery(query), &websocket.DialOptions{
		HTTPClient:      c.upgrade,
		HTTPHeader:      header,
		CompressionMode: websocket.CompressionDisabled,
	})
	if err != nil && resp != nil && resp.StatusCode != http.StatusSwitchingProtocols {
		return nil, answerError(http.MethodGet, "/events", resp)
	}
	if err != nil {
		return nil, withoutURL(err)
	}
	conn.SetReadLimit(readLimit)
	return conn, nil
}

// logLoss says why there is no session, as loudly as the reason deserves.
func (c *Client) logLoss(err error, pause time.Duration) {
	switch {
	case errors.Is(err, ErrApplicationReplaced):
		c.log.Error("ARI application taken over by another client: is a second controller running with the same application name?",
			"app", c.opts.App, "retry_in", pause)
	case errors.Is(err, ErrOverflow):
		if held, ok := c.overflows.allow(time.Now()); ok {
			c.log.Error("ARI events came faster than they were handled, starting over",
				"dropped_total", c.Dropped(), "not_logged", held, "retry_in", pause)
		}
	default:
		c.log.Warn("ARI not connected", "error", err, "retry_in", pause)
	}
}

// backoff decides the pause before the next dial.
type backoff struct {
	floor, ceiling time.Duration
	replaced       time.Duration
	step           time.Duration
}

// next returns a pause between half the current step and the step, which
// doubles from twice the floor up to the ceiling. Steady says that the session
// just lost had been a good one. A replaced application waits a fixed time, so
// that two controllers with one name do not throw each other out in a frenzy.
func (b *backoff) next(err error, steady bool) time.Duration {
	if errors.Is(err, ErrApplicationReplaced) {
		b.step = 0
		return b.replaced
	}
	if steady || b.step == 0 {
		b.step = b.floor
	}
	b.step = min(b.step*2, b.ceiling)
	return b.step/2 + rand.N(b.step/2+1)
}

// sleep waits for d or for the end of ctx.
func sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
