package api

import (
	"bufio"
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// stream opens the event stream; events come as "type data" until it ends.
func (l *lab) stream() (events <-chan string, leave func()) {
	l.t.Helper()
	return l.streamFrom("", "")
}

// streamFrom opens it with a query and a Last-Event-ID. Each id comes as "id N" before its event.
func (l *lab) streamFrom(query, last string) (events <-chan string, leave func()) {
	l.t.Helper()
	ctx, cancel := context.WithCancel(l.t.Context())
	req, err := http.NewRequestWithContext(ctx, "GET", l.url+"/v1/events"+query, nil)
	if err != nil {
		l.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+l.token)
	if last != "" {
		req.Header.Set("Last-Event-ID", last)
	}
	res, err := noRedirect.Do(req)
	if err != nil {
		l.t.Fatal(err)
	}
	if res.StatusCode != 200 || res.Header.Get("Content-Type") != "text/event-stream" {
		l.t.Fatalf("answer %d %s", res.StatusCode, res.Header.Get("Content-Type"))
	}
	lines := bufio.NewScanner(res.Body)
	lines.Scan() // ": connected", so nothing that follows is missed
	out := make(chan string, 10_000)
	go func() {
		defer close(out)
		defer res.Body.Close()
		kind := ""
		for lines.Scan() {
			if id, ok := strings.CutPrefix(lines.Text(), "id: "); ok {
				out <- "id " + id
			}
			if name, ok := strings.CutPrefix(lines.Text(), "event: "); ok {
				kind = name
			}
			if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
				out <- kind + " " + data
			}
		}
	}()
	l.t.Cleanup(cancel)
	return out, cancel
}

// await reads events until one begins so.
func (l *lab) await(events <-chan string, prefix string) string {
	l.t.Helper()
	end := time.NewTimer(10 * time.Second)
	defer end.Stop()
	for {
		select {
		case e, ok := <-events:
			if !ok {
				l.t.Fatalf("the stream ended before %s", prefix)
			}
			if strings.HasPrefix(e, prefix) {
				return e
			}
		case <-end.C:
			l.t.Fatalf("no %s within ten seconds", prefix)
		}
	}
}

func TestEventStream(t *testing.T) {
	// The deadline for reading a request must not end the answer to it.
	l := newLab(t, func(s *http.Server) { s.ReadTimeout = 100 * time.Millisecond })
	endpoint := l.applied("devices/a", `{}`).text("endpoint")
	began := time.Now()
	events, leave := l.stream()
	l.asterisk.Send("ContactStatus", "AOR", endpoint, "EndpointName", endpoint, "URI", "sip:x@192.0.2.7:5062", "ContactStatus", "Reachable", "RoundtripUsec", "2000")
	if e := l.await(events, "status "); !strings.Contains(e, `"status":"OK"`) || !strings.Contains(e, `"address":"192.0.2.7:5062"`) || !strings.Contains(e, endpoint) {
		t.Errorf("event %s", e)
	}
	l.must(201, "PUT", "extensions/101", `{"name":"Anna"}`)
	if e := l.await(events, "apply "); !strings.Contains(e, `"applied":`) {
		t.Errorf("event %s", e)
	}
	l.ctl.Fleet.Record(pbx.PhoneFetch{MAC: "001565aabbcc", File: "y.cfg", Status: 200, At: time.Now()})
	if e := l.await(events, "fetch "); e != `fetch {"mac":"00:15:65:aa:bb:cc","file":"y.cfg","status":200}` {
		t.Errorf("event %s", e)
	}
	l.until("beyond the deadline for reading", func() bool { return time.Since(began) > 150*time.Millisecond })
	l.ctl.Fleet.Record(pbx.PhoneFetch{MAC: "001565aabbcc", File: "z.cfg", Status: 200, At: time.Now()})
	if e := l.await(events, "fetch "); !strings.Contains(e, "z.cfg") {
		t.Errorf("after the deadline for reading: event %s", e)
	}
	leave()
	l.until("for the end of the stream", func() bool {
		_, open := <-events
		return !open
	})
}

// A held answer outlives the deadline for reading its request.
func TestWaitOutlivesTheReadDeadline(t *testing.T) {
	l := newLab(t, func(s *http.Server) { s.ReadTimeout = 100 * time.Millisecond })
	l.applied("extensions/101", `{"name":"Anna"}`)
	l.asterisk.Away()
	l.until("for the loss", func() bool { up, _ := l.ctl.Connected(); return !up })
	began := time.Now()
	l.must(200, "DELETE", "extensions/101", "", "Prefer: wait=1")
	if took := time.Since(began); took < 900*time.Millisecond {
		t.Errorf("it waited for %s, not for a second", took)
	}
}

// A client that does not read gets resync as the last event, not silence.
func TestSlowClientIsToldToResync(t *testing.T) {
	l := newLab(t)
	endpoint := l.applied("devices/a", `{}`).text("endpoint")
	sub := l.ctl.Events.Subscribe("") // the same queue, which nobody empties
	defer sub.Close()
	for i := range 1500 {
		state := []string{"Reachable", "Unreachable"}[i%2]
		l.asterisk.Send("ContactStatus", "AOR", endpoint, "EndpointName", endpoint, "URI", "sip:x@192.0.2.7:5062", "ContactStatus", state)
	}
	last := ""
	l.until("for the queue to overflow", func() bool {
		return len(sub.Events()) == cap(sub.Events())
	})
	for e := range sub.Events() {
		last = string(e.Type)
	}
	if last != "resync" {
		t.Errorf("the last event is %s", last)
	}
}
