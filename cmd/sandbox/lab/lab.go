// Package lab is what whole-program tests are written in: an office with a real Asterisk
// and the built controller, a carrier, and the steps that people take with simulated
// phones, each of which fails its test when it does not come about.
//
// Only tests import it, with a dot, because its words are their language: no program has
// it in. It may import cmd/sandbox/box, cmd/sandbox/office and cmd/phonesim/phone; it
// talks to the controller as people do, over HTTP and SIP.
package lab

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dialtone-pbx/dialtone/cmd/sandbox/box"
	"github.com/dialtone-pbx/dialtone/cmd/sandbox/office"
)

// Output keeps what programs print. It is safe for concurrent use.
type Output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write implements io.Writer.
func (r *Output) Write(b []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.Write(b)
}

// String is all of it so far.
func (r *Output) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.String()
}

// Lab is an office under test: a real Asterisk and the built controller.
type Lab struct {
	*office.Office
	Client *office.Client
	Log    *Output
}

// Open opens an office of its own for a test and closes it with the test; flags
// are for the controller. After the test no channel may be left and no data race
// reported.
func Open(t *testing.T, suite box.Suite, flags ...string) *Lab {
	t.Helper()
	return OpenWith(t, suite, office.Options{Serve: flags})
}

// OpenWith is Open for a controller that is started in a way of its own.
func OpenWith(t *testing.T, suite box.Suite, o office.Options) *Lab {
	t.Helper()
	if err := box.Require(t.Context(), t.Output()); err != nil {
		t.Fatal(err)
	}
	root, err := box.Prepare(t.Context(), suite, t.Output())
	if err != nil {
		t.Fatal(err)
	}
	log := &Output{}
	o.Dir, o.Binary, o.Root, o.Log, o.RTPPorts = t.TempDir(), Binary(t), root, log, 200
	writeDatabase(t, filepath.Join(o.Dir, "dialtone.db"))
	o.Serve = append(o.Serve, "--log-level=debug")
	of, err := office.Open(t.Context(), o)
	if err != nil {
		t.Fatalf("%v\n%s", err, log)
	}
	l := &Lab{Office: of, Log: log}
	t.Cleanup(func() { l.close(t) })
	if l.Client, err = office.NewClient(of.Places); err != nil {
		t.Fatal(err)
	}
	l.Decides(t, 5*time.Second)
	return l
}

// Decides waits until the controller is connected to ARI, so that it and not the
// fallback decides the next call.
func (l *Lab) Decides(t *testing.T, limit time.Duration) {
	t.Helper()
	Eventually(t, limit, func() string {
		if !strings.Contains(l.Metrics(t), "\ndialtone_ari_connected 1\n") {
			return "ARI is not connected"
		}
		return ""
	})
}

// Trouble is what no log may hold.
var Trouble = regexp.MustCompile(`(?m)^(WARNING: DATA RACE|panic: |fatal error: ).*|.*goroutine \d+ \[running\].*`)

// overload is what Asterisk says before its PJSIP distributor refuses new calls (global
// taskprocessor_overload_trigger).
var overload = regexp.MustCompile(`(?m)^.*task processor queue reached.*$`)

