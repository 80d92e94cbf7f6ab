package ami

import (
	"context"
	"errors"
	"io"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// A peer that stops answering is found within 10 s: until then every status looks fresh.
func TestSilentPeer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var silent atomic.Bool
		server := &pipeServer{answer: func(io.Writer, Frame) bool { return silent.Load() }}
		ctx, cancel := context.WithCancel(t.Context())
		up, down := make(chan struct{}, 1), make(chan error, 1)
		client := New(Options{
			Address: "pipe:1", dial: server.dial,
			OnUp:   func(context.Context, *Session) { up <- struct{}{} },
			OnDown: func(err error) { down <- err },
		})
		ended := make(chan error)
		go func() { ended <- client.Run(ctx) }()
		<-up
		select {
		case err := <-down:
			t.Errorf("an answering peer was given up: %v", err)
		case <-time.After(time.Hour):
		}
		silent.Store(true)
		started := time.Now()
		if err := <-down; !errors.Is(err, ErrSilent) {
			t.Errorf("down: %v", err)
		}
		if took := time.Since(started); took > 10*time.Second {
			t.Errorf("found after %v", took)
		}
		cancel()
		<-ended
	})
}

// An Asterisk that hangs in the middle of a list is found as soon as at any other time.
func TestSilentPeerInAList(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var silent atomic.Bool
		server := &pipeServer{answer: func(_ io.Writer, a Frame) bool {
			if a.Get("Action") == "CoreShowChannels" {
				silent.Store(true)
			}
			return silent.Load()
		}}
		ctx, cancel := context.WithCancel(t.Context())
		up, down := make(chan *Session, 1), make(chan error, 1)
		client := New(Options{
			Address: "pipe:1", dial: server.dial,
			OnUp:   func(_ context.Context, s *Session) { up <- s },
			OnDown: func(err error) { down <- err },
		})
		ended := make(chan error)
		go func() { ended <- client.Run(ctx) }()
		s, started := <-up, time.Now()
		if _, err := s.CoreShowChannels(t.Context()); err == nil {
			t.Error("a list without an end")
		}
		if err := <-down; !errors.Is(err, ErrSilent) {
			t.Errorf("down: %v", err)
		}
		if took := time.Since(started); took > 10*time.Second {
			t.Errorf("found after %v", took)
		}
		cancel()
		<-ended
	})
}

// A reload that takes 40 s keeps Asterisk from answering pings; that is no reason to give the connection up.
func TestLongReloadIsNotSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := &pipeServer{buffered: true, answer: func(w io.Writer, action Frame) bool {
			if action.Get("Action") == "Reload" {
				<-time.After(40 * time.Second)
			}
			return false
		}}
		ctx, cancel := context.WithCancel(t.Context())
		sessions := make(chan *Session, 1)
		client := New(Options{
			Address: "pipe:1", dial: server.dial,
			OnUp:   func(_ context.Context, s *Session) { sessions <- s },
			OnDown: func(err error) { t.Errorf("down: %v", err) },
		})
		ended := make(chan error)
		go func() { ended <- client.Run(ctx) }()
		s := <-sessions
		started := time.Now()
		if err := s.Reload(t.Context(), "res_pjsip"); err != nil {
			t.Error(err)
		}
		if took := time.Since(started); took != 40*time.Second {
			t.Errorf("took %v", took)
		}
		<-time.After(time.Minute)
		cancel()
		<-ended
	})
}

// A peer too busy to answer pings but sending events is alive.
func TestEventsAreSignsOfLife(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := &pipeServer{answer: func(w io.Writer, action Frame) bool {
			if action.Get("Action") != "Ping" {
				return false
			}
			io.WriteString(w, "Event: ContactStatus\r\n\r\n")
			return true
		}}
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		client := New(Options{
			Address: "pipe:1", dial: server.dial,
			OnDown: func(err error) { t.Errorf("down: %v", err) },
		})
		if err := client.Run(ctx); err != nil || len(server.dials) != 1 {
			t.Errorf("%d connections, %v", len(server.dials), err)
		}
	})
}

// Without a deadline of the caller's, an action ends after 10 s and a reload after 60.
func TestDefaultDeadlines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := &pipeServer{answer: func(_ io.Writer, action Frame) bool { return action.Get("Action") != "Login" }}
		s, err := Dial(t.Context(), Options{Address: "pipe:1", dial: server.dial}, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		for want, call := range map[time.Duration]func() error{
			10 * time.Second: func() error { return s.Ping(t.Context()) },
			time.Minute:      func() error { return s.Reload(t.Context(), "x") },
		} {
			started := time.Now()
			if err := call(); !errors.Is(err, context.DeadlineExceeded) || time.Since(started) != want {
				t.Errorf("%v after %v, want %v", err, time.Since(started), want)
			}
		}
	})
}

// A peer that does not read is found by the write, after 5 s.
func TestWriteDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		blocked := make(chan struct{})
		server := &pipeServer{answer: func(w io.Writer, action Frame) bool {
			if action.Get("Action") == "Ping" {
				<-blocked
			}
			return false
		}}
		s, err := Dial(t.Context(), Options{Address: "pipe:1", dial: server.dial}, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		defer close(blocked)
		for range 2 { // one answered never, one waiting to be
			go s.Ping(t.Context())
			synctest.Wait()
		}
		started := time.Now()
		if _, err := s.Getvar(t.Context(), "x"); !errors.Is(err, ErrClosed) || time.Since(started) != writeTimeout {
			t.Errorf("%v after %v", err, time.Since(started))
		}
	})
}

// A peer that accepts and says nothing is given up after DialTimeout, and pauses grow from 100 ms to 5 s, jittered.
func TestBackoff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := &pipeServer{answer: func(w io.Writer, action Frame) bool { return true }}
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
		defer cancel()
		if err := New(Options{Address: "pipe:1", dial: server.dial}).Run(ctx); err != nil {
			t.Error(err)
		}
		pause := 100 * time.Millisecond
		for i := 1; i < len(server.dials); i++ {
			got := server.dials[i].Sub(server.dials[i-1]) - 5*time.Second
			if got < pause/2 || got > pause {
				t.Errorf("pause %d is %v, want up to %v", i, got, pause)
			}
			pause = min(2*pause, 5*time.Second)
		}
		if len(server.dials) < 25 {
			t.Errorf("%d attempts in 5 minutes", len(server.dials))
		}
	})
}

// The outage after a steady connection starts from the shortest pause again, that after a flapping one does not.
func TestBackoffAfterSteadyConnection(t *testing.T) {
	o := outage{opts: Options{}.withDefaults(), attempts: 5}
	if got := o.ended(time.Hour).attempts; got != 0 {
		t.Errorf("steady: %d", got)
	}
	if got := o.ended(time.Second).attempts; got != 5 {
		t.Errorf("flapping: %d", got)
	}
	o = outage{opts: Options{}.withDefaults()}
	if got := o.note(ErrLoginRefused, false); got < 15*time.Second || got > 30*time.Second {
		t.Errorf("refused: %v", got)
	}
}

func TestDialEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		server := &pipeServer{answer: func(io.Writer, Frame) bool { return true }}
		if _, err := Dial(ctx, Options{Address: "pipe:1", dial: server.dial}, nil); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("login: %v", err)
		}
		if _, err := Dial(ctx, Options{Address: "pipe:1", dial: silentDial(t)}, nil); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("banner: %v", err)
		}
	})
}
