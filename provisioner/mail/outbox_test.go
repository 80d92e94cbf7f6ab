package mail

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/dialtone-pbx/dialtone/provisioner/outbox"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// queue is a source in memory.
type queue struct {
	mu      sync.Mutex
	letters []*queued
	fails   error // of reading the queue
}

// queued is a letter and its state. A test reads it by see.
type queued struct {
	Letter
	q     *queue
	state pbx.MailState
	error string
	sent  time.Time
	texts int // that were written
}

// put queues a letter that is due after some time.
func (q *queue) put(to string, due, expires time.Duration) *queued {
	l := &queued{q: q, state: pbx.MailQueued,
		Letter: Letter{Name: to, To: to, Subject: "s", Due: time.Now().Add(due), Expires: time.Now().Add(expires)}}
	l.Text = func(context.Context) (string, error) {
		q.change(func() { l.texts++ })
		return "text " + to, nil
	}
	l.Done = func(_ context.Context, r Result) error {
		q.change(func() { l.state, l.error, l.Attempts, l.Due, l.sent = r.State, r.Error, r.Attempts, r.Due, r.Sent })
		return nil
	}
	q.change(func() { q.letters = append(q.letters, l) })
	return l
}

// change runs f while the outbox neither reads nor writes the queue.
func (q *queue) change(f func()) {
	q.mu.Lock()
	defer q.mu.Unlock()
	f()
}

// see returns a copy.
func (l *queued) see() (copied queued) {
	l.q.change(func() { copied = *l })
	return copied
}

func (q *queue) next(context.Context) (Letter, bool, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	var first *queued
	for _, l := range q.letters {
		if l.state == pbx.MailQueued && (first == nil || l.Due.Before(first.Due)) {
			first = l
		}
	}
	if first == nil || q.fails != nil {
		return Letter{}, false, q.fails
	}
	return first.Letter, true, nil
}

// post is a mail server in memory.
type post struct {
	refusal   error
	permanent bool

	mu sync.Mutex
	to []string
}

// tried returns the recipients of all attempts so far.
func (p *post) tried() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.to)
}

func (p *post) send(_ context.Context, m message) (bool, error) {
	to := m.to
	if m.text != "text "+to {
		return true, errors.New("another letter's text")
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.to = append(p.to, to)
	return p.permanent, p.refusal
}

// run starts an outbox inside a bubble of synctest, until the test ends.
func run(t *testing.T, p *post, sources ...Source) *Outbox {
	t.Helper()
	b := New(Options{Server: Server{Address: "mail.example.com:25"}, RetryFirst: time.Minute,
		Log: slog.New(slog.DiscardHandler)})
	b.send = p.send
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- b.Run(ctx, sources...) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("the outbox ended: %v", err)
		}
	})
	return b
}

// after waits until everything up to d from now has happened.
func after(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

// Pauses double, and after so many attempts the letter is given up.
func TestPausesDouble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q, p := &queue{}, &post{refusal: errors.New("451 later")}
		l := q.put("anna", 0, 72*time.Hour)
		run(t, p, q.next)
		pause := time.Minute
		for n := 1; n < mostAttempts; n++ {
			after(time.Second)
			got := l.see()
			if got.state != pbx.MailQueued || got.Attempts != n || got.error != "451 later" || !got.sent.IsZero() {
				t.Fatalf("after %d attempts: %+v", n, got)
			}
			after(pause - 2*time.Second)
			if len(p.tried()) != n {
				t.Fatalf("attempt %d came early", n+1)
			}
			after(time.Second)
			pause *= 2
		}
		if got := l.see(); got.state != pbx.MailFailed || got.Attempts != mostAttempts || got.texts != mostAttempts {
			t.Errorf("after all attempts: %+v", got)
		}
		after(24 * time.Hour)
		if len(p.tried()) != mostAttempts {
			t.Errorf("%d attempts", len(p.tried()))
		}
	})
}

// A mail that nobody can take in time is given up, so that it is not tried for ever.
func TestResults(t *testing.T) {
	for what, c := range map[string]struct {
		expires   time.Duration
		permanent bool
		err       error
		want      pbx.MailState
		attempts  int
	}{
		"taken":     {time.Hour, false, nil, pbx.MailSent, 1},
		"later":     {time.Hour, false, errors.New("451"), pbx.MailQueued, 1},
		"no hope":   {time.Hour, true, errors.New("550"), pbx.MailFailed, 1},
		"too late":  {59 * time.Second, false, errors.New("451"), pbx.MailFailed, 1},
		"in time":   {time.Minute, false, errors.New("451"), pbx.MailQueued, 1},
		"long over": {-time.Second, false, nil, pbx.MailFailed, 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			q, p := &queue{}, &post{refusal: c.err, permanent: c.permanent}
			l := q.put("anna", 0, c.expires)
			start := time.Now()
			run(t, p, q.next)
			synctest.Wait()
			got := l.see()
			if got.state != c.want || got.Attempts != c.attempts || len(p.tried()) != c.attempts || got.texts != c.attempts {
				t.Errorf("%s: %+v, %d attempts", what, got, len(p.tried()))
			}
			if (got.error == "") != (c.want == pbx.MailSent) || got.sent.Equal(start) != (c.want == pbx.MailSent) {
				t.Errorf("%s: error %q, sent %v", what, got.error, got.sent)
			}
			if c.want == pbx.MailQueued && !got.Due.Equal(start.Add(time.Minute)) {
				t.Errorf("%s: due %v after the first attempt", what, got.Due.Sub(start))
			}
		})
	}
}

