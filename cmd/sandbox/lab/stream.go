package lab

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
)

// event is one event of /v1/events.
type event struct{ Type, Data string }

// Stream follows /v1/events.
type Stream struct {
	mu     sync.Mutex
	events []event
}

// Follow starts to read the stream and returns when it is connected.
func (l *Lab) Follow(t *testing.T) *Stream {
	t.Helper()
	return l.FollowFrom(t, "")
}

// FollowFrom is Follow with a query.
func (l *Lab) FollowFrom(t *testing.T, query string) *Stream {
	t.Helper()
	token, err := l.Token()
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), "GET", l.API+"/v1/events"+query, nil)
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
	s := &Stream{}
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

func (s *Stream) read(lines *bufio.Scanner) {
	var e event
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
			e = event{}
		}
	}
}

// Of returns the data of all events of one type so far.
func (s *Stream) Of(kind string) []string {
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

// Says waits until the stream has said these "status/call" words of an endpoint in this
// order, others between. An event may come later than the answer that shows it.
func (s *Stream) Says(t *testing.T, endpoint string, words ...string) {
	t.Helper()
	Eventually(t, Patience, func() string {
		got, left := s.words(t, endpoint), words
		for _, g := range got {
			if len(left) > 0 && g == left[0] {
				left = left[1:]
			}
		}
		if len(left) > 0 {
			return fmt.Sprintf("the stream said %q of %s, want %q", got, endpoint, words)
		}
		return ""
	})
}

// Tells waits until the stream has told of each of these changes of calls, such as "ended".
func (s *Stream) Tells(t *testing.T, changes ...string) {
	t.Helper()
	Eventually(t, Patience, func() string {
		told := strings.Join(s.Of("call"), "\n")
		for _, c := range changes {
			if !strings.Contains(told, `"what":"`+c+`"`) {
				return "no event says " + c
			}
		}
		return ""
	})
}

// words is the sequence of "status/call" words that the stream said of an endpoint.
func (s *Stream) words(t *testing.T, endpoint string) []string {
	t.Helper()
	var out []string
	for _, data := range s.Of("status") {
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
