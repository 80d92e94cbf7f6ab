package callflow

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/dialtone-pbx/dialtone/ari/aritest"
)

// More calls at once than there are places: those that have one are decided, request
// after request; the others go to the fallback after half of their time, and
// nobody is hung up for want of a place.
func TestMoreThanPlaces(t *testing.T) {
	const calls = 200
	r := newRig(t, func(o *Options) { o.Deadline = 4 * time.Second }).run()
	release := r.holds("POST /channels/*/variable")
	for i := range calls {
		r.enters(caller(fmt.Sprint(i), "101"), "call", "acme")
	}
	got := map[Verdict]int{}
	for range calls - decidersAtOnce {
		got[r.verdict()]++
	}
	release()
	for range decidersAtOnce {
		got[r.verdict()]++
	}
	if got[FellBack] != calls-decidersAtOnce || got[Decided] != decidersAtOnce {
		t.Errorf("verdicts %v", got)
	}
	asked := 0
	for _, line := range r.trace() {
		if strings.Contains(line, "/variable") {
			asked++
		}
	}
	if asked != decidersAtOnce {
		t.Errorf("%d calls were begun to be decided, there are %d places", asked, decidersAtOnce)
	}
}

// The end of Run ends the wait for a place.
func TestEndWithoutPlaces(t *testing.T) {
	const calls = 200
	r := newRig(t, func(o *Options) { o.Deadline = 500 * time.Millisecond })
	r.answers("POST /channels/*/variable", hangs)
	r.answers("POST /channels/*/continue", hangs)
	r.answers("DELETE /channels/*", hangs)
	r.run()
	for i := range calls {
		r.enters(caller(fmt.Sprint(i), "101"), "call", "acme")
	}
	r.server.WaitRequests("POST /channels/*/continue", moversAtOnce)
	start := time.Now()
	r.stop()
	if took := time.Since(start); took > 10*time.Second {
		t.Errorf("the end took %v", took)
	}
	for range calls {
		r.verdict()
	}
	if s := r.Stats(); s.Stranded != calls || s.Deciding != 0 {
		t.Errorf("%+v", s)
	}
}

// The time that an event waited before it was handled is the call's.
func TestOldEvent(t *testing.T) {
	r := newRig(t, func(o *Options) { o.Deadline = time.Second }).run()
	r.eventAt(time.Now().Add(-time.Second), aritest.StasisStart("dialtone", caller("1", "101"), "call", "acme"))
	if v := r.verdict(); v != FellBack {
		t.Errorf("verdict %s", v)
	}
}

// A caller who hangs up while his call waits for a place costs no request.
func TestGoneWhileWaiting(t *testing.T) {
	r := newRig(t, func(o *Options) { o.Deadline = 4 * time.Second }).run()
	release := r.holds("POST /channels/*/variable")
	for i := range decidersAtOnce + 1 {
		r.enters(caller(fmt.Sprint(i), "101"), "call", "acme")
		if i < decidersAtOnce {
			r.server.WaitRequests("POST /channels/*/variable", i+1)
		}
	}
	last := caller(fmt.Sprint(decidersAtOnce), "101")
	r.event(aritest.StasisEnd("dialtone", last))
	if v := r.verdict(); v != Gone {
		t.Errorf("verdict %s", v)
	}
	release()
	for range decidersAtOnce {
		r.verdict()
	}
	for _, line := range r.trace() {
		if strings.Contains(line, " "+last.ID+"/") {
			t.Errorf("after the caller had hung up: %s", line)
		}
	}
}
