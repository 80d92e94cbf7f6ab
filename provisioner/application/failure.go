package application

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

const (
	// mostErrors is how many errors are kept of an application; the oldest goes first.
	mostErrors = 50
	// mostStates bounds the applications of which errors are kept. Beyond it those of one are forgotten.
	mostStates = 2000
	// mostKept is how much of an answer is kept with an error, in bytes.
	mostKept = 1024
)

// Failure is one request to an application that led to no verbs.
type Failure struct {
	At      time.Time
	Took    time.Duration
	Call    string
	Request []byte // JSON, with a * for each key that the caller has pressed
	Status  int    // of the answer; 0 without one
	Answer  string // its first bytes
	Error   string
}

// begin takes a place for a request, unless there are too many or the application rests.
func (a *Asker) begin(t target, now time.Time) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	s := a.states[t]
	if s == nil {
		a.makeRoom()
		s = &state{}
		a.states[t] = s
	}
	switch {
	case now.Before(s.rests):
		return fmt.Errorf("it is not asked before %s, because it failed %d times in a row",
			s.rests.UTC().Format(time.RFC3339), failuresInARow)
	case a.now >= atOnce || s.now >= atOnceEach:
		return fmt.Errorf("too many calls ask applications at this moment")
	}
	a.now++
	s.now++
	return nil
}

// makeRoom forgets an application that is not being asked. The lock is held.
func (a *Asker) makeRoom() {
	if len(a.states) < mostStates {
		return
	}
	for t, s := range a.states {
		if s.now == 0 {
			delete(a.states, t)
			return
		}
	}
}

// end gives the place back, and notes what went wrong.
func (a *Asker) end(t target, about pbx.Asked, got answer, err error, began time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	s := a.states[t]
	a.now--
	s.now--
	if err == nil {
		s.failed = 0
		return
	}
	if s.failed++; s.failed >= failuresInARow {
		s.failed, s.rests = 0, time.Now().Add(restFor)
	}
	if len(s.errors) == mostErrors {
		s.errors = s.errors[1:]
	}
	s.errors = append(s.errors, Failure{At: began, Took: time.Since(began), Call: about.Call, Request: masked(about),
		Status: got.status, Answer: pbx.PlainText(string(got.text), mostKept), Error: pbx.PlainText(err.Error(), mostKept)})
}

// masked is a request as people read it later: keys may be a PIN.
func masked(about pbx.Asked) []byte {
	if about.Last != nil {
		last := *about.Last
		last.Digits = strings.Repeat("*", len(last.Digits))
		about.Last = &last
	}
	text, _ := json.Marshal(about) // strings and numbers alone
	return text
}

// Failures returns the errors of an application, newest first.
func (a *Asker) Failures(tenant, name string) []Failure {
	a.mu.Lock()
	defer a.mu.Unlock()
	s := a.states[target{tenant, name}]
	if s == nil {
		return nil
	}
	out := make([]Failure, 0, len(s.errors))
	for i := len(s.errors) - 1; i >= 0; i-- {
		out = append(out, s.errors[i])
	}
	return out
}

// Rests returns until when an application is not asked; zero when it is.
func (a *Asker) Rests(tenant, name string) time.Time {
	a.mu.Lock()
	defer a.mu.Unlock()
	if s := a.states[target{tenant, name}]; s != nil && time.Now().Before(s.rests) {
		return s.rests
	}
	return time.Time{}
}

// Forget forgets the errors of an application, which has changed.
func (a *Asker) Forget(tenant, name string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if s := a.states[target{tenant, name}]; s != nil {
		s.failed, s.rests, s.errors = 0, time.Time{}, nil
	}
}
