package aritest

import (
	"cmp"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
)

// Request is one HTTP request as the server saw it.
type Request struct {
	Method string
	Path   string // below /ari, unescaped
	Raw    string // below /ari, as sent
	Query  url.Values
	Body   string
}

// Field returns a parameter of the request, from its JSON body or its query,
// as ARI itself reads them. Numbers come as JSON writes them; "" means absent.
func (r Request) Field(name string) string {
	var body map[string]json.RawMessage
	if json.Unmarshal([]byte(r.Body), &body) == nil && body[name] != nil {
		var text string
		if json.Unmarshal(body[name], &text) == nil {
			return text
		}
		return string(body[name])
	}
	return r.Query.Get(name)
}

// Answer is what a request gets. The zero value is 204 without a body.
type Answer struct {
	Status   int    // 0: 200 with a body, 204 without
	Body     string // JSON, unless a test wants something else
	Location string // where a 3xx points
	Cut      bool   // close the connection instead, as a dying Asterisk does
	Hang     bool   // never answer
}

// Failure is Asterisk's way of saying no.
func Failure(status int, message string) Answer {
	body, _ := json.Marshal(map[string]string{"message": message})
	return Answer{Status: status, Body: string(body)}
}

// route is one scripted answer.
type route struct {
	pattern string
	answer  func(Request) Answer
}

// Handle scripts the answer to requests that fit pattern, "METHOD /path" with
// "*" for any one segment: "POST /channels/*/continue". The newest one wins,
// and wins over the built-in answers. Answer runs in the server's goroutines.
func (s *Server) Handle(pattern string, answer func(Request) Answer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.routes = append(s.routes, route{pattern, answer})
}

// SetChannels sets what GET /channels and GET /channels/{id} show.
func (s *Server) SetChannels(channels ...Channel) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.channels = channels
}

// Variable returns what was last written to a channel's variable.
func (s *Server) Variable(channel, name string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.variables[channel+" "+name]
}

// SetVariable presets what a read of a channel's variable gives.
func (s *Server) SetVariable(channel, name, value string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.variables[channel+" "+name] = value
}

// serve is the whole server: record, check the credentials, answer.
func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	req := Request{
		Method: r.Method,
		Path:   strings.TrimPrefix(r.URL.Path, "/ari"),
		Raw:    strings.TrimPrefix(r.URL.EscapedPath(), "/ari"),
		Query:  r.URL.Query(),
		Body:   string(body),
	}
	name, secret, _ := r.BasicAuth()
	if name != Username || secret != Password {
		s.write(w, r, Failure(http.StatusUnauthorized, "Authentication required"))
		return
	}
	if req.Path == "/events" && r.Header.Get("Upgrade") != "" {
		s.upgrade(w, r, req)
		return
	}
	s.write(w, r, s.answer(req))
}

// answer records the request and finds its answer.
func (s *Server) answer(req Request) Answer {
	s.mu.Lock()
	s.requests = append(s.requests, req)
	s.notify()
	var scripted func(Request) Answer
	for _, r := range s.routes {
		if req.fits(r.pattern) {
			scripted = r.answer
		}
	}
	s.mu.Unlock()
	if scripted != nil {
		return scripted(req)
	}
	return s.builtIn(req)
}

// write sends an answer, or does what a broken server would.
func (s *Server) write(w http.ResponseWriter, r *http.Request, a Answer) {
	if a.Location != "" {
		w.Header().Set("Location", a.Location)
	}
	switch {
	case a.Hang:
		select {
		case <-s.done:
		case <-r.Context().Done():
		}
		panic(http.ErrAbortHandler)
	case a.Cut:
		panic(http.ErrAbortHandler)
	case a.Body == "":
		w.WriteHeader(cmp.Or(a.Status, http.StatusNoContent))
	default:
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(cmp.Or(a.Status, http.StatusOK))
		_, _ = io.WriteString(w, a.Body)
	}
}

// countConnection follows what the client opens and closes.
func (s *Server) countConnection(c net.Conn, state http.ConnState) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch state {
	case http.StateNew:
		s.connections++
		s.open[c] = true
	case http.StateHijacked, http.StateClosed:
		delete(s.open, c)
	}
	s.notify()
}

// Segment returns the nth segment of the path, from 0, unescaped: 1 is the
// channel of /channels/{id}/continue.
func (r Request) Segment(n int) string {
	return r.segments()[n]
}

// segments splits before unescaping, as Asterisk does: an id may hold a slash.
func (r Request) segments() []string {
	parts := strings.Split(strings.TrimPrefix(r.Raw, "/"), "/")
	for i, p := range parts {
		if plain, err := url.PathUnescape(p); err == nil {
			parts[i] = plain
		}
	}
	return parts
}

// fits reports whether r matches "METHOD /a/*/b".
func (r Request) fits(pattern string) bool {
	method, path, _ := strings.Cut(pattern, " ")
	want, got := strings.Split(strings.TrimPrefix(path, "/"), "/"), r.segments()
	if method != r.Method || len(want) != len(got) {
		return false
	}
	for i := range want {
		if want[i] != "*" && want[i] != got[i] {
			return false
		}
	}
	return true
}
