package api

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/dialtone-pbx/dialtone/provisioner/event"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// nextID reads events until one begins so, and returns its id.
func (l *lab) nextID(events <-chan string, prefix string) string {
	l.t.Helper()
	for {
		id, has := strings.CutPrefix(l.await(events, ""), "id ")
		if !has {
			l.t.Fatalf("an event without an id before %s", prefix)
		}
		if e := l.await(events, ""); strings.HasPrefix(e, prefix) {
			return id
		}
	}
}

// fetched is an event of a phone, whose file is its number.
func (l *lab) fetched(tenant string, n int) {
	l.ctl.Events.Publish(tenant, event.Fetch{MAC: pbx.MAC("001565aabbcc"), File: fmt.Sprint(n), Status: 200})
}

// A client that was away misses nothing: neither of many events, nor of those that come while it
// reads, and gets none twice.
func TestClientThatWasAway(t *testing.T) {
	l := newLab(t)
	events, leave := l.stream()
	l.fetched("default", 0)
	known := l.nextID(events, "fetch ")
	leave()
	const away, during = 3*replayPage + 7, 500
	for n := 1; n <= away; n++ {
		l.fetched("default", n)
	}
	for name, from := range map[string][2]string{
		"by header": {"", known}, "by query": {"?after=" + known, ""}, "the header wins": {"?after=0", known},
		"of its tenant": {"?tenant=default&after=" + known, ""},
	} {
		t.Run(name, func(t *testing.T) {
			first := away
			go func() {
				for n := away + 1; n <= away+during; n++ {
					l.fetched("default", n)
				}
			}()
			events, leave := l.streamFrom(from[0], from[1])
			defer leave()
			last := known
			for n := 1; n <= first; n++ {
				id := l.nextID(events, fmt.Sprintf(`fetch {"mac":"00:15:65:aa:bb:cc","file":"%d",`, n))
				if a, b := number(t, last), number(t, id); b <= a {
					t.Fatalf("event %d after %d", b, a)
				}
				last = id
			}
			for seen := 0; seen < during; seen++ { // of this turn or an earlier one, each id once
				id := l.nextID(events, "fetch ")
				if a, b := number(t, last), number(t, id); b <= a {
					t.Fatalf("event %d after %d", b, a)
				}
				last = id
			}
		})
	}
}

func number(t *testing.T, id string) uint64 {
	t.Helper()
	n, err := strconv.ParseUint(id, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// What is not kept is told by an event, and the stream goes on.
func TestGap(t *testing.T) {
	l := newLab(t)
	events, leave := l.stream()
	l.fetched("default", 1)
	first := l.nextID(events, "fetch ")
	l.fetched("default", 2)
	second := l.nextID(events, "fetch ")
	leave()
	if _, err := l.ctl.EventLog.After(t.Context(), "", 0, 1); err != nil { // stores them
		t.Fatal(err)
	}
	if _, err := l.db.ForgetEvents(t.Context(), time.Now().Add(time.Hour), 1, 1); err != nil {
		t.Fatal(err)
	}
	for after, want := range map[string]string{
		first:              fmt.Sprintf(`gap {"after":%s,"until":%s}`, first, second),
		"9007199254740991": fmt.Sprintf(`gap {"after":9007199254740991,"until":%s}`, second), // was never given
	} {
		events, leave := l.streamFrom("?tenant=default", after)
		if id, e := l.await(events, "id "), l.await(events, ""); !strings.HasPrefix(e, want[:20]) {
			t.Errorf("after %s: %s %s, want %s", after, id, e, want)
		}
		l.fetched("default", 3)
		if e := l.await(events, "fetch "); !strings.Contains(e, `"file":"3"`) {
			t.Errorf("after the gap: %s", e)
		}
		leave()
	}
	events, leave = l.streamFrom("?tenant=default", second)
	defer leave()
	if e := l.await(events, ""); !strings.HasPrefix(e, "id ") {
		t.Error(e)
	}
	if e := l.await(events, ""); !strings.HasPrefix(e, "fetch ") {
		t.Errorf("a client that knows all that was forgotten is told of %s", e)
	}
}

// A cursor leads to no other tenant's events, and no other stream's.
func TestCursorStaysInItsTenant(t *testing.T) {
	l := newLab(t)
	l.must(201, "PUT", "/v1/tenants/shop", `{"timezone":"UTC"}`)
	l.fetched("shop", 1)
	l.fetched("", 2)
	l.fetched("default", 3)
	events, leave := l.streamFrom("?tenant=default&after=0", "")
	defer leave()
	if e := l.await(events, "fetch "); !strings.Contains(e, `"file":"3"`) {
		t.Errorf("the first event is %s", e)
	}
	for _, bad := range []string{"x", "-1", "1.5", "18446744073709551616"} {
		l.must(422, "GET", "/v1/events?after="+bad, "")
		l.must(422, "GET", "/v1/events", "", "Last-Event-ID: "+bad)
	}
}
