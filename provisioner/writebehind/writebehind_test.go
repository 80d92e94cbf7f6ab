package writebehind

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// store is a database of a test, and the memory that it follows.
type store struct {
	mu      sync.Mutex // guards memory and rows' marks
	memory  map[string]int
	rows    *Rows[string, map[string]int]
	log     strings.Builder
	stored  map[string]int
	batches [][]string // names in each write, refused ones too
	refuse  func(names []string) error
	during  func() // called inside of each write
	took    time.Duration
	written int
}

func newStore(o Options[string, map[string]int]) *store {
	s := &store{memory: map[string]int{}, stored: map[string]int{}, refuse: func([]string) error { return nil }, during: func() {}}
	o.What, o.Log = "numbers", slog.New(slog.NewTextHandler(&s.log, nil))
	o.Read = func(keys []string) map[string]int {
		b := map[string]int{}
		for _, k := range keys {
			b[k] = s.memory[k]
		}
		return b
	}
	o.Write = func(ctx context.Context, b map[string]int) error {
		names := slices.Sorted(maps.Keys(b))
		s.batches = append(s.batches, names)
		s.during()
		<-time.After(s.took)
		if err := errors.Join(ctx.Err(), s.refuse(names)); err != nil {
			return err
		}
		maps.Copy(s.stored, b)
		return nil
	}
	o.Written = func(b map[string]int) { s.written += len(b) }
	s.rows = New(&s.mu, o)
	return s
}

func (s *store) set(name string, to int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.memory[name] = to
	s.rows.Mark(name)
}

// run runs the rows until stop is called.
func (s *store) run(t *testing.T) (stop func()) {
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := s.rows.Run(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("it ended with %v", err)
		}
	})
	return func() { cancel(); wg.Wait() }
}

var errDown = errors.New("the disk is full")

// The database has each row within Every and at once after Nudge, the last of several
// values, and what was changed during the last write when the program ends.
func TestDatabaseFollows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStore(Options[string, map[string]int]{Every: time.Second, Batch: 2})
		stop := s.run(t)
		for i, name := range []string{"d", "c", "b", "a", "d"} {
			s.set(name, i)
		}
		<-time.After(time.Second)
		synctest.Wait()
		if fmt.Sprint(s.batches, s.stored) != "[[c d] [a b]] map[a:3 b:2 c:1 d:4]" || s.written != 4 {
			t.Errorf("written: %v, stored: %v", s.batches, s.stored)
		}
		<-time.After(time.Minute)
		synctest.Wait()
		if len(s.batches) != 2 {
			t.Errorf("without a change was written: %v", s.batches[2:])
		}
		s.set("e", 7)
		s.rows.Nudge()
		synctest.Wait()
		if s.stored["e"] != 7 {
			t.Error("a nudge writes nothing")
		}
		s.during = func() { s.set("a", 100+s.memory["a"]) }
		s.set("a", 1)
		stop()
		if s.stored["a"] != 1 || s.memory["a"] != 101 || len(s.batches) != 4 {
			t.Errorf("a row changed in each write is written without end: %v", s.batches)
		}
	})
}

// The end of the program does not break off the write that is under way, and what waits
// behind it is written.
func TestEndWritesWhatIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStore(Options[string, map[string]int]{Every: time.Second})
		s.took = 3 * time.Second
		s.during = sync.OnceFunc(func() { s.set("late", 2) })
		stop := s.run(t)
		s.set("early", 1)
		<-time.After(2 * time.Second) // inside of the write
		stop()
		if fmt.Sprint(s.stored) != "map[early:1 late:2]" || s.log.Len() > 0 {
			t.Errorf("stored: %v, log: %s", s.stored, &s.log)
		}
		s.refuse = func([]string) error { return errDown }
		s.set("lost", 1)
		stop = s.run(t)
		stop()
		if !strings.Contains(s.log.String(), "loses numbers") || !strings.Contains(s.log.String(), errDown.Error()) {
			t.Errorf("the log does not say what is lost: %s", &s.log)
		}
	})
}

// What the database refuses stays and waits longer each time, up to PauseMost; nudges
// change nothing. It is written once the database is back, as it then is.
func TestRefusedRowsWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStore(Options[string, map[string]int]{Every: time.Second})
		var tries []time.Duration
		began := time.Now()
		s.refuse = func([]string) error { tries = append(tries, time.Since(began)); return errDown }
		stop := s.run(t)
		s.set("a", 1)
		for range 210 {
			<-time.After(100 * time.Millisecond)
			s.rows.Nudge()
		}
		synctest.Wait()
		if fmt.Sprint(tries) != "[100ms 2.1s 6.1s 11.1s 16.1s]" {
			t.Errorf("it was tried after %v", tries)
		}
		s.refuse = func([]string) error { return nil }
		s.set("a", 2)
		<-time.After(PauseMost)
		synctest.Wait()
		if s.stored["a"] != 2 || s.written != 1 {
			t.Errorf("stored: %v", s.stored)
		}
		<-time.After(1500 * time.Millisecond) // the pause is the first one again
		s.set("a", 3)
		<-time.After(time.Second)
		synctest.Wait()
		if s.stored["a"] != 3 {
			t.Errorf("stored: %v", s.stored)
		}
		stop()
	})
}

// One row that the database refuses does not keep the others from it.
func TestRefusedRowsGoBehindAllOthers(t *testing.T) {
	s := newStore(Options[string, map[string]int]{Every: time.Second, Batch: 1})
	s.refuse = func(names []string) error {
		if names[0] == "bad" {
			return errDown
		}
		return nil
	}
	for i, name := range []string{"bad", "a", "b"} {
		s.set(name, i)
	}
	if err := s.rows.Flush(t.Context()); !errors.Is(err, errDown) {
		t.Errorf("the error is %v", err)
	}
	_ = s.rows.Flush(t.Context())
	s.mu.Lock()
	defer s.mu.Unlock()
	if fmt.Sprint(s.stored) != "map[a:1 b:2]" || !s.rows.Marked("bad") || s.rows.Marked("a") {
		t.Errorf("stored: %v in %v", s.stored, s.batches)
	}
}

// What only the queue has is bounded; what memory has is always taken.
func TestOfferOverflows(t *testing.T) {
	s := newStore(Options[string, map[string]int]{Every: time.Second, Most: 3})
	s.mu.Lock()
	for i := range 5 {
		s.rows.Offer(fmt.Sprint(i))
	}
	s.rows.Mark("kept")
	lost := s.rows.Lost()
	s.mu.Unlock()
	if err := s.rows.Flush(t.Context()); err != nil || lost != 2 || fmt.Sprint(s.batches) != "[[0 1 2 kept]]" {
		t.Errorf("%d are lost, written: %v, %v", lost, s.batches, err)
	}
	if strings.Count(s.log.String(), "are lost") != 1 {
		t.Errorf("the log: %s", &s.log)
	}
}

// Before may mark rows, which the same write then takes.
func TestBeforeComesFirst(t *testing.T) {
	var s *store
	s = newStore(Options[string, map[string]int]{Every: time.Second, Before: func() { s.rows.Mark("old") }})
	if err := s.rows.Flush(t.Context()); err != nil || fmt.Sprint(s.batches) != "[[old]]" {
		t.Errorf("written: %v, %v", s.batches, err)
	}
}