// A code overtakes invitations that are due. One that is not due yet holds up no letter.
func TestSourcesThatComeFirstGoFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		codes, invitations, p := &queue{}, &queue{}, &post{}
		codes.put("later", time.Minute, time.Hour)
		invitations.put("a", 0, time.Hour)
		invitations.put("b", 0, time.Hour)
		codes.put("now", 0, time.Hour)
		run(t, p, codes.next, invitations.next)
		after(time.Second)
		if want := []string{"now", "a", "b"}; !slices.Equal(p.tried(), want) {
			t.Errorf("%v, want %v", p.tried(), want)
		}
		after(time.Minute)
		if len(p.tried()) != 4 {
			t.Errorf("what was not due at first: %v", p.tried())
		}
	})
}

// Without a nudge a new letter would wait for an hour.
func TestNudge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q, p := &queue{}, &post{}
		b := run(t, p, q.next)
		after(time.Second)
		q.put("anna", 0, 72*time.Hour)
		b.Nudge()
		synctest.Wait()
		if len(p.tried()) != 1 {
			t.Error("no attempt after a nudge")
		}
		q.put("bert", 0, 72*time.Hour)
		after(outbox.Look)
		if len(p.tried()) != 2 {
			t.Error("the queue is not read again within an hour")
		}
	})
}

// A queue that cannot be read holds up no other, and is read again soon.
func TestSourceThatFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broken, good, p := &queue{fails: errors.New("disk full")}, &queue{}, &post{}
		l := broken.put("anna", 0, time.Hour)
		good.put("bert", 0, time.Hour)
		run(t, p, broken.next, good.next)
		synctest.Wait()
		if want := []string{"bert"}; !slices.Equal(p.tried(), want) {
			t.Errorf("%v, want %v", p.tried(), want)
		}
		broken.change(func() { broken.fails = nil })
		after(outbox.Rest)
		if got := l.see(); got.state != pbx.MailSent {
			t.Errorf("after the queue was mended: %+v", got)
		}
	})
}

// A text that cannot be written, because its link cannot be stored, is no attempt.
func TestTextThatFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q, p := &queue{}, &post{}
		l := q.put("anna", 0, time.Hour)
		text := l.Text
		l.Text = func(context.Context) (string, error) { return "", errors.New("disk full") }
		run(t, p, q.next)
		synctest.Wait()
		if got := l.see(); len(p.tried()) != 0 || got.state != pbx.MailQueued || got.Attempts != 0 {
			t.Errorf("%+v, %v", got, p.tried())
		}
		q.change(func() { l.Text = text })
		after(outbox.Rest)
		if got := l.see(); got.state != pbx.MailSent {
			t.Errorf("after it can be written: %+v", got)
		}
	})
}

// Without a mail server a queue stays as it is, whatever has expired.
func TestNoServer(t *testing.T) {
	q := &queue{}
	l := q.put("anna", 0, -time.Hour)
	b := New(Options{Log: slog.New(slog.DiscardHandler)})
	pause, err := b.step(t.Context(), []Source{q.next})
	if b.Sends() || pause != outbox.Look || err != nil || l.state != pbx.MailQueued {
		t.Errorf("pause %v, %v, %+v", pause, err, l)
	}
}

// An attempt that the end of the program cut off is made again by the next start.
func TestEndDuringAnAttempt(t *testing.T) {
	q := &queue{}
	l := q.put("anna", 0, time.Hour)
	log := &strings.Builder{}
	b := New(Options{Server: Server{Address: "mail.example.com:25"}, Log: slog.New(slog.NewTextHandler(log, nil))})
	ctx, cancel := context.WithCancel(t.Context())
	b.send = func(ctx context.Context, _ message) (bool, error) {
		cancel()
		return false, ctx.Err()
	}
	err := b.Run(ctx, q.next)
	if !errors.Is(err, context.Canceled) || l.state != pbx.MailQueued || l.Attempts != 0 || log.Len() > 0 {
		t.Errorf("%v, %+v, log %s", err, l, log)
	}
}
