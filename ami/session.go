package ami

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	goami "github.com/heltonmarx/goami/ami"
)

// Session is a logged-in connection: the typed actions, each with a context. A context without a deadline gets one:
// ActionTimeout (10 s), or SlowTimeout (60 s) for those that make Asterisk look through all its objects or reload.
// Asterisk works on the actions of one session one after the other. Safe for concurrent use.
type Session struct {
	conn *conn
	opts Options
	// startEvents lets the held events go; nil for a session without a Client.
	startEvents func()
}

// Dial connects and logs in once, without reconnecting and without liveness checks: for a single question, as
// `dialtone doctor` asks. onEvent may be nil; it runs on the reading goroutine and must not block. The caller must
// Close.
func Dial(ctx context.Context, opts Options, onEvent func(Event)) (*Session, error) {
	s, err := openSession(ctx, opts.withDefaults())
	if err != nil {
		return nil, err
	}
	s.conn.onBroken = s.opts.OnBroken
	err = s.login(ctx, func(f Frame) error {
		if onEvent != nil {
			onEvent(newEvent(f))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return s, nil
}

// openSession connects and reads the banner.
func openSession(ctx context.Context, opts Options) (*Session, error) {
	ctx, cancel := context.WithTimeout(ctx, opts.DialTimeout)
	defer cancel()
	dial := opts.dial
	if dial == nil {
		dial = (&net.Dialer{}).DialContext
	}
	c, err := dialConn(ctx, dial, opts.Address)
	if err != nil {
		return nil, err
	}
	return &Session{conn: c, opts: opts}, nil
}

// login starts reading and logs in; on an error the connection is closed.
func (s *Session) login(ctx context.Context, onEvent func(Frame) error) error {
	ctx, cancel := context.WithTimeout(ctx, s.opts.DialTimeout)
	defer cancel()
	s.conn.start(onEvent)
	if err := s.authenticate(ctx); err != nil {
		s.conn.close()
		return err
	}
	return nil
}

// authenticate tells a refusal from a lost connection: the first needs a person, the second only time.
func (s *Session) authenticate(ctx context.Context) error {
	if err := checkValues(s.opts.Username, s.opts.Secret, s.opts.Events); err != nil {
		return fmt.Errorf("logging in to AMI: %w", err)
	}
	a := s.conn.begin()
	defer a.end()
	err := goami.Login(ctx, a, s.opts.Username, s.opts.Secret, s.opts.Events, a.id)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, ErrClosed), errors.Is(err, ErrBadValue), ctx.Err() != nil:
		return fmt.Errorf("logging in to AMI: %w", err)
	}
	return fmt.Errorf("logging in to AMI as %q: %w: %w", s.opts.Username, ErrLoginRefused, err)
}

// Close ends the connection and waits for its reader. Actions under way return ErrClosed.
func (s *Session) Close() { s.conn.close() }

// Done is closed when the connection has ended, for whatever reason.
func (s *Session) Done() <-chan struct{} { return s.conn.done }

// Err says why the connection ended; nil while it is up.
func (s *Session) Err() error {
	select {
	case <-s.conn.done:
		return s.conn.closedError()
	default:
		return nil
	}
}

// StartEvents lets this connection's events go to OnEvent before OnUp returns. See Options.OnEvent.
func (s *Session) StartEvents() {
	if s.startEvents != nil {
		s.startEvents()
	}
}

// deadline gives a context without a deadline one.
func deadline(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	if _, ok := ctx.Deadline(); ok {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, d)
}

// slow is deadline for an action that keeps Asterisk's session thread busy; while one is under way an unanswered ping
// is no sign of death.
func (s *Session) slow(ctx context.Context) (context.Context, func()) {
	ctx, cancel := deadline(ctx, s.opts.SlowTimeout)
	s.conn.patient.Add(1)
	return ctx, func() {
		s.conn.patient.Add(-1)
		cancel()
	}
}