func (l *Lab) close(t *testing.T) {
	if l.Asterisk.PID() != 0 {
		l.NoChannels(t)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if err := l.Close(ctx); err != nil {
		t.Errorf("closing the office: %v", err)
	}
	if at := Trouble.FindStringIndex(l.Log.String()); at != nil {
		text := l.Log.String()[at[0]:]
		t.Errorf("the log shows:\n%s", text[:min(len(text), 4000)])
	}
	if t.Failed() {
		lines := slices.DeleteFunc(strings.SplitAfter(l.Log.String(), "\n"), func(line string) bool {
			return strings.Contains(line, "level=DEBUG msg=request method=GET") // our own polling
		})
		t.Logf("the end of the log:\n%s", strings.Join(lines[max(0, len(lines)-60):], ""))
		if late := overload.FindAllString(l.Log.String(), 10); late != nil {
			t.Logf("Asterisk had more to do than it could, and then refuses calls with 503:\n%s", strings.Join(late, "\n"))
		}
	}
}

// Console runs a command in Asterisk's console. It outlives the test's context,
// because the end of a test asks as well.
func (l *Lab) Console(t *testing.T, command string) string {
	t.Helper()
	out, err := l.Asterisk.CLI(context.WithoutCancel(t.Context()), command)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// NoChannels waits until Asterisk has no channel left.
func (l *Lab) NoChannels(t *testing.T) {
	t.Helper()
	left := ""
	Eventually(t, 5*time.Second, func() string {
		if out := l.Console(t, "core show channels count"); !strings.Contains(out, "0 active channels") {
			left = l.Console(t, "core show channels concise")
			return "channels are left:\n" + left
		}
		return ""
	})
}

// Eventually polls until problem returns "".
func Eventually(t *testing.T, limit time.Duration, problem func() string) {
	t.Helper()
	limit = max(limit, Patience)
	if text := WaitFor(limit, problem); text != "" {
		t.Fatalf("after %v: %s", limit, text)
	}
}

// WaitFor polls until problem returns "" and returns the last problem otherwise.
func WaitFor(limit time.Duration, problem func() string) string {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	deadline := time.NewTimer(limit)
	defer deadline.Stop()
	for {
		text := problem()
		if text == "" {
			return ""
		}
		select {
		case <-deadline.C:
			return text
		case <-tick.C:
		}
	}
}

// Tenant is the path of the tenant most tests work in.
const Tenant = "/v1/tenants/default"

// Do calls the API and fails the test when it is refused.
func (l *Lab) Do(t *testing.T, method, path string, body, out any, header ...string) {
	t.Helper()
	if err := l.Client.Do(t.Context(), method, path, body, out, header...); err != nil {
		t.Fatal(err)
	}
}

// Refused calls the API and returns the refusal, or nil when it was no such.
func (l *Lab) Refused(t *testing.T, method, path string, body any) *office.Refused {
	t.Helper()
	var r *office.Refused
	err := l.Client.Do(t.Context(), method, path, body, nil)
	if err != nil && !errors.As(err, &r) {
		t.Fatal(err)
	}
	return r
}

// Object is a JSON object.
type Object = map[string]any

// health is what /v1/health says.
type health struct {
	Status      string
	Revision    int64
	Asterisk    struct{ Connected bool }
	CallControl struct{ Connected bool } `json:"call_control"`
	Trunks      []struct{ Tenant, Trunk, Reason string }
	Apply       struct {
		Applied int64
		Failed  int64
		Error   string
	}
}

// Health asks the controller how it is.
func (l *Lab) Health(t *testing.T) health {
	t.Helper()
	var h health
	l.Do(t, "GET", "/v1/health", nil, &h)
	return h
}

// Applied waits until Asterisk runs the newest revision and calls are decided. The carriers
// of trunks need not be there.
func (l *Lab) Applied(t *testing.T) {
	t.Helper()
	Eventually(t, 30*time.Second, func() string {
		if h := l.Health(t); !h.Asterisk.Connected || !h.CallControl.Connected || h.Apply.Error != "" ||
			h.Apply.Applied < h.Revision {
			return fmt.Sprintf("not applied: %+v", h)
		}
		return ""
	})
}

// Metrics reads /metrics.
func (l *Lab) Metrics(t *testing.T) string {
	t.Helper()
	return l.Get(t, "/metrics")
}

// Get reads a page that is not JSON.
func (l *Lab) Get(t *testing.T, path string) string {
	t.Helper()
	token, err := l.Token()
	if err != nil {
		t.Fatal(err)
	}
	return GetPage(t, l.API+path, token)
}

// Decided waits until ARI has decided at least n calls and steps more than before.
// The controller counts a decision when Asterisk has acknowledged it; the phones can
// be in the call by then, and out of it again.
func (l *Lab) Decided(t *testing.T, before, n int) {
	t.Helper()
	Eventually(t, 5*time.Second, func() string {
		if more := l.Decisions(t) - before; more < n {
			return fmt.Sprintf("ARI decided only %d calls and steps, not %d: the rest went by the fallback", more, n)
		}
		return ""
	})
}

// Decisions is how many calls and steps the controller has decided by ARI since
// its start. A comparison with calls that were made just now waits with Decided.
func (l *Lab) Decisions(t *testing.T) int {
	t.Helper()
	n := 0
	for line := range strings.Lines(l.Metrics(t)) {
		if value, ok := strings.CutPrefix(line, `dialtone_call_decision_seconds_count{verdict="decided"} `); ok {
			if err := json.Unmarshal([]byte(value), &n); err != nil {
				t.Fatal(err)
			}
		}
	}
	return n
}

// Restart starts the controller again and waits until all is well.
func (l *Lab) Restart(t *testing.T) {
	t.Helper()
	if err := l.StartController(t.Context()); err != nil {
		t.Fatalf("%v\n%s", err, l.Log)
	}
	l.Decides(t, 5*time.Second)
}
