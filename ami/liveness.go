package ami

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// bootPoll is how often CoreStatus is asked while FullyBooted has not come.
const bootPoll = time.Second

// keepAlive pings until the context ends or the peer is silent, and says which. Asterisk answers the actions of a
// session one by one, so a ping behind a long reload waits: that, and any frame that came meanwhile, is no silence.
func (s *Session) keepAlive(ctx context.Context) error {
	ticker := time.NewTicker(s.opts.PingInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-ticker.C:
		}
		before := s.conn.received.Load()
		if s.pingOnce(ctx) == nil || ctx.Err() != nil {
			continue
		}
		if s.conn.patient.Load() == 0 && s.conn.received.Load() == before {
			return fmt.Errorf("no answer to a ping within %v: %w", s.opts.PingTimeout, ErrSilent)
		}
	}
}

func (s *Session) pingOnce(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, s.opts.PingTimeout)
	defer cancel()
	return s.Ping(ctx)
}

// waitBooted waits until Asterisk has loaded everything. FullyBooted follows the login at once where it has; a user
// without read class system never sees that event, so the start time is asked as well.
func (s *Session) waitBooted(ctx context.Context, booted <-chan struct{}) error {
	ticker := time.NewTicker(bootPoll)
	defer ticker.Stop()
	for {
		select {
		case <-booted:
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-ticker.C:
		}
		status, err := s.CoreStatus(ctx)
		if err == nil && status.booted() {
			return nil
		}
		if errors.Is(err, ErrPermission) {
			return fmt.Errorf("asking whether Asterisk has booted: %w", err)
		}
	}
}
