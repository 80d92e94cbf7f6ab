package main

import (
	"bufio"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dialtone-pbx/dialtone/cmd/phonesim/phone"
	"github.com/dialtone-pbx/dialtone/cmd/sandbox/box"
)

// event is one event of /v1/events.
type streamEvent struct{ Type, Data string }

// stream follows /v1/events.
type stream struct {
	mu     sync.Mutex
	events []streamEvent
}

// follow starts to read the stream and returns when it is connected.
func (l *lab) follow(t *testing.T) *stream {
	t.Helper()
	token, err := l.Token()
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), "GET", l.API+"/v1/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if kind := resp.Header.Get("Content-Type"); resp.StatusCode != 200 || kind != "text/event-stream" {
		t.Fatalf("the stream answers %d %s", resp.StatusCode, kind)
	}
	lines := bufio.NewScanner(resp.Body)
	if !lines.Scan() || lines.Text() != ": connected" {
		t.Fatalf("the stream begins with %q", lines.Text())
	}
	s := &stream{}
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.read(lines)
	}()
	t.Cleanup(func() {
		resp.Body.Close()
		<-done
	})
	return s
}

func (s *stream) read(lines *bufio.Scanner) {
	var e streamEvent
	for lines.Scan() {
		name, value, _ := strings.Cut(lines.Text(), ": ")
		switch name {
		case "event":
			e.Type = value
		case "data":
			e.Data = value
		case "":
			if e.Type != "" {
				s.mu.Lock()
				s.events = append(s.events, e)
				s.mu.Unlock()
			}
			e = streamEvent{}
		}
	}
}

// of returns the data of all events of one type so far.
func (s *stream) of(kind string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []string
	for _, e := range s.events {
		if e.Type == kind {
			out = append(out, e.Data)
		}
	}
	return out
}

// words is the sequence of "status/call" words that the stream said of an
// endpoint.
func (s *stream) words(t *testing.T, endpoint string) []string {
	t.Helper()
	var out []string
	for _, data := range s.of("status") {
		var e struct{ Endpoint, Status, Call string }
		if err := json.Unmarshal([]byte(data), &e); err != nil {
			t.Fatal(err)
		}
		if word := e.Status + "/" + e.Call; e.Endpoint == endpoint && (len(out) == 0 || out[len(out)-1] != word) {
			out = append(out, word)
		}
	}
	return out
}

// inOrder reports whether want occurs in got in this order, others between.
func inOrder(got []string, want ...string) bool {
	for _, g := range got {
		if len(want) > 0 && g == want[0] {
			want = want[1:]
		}
	}
	return len(want) == 0
}

// TestStatusRealAsterisk walks through the words of status with a phone that
// does what phones do.
func TestStatusRealAsterisk(t *testing.T) {
	t.Parallel()
	l := openLab(t, box.Asterisk22)
	events := l.follow(t)
	l.extension(t, "101", "", nil)
	l.extension(t, "102", "", nil)
	desk := l.device(t, "desk", "101", object{"qualify_seconds": 2})
	lost := l.device(t, "lost", "", object{"qualify_seconds": 2})
	quiet := l.device(t, "quiet", "102", object{"qualify_seconds": 0})
	lost.Expires = 60 // the least that Asterisk grants
	l.applied(t)
	if s := l.status(t, "desk"); s.Status != "" || s.IP != "" || s.Stale {
		t.Errorf("a device that never registered is %+v", s)
	}

	gone := l.register(t, lost, phone.Options{})
	l.waitStatus(t, "lost", 5*time.Second, "OK", isOK)
	gone.PowerOff()
	vanished := time.Now()

	p := l.register(t, desk, phone.Options{})
	l.checkOK(t, p)
	q := l.register(t, quiet, phone.Options{Model: "VVX450"})
	s := l.waitStatus(t, "quiet", 5*time.Second, "UNMONITORED", func(s status) bool { return s.Status == "UNMONITORED" && s.UserAgent != "" })
	if s.IP != "127.0.0.1" || s.Port == 0 || s.RTT != 0 {
		t.Errorf("an unmonitored phone is %+v", s)
	}
	l.checkCallStates(t, p, q)
	if got := events.words(t, desk.UserName); !inOrder(got, "OK/idle", "OK/in-call", "OK/idle") {
		t.Errorf("the stream said of the caller %q", got)
	}
	if got := events.words(t, quiet.UserName); !inOrder(got, "UNMONITORED/idle", "UNMONITORED/ringing", "UNMONITORED/in-call", "UNMONITORED/idle") {
		t.Errorf("the stream said of the callee %q", got)
	}

	if err := p.Unregister(within(t, 10*time.Second)); err != nil {
		t.Fatal(err)
	}
	l.waitStatus(t, "desk", 5*time.Second, "blank", func(s status) bool { return s.Status == "" && s.IP == "" && s.Port == 0 && s.RTT == 0 })

	l.waitStatus(t, "lost", time.Until(vanished.Add(15*time.Second)), "UNREACHABLE", func(s status) bool { return s.Status == "UNREACHABLE" && s.IP != "" })
	l.waitStatus(t, "lost", time.Until(vanished.Add(100*time.Second)), "UNKNOWN", func(s status) bool { return s.Status == "UNKNOWN" })
	t.Logf("given up %v after it vanished", time.Since(vanished))
	if got := events.words(t, lost.UserName); !inOrder(got, "OK/idle", "UNREACHABLE/idle", "UNKNOWN/idle") {
		t.Errorf("the stream said of the lost phone %q", got)
	}
	back := l.register(t, lost, phone.Options{})
	l.waitStatus(t, "lost", 5*time.Second, "OK", isOK)
	back.PowerOff()
}

// checkOK compares what is shown of a registered phone with the phone.
func (l *lab) checkOK(t *testing.T, p *phone.Phone) {
	t.Helper()
	s := l.waitStatus(t, "desk", 5*time.Second, "OK with round trip and user agent", func(s status) bool {
		return isOK(s) && s.RTT > 0 && s.UserAgent != ""
	})
	at, err := p.Listen()
	if err != nil {
		t.Fatal(err)
	}
	if _, port, _ := strings.Cut(at, ":"); s.IP != "127.0.0.1" || port != jsonOf(t, s.Port) {
		t.Errorf("the phone is at %s, the status says %s:%d", at, s.IP, s.Port)
	}
	if !strings.HasPrefix(s.UserAgent, "Yealink SIP-T46U") || s.Call != "idle" || s.Age > 10 {
		t.Errorf("a registered phone is %+v", s)
	}
	if end, err := time.Parse(time.RFC3339, s.Expires); err != nil || time.Until(end) < 50*time.Minute {
		t.Errorf("its registration ends %s", s.Expires)
	}
}

func jsonOf(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// checkCallStates sees ringing, in-call and idle over the API.
func (l *lab) checkCallStates(t *testing.T, from, to *phone.Phone) {
	t.Helper()
	is := func(device, word string) {
		t.Helper()
		l.waitStatus(t, device, 5*time.Second, word, func(s status) bool { return s.Call == word })
	}
	out := dial(t, from, "102")
	in := rings(t, out, to)
	is("quiet", "ringing")
	is("desk", "in-call")
	answer(t, out, in)
	is("quiet", "in-call")
	var e struct{ Devices []status }
	l.do(t, "GET", tenant+"/extensions/102", nil, &e)
	if len(e.Devices) != 1 || e.Devices[0].Call != "in-call" {
		t.Errorf("extension 102 shows %+v", e.Devices)
	}
	hangUp(t, out, in)
	is("quiet", "idle")
	is("desk", "idle")
}
