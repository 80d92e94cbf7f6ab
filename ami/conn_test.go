package ami

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dialtone-pbx/dialtone/ami/amitest"
)

// 40 rounds of 50 actions at once, answered out of order and between events: everyone gets the answer that is his,
// and every event arrives, in order.
func TestAnswersOutOfOrder(t *testing.T) {
	const goroutines, each = 50, 40
	server := amitest.NewServer(t)
	var mu sync.Mutex
	var held []func()
	sent := 0
	server.Handle("Getvar", func(c *amitest.Conn, a amitest.Action) {
		mu.Lock()
		defer mu.Unlock()
		held = append(held, func() { c.Reply(a, "Value", "value of "+a.Get("Variable")) })
		if len(held) < 10 { // a round is a multiple of it, so no one waits for ever
			return
		}
		rand.Shuffle(len(held), func(i, j int) { held[i], held[j] = held[j], held[i] })
		for _, reply := range held {
			reply()
			c.Write(amitest.Event("ContactStatus", "AOR", fmt.Sprint(sent)))
			sent++
		}
		held = nil
	})
	events := make(chan Event, goroutines*each+1) // and FullyBooted
	s := dialServer(t, server, events)
	for i := range each {
		var wg sync.WaitGroup
		for g := range goroutines {
			wg.Go(func() {
				name := fmt.Sprintf("%d-%d", g, i)
				if got, err := s.Getvar(testContext(t), name); err != nil || got != "value of "+name {
					t.Errorf("%s: got %q, %v", name, got, err)
				}
			})
		}
		wg.Wait()
	}
	receive(t, events, "FullyBooted")
	for i := range goroutines * each {
		if e := receive(t, events, "event"); e.Get("AOR") != fmt.Sprint(i) {
			t.Fatalf("event %d is %v", i, e.Fields())
		}
	}
}

// An action that runs into its deadline takes nobody with it, and its late answer is given to nobody.
func TestTimeoutOfOneAction(t *testing.T) {
	server := amitest.NewServer(t)
	var late amitest.Action
	server.Handle("Getvar", func(c *amitest.Conn, a amitest.Action) {
		if a.Get("Variable") == "late" {
			late = a
			return
		}
		c.Write(amitest.Text("Event", "DeviceStateChange", "ActionID", late.Get("ActionID")))
		c.Reply(late, "Value", "too late")
		c.Reply(a, "Value", "in time")
	})
	events := make(chan Event, 10)
	s := dialServer(t, server, events)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := s.Getvar(ctx, "late"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("late: %v", err)
	}
	if got, err := s.Getvar(testContext(t), "other"); got != "in time" || err != nil {
		t.Errorf("other: %q, %v", got, err)
	}
	if receive(t, events, "FullyBooted"); len(events) != 0 {
		t.Errorf("the late answer came as an event: %v", (<-events).Fields())
	}
	if n := len(s.conn.pending); n != 0 {
		t.Errorf("%d actions left behind", n)
	}
}

// A connection cut in the middle of a frame ends every action with an error, and half a frame is nobody's event.
func TestCutInsideFrame(t *testing.T) {
	server := amitest.NewServer(t)
	server.Handle("Getvar", func(c *amitest.Conn, a amitest.Action) {
		second := amitest.Event("ContactStatus", "AOR", "2")
		c.Write(amitest.Event("ContactStatus", "AOR", "1") + second[:len(second)-2])
		c.Close()
	})
	events := make(chan Event, 10)
	s := dialServer(t, server, events)
	if _, err := s.Getvar(testContext(t), "x"); !errors.Is(err, ErrClosed) || !errors.Is(err, io.EOF) {
		t.Errorf("got %v, want the end of the connection", err)
	}
	receive(t, s.Done(), "the end")
	receive(t, events, "FullyBooted")
	if e := receive(t, events, "event"); e.Get("AOR") != "1" || len(events) != 0 {
		t.Errorf("got %v and %d more", e.Fields(), len(events))
	}
	if err := s.Ping(testContext(t)); !errors.Is(err, ErrClosed) {
		t.Errorf("ping after the end: %v", err)
	}
}

func TestCloseTwice(t *testing.T) {
	s := dialServer(t, amitest.NewServer(t), nil)
	if err := s.Err(); err != nil {
		t.Errorf("before: %v", err)
	}
	s.Close()
	s.Close()
	if err := s.Err(); !errors.Is(err, ErrClosed) {
		t.Errorf("after: %v", err)
	}
}

// Frames in pieces of one to five bytes.
func TestSmallWrites(t *testing.T) {
	server := amitest.NewServer(t)
	server.Handle("PJSIPShowContacts", func(c *amitest.Conn, a amitest.Action) {
		id := a.Get("ActionID")
		text := amitest.Text("Response", "Success", "ActionID", id, "EventList", "start")
		for i := range 50 {
			text += amitest.Text("Event", "ContactList", "ActionID", id, "ObjectName", fmt.Sprintf("%d;@ff", i)) +
				amitest.Event("ContactStatus", "AOR", fmt.Sprint(i))
		}
		text += amitest.Text("Event", "ContactListComplete", "ActionID", id, "EventList", "Complete")
		for text != "" {
			n := min(len(text), 1+rand.IntN(5))
			c.Write(text[:n])
			text = text[n:]
		}
	})
	events := make(chan Event, 51)
	s := dialServer(t, server, events)
	contacts, err := s.PJSIPContacts(testContext(t))
	if err != nil || len(contacts) != 50 || contacts[49].AOR != "49" || len(events) != 51 {
		t.Errorf("%d contacts, %d events, %v", len(contacts), len(events), err)
	}
}

// A list is read in linear time: ten times as many objects take ten times the memory on their
// way, not a hundred times. goami's own socket took seconds for 10,000 (LIBRARIES.md). The time
// itself says nothing on a machine that has no processor to spare.
func TestLongList(t *testing.T) {
	short, long := listMemory(t, 1000), listMemory(t, 10_000)
	if long > 30*short {
		t.Errorf("reading 1000 contacts took %d kB, reading 10,000 took %d kB", short>>10, long>>10)
	}
}

// listMemory returns how many bytes were allocated while a list of contacts was read.
func listMemory(t *testing.T, n int) uint64 {
	t.Helper()
	server := amitest.NewServer(t)
	items := make([][]string, n)
	for i := range items {
		items[i] = []string{"ObjectName", fmt.Sprintf("%d;@ff", i), "Uri", "sip:1@10.0.0.1",
			"UserAgent", strings.Repeat("x", 300)}
	}
	server.Handle("PJSIPShowContacts", func(c *amitest.Conn, a amitest.Action) {
		c.ReplyList(a, "ContactList", "ContactListComplete", items...)
	})
	s := dialServer(t, server, nil)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	contacts, err := s.PJSIPContacts(t.Context())
	runtime.ReadMemStats(&after)
	if err != nil || len(contacts) != n || contacts[n-1].AOR != fmt.Sprint(n-1) {
		t.Fatalf("%d contacts, %v", len(contacts), err)
	}
	return after.TotalAlloc - before.TotalAlloc
}

func TestForeignBanner(t *testing.T) {
	for banner, want := range map[string]error{"SSH-2.0-OpenSSH\r\n": ErrBadAnswer, "": io.EOF, strings.Repeat("x", 70_000): nil} {
		_, err := dialConn(testContext(t), bannerPipe(banner), "pipe")
		if err == nil || want != nil && !errors.Is(err, want) {
			t.Errorf("%.20q: %v", banner, err)
		}
	}
}
