package callflow

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	ariv6 "github.com/CyCoreSystems/ari/v6"
	"github.com/google/go-cmp/cmp"

	"github.com/dialtone-pbx/dialtone/ari/aritest"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// connect runs the rig's client, so that events come over a real websocket.
func (r *rig) connect() (disconnect func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- r.client.Run(ctx) }()
	disconnect = func() {
		cancel()
		select {
		case <-done:
		case <-time.After(patience):
			r.t.Error("the client does not end")
		}
	}
	return disconnect
}

// A call from beginning to end, over the websocket, and nothing is kept of it.
func TestCallOverTheWire(t *testing.T) {
	r := newRig(t, nil).run()
	disconnect := r.connect()
	c := caller("1", "101")
	r.server.Send(aritest.StasisStart(pbx.StasisApp, c, "call", "acme"))
	r.server.Send(aritest.StasisEnd(pbx.StasisApp, c))
	r.server.Send(aritest.StasisStart(pbx.StasisApp, c, "step", "acme", "NOANSWER"))
	r.server.Send(aritest.StasisEnd(pbx.StasisApp, c))
	r.server.Send(aritest.ChannelDestroyed(pbx.StasisApp, c, 16))
	for range 2 {
		if v := r.verdict(); v != Decided {
			t.Errorf("verdict %s", v)
		}
	}
	disconnect()
	r.stop()
	want := []string{"GET /channels",
		"POST 1/variable DIALTONE_STEP=PJSIP/daaa&PJSIP/dbbb,20,i", "POST 1/continue dial-acme,101,1",
		"POST 1/variable DIALTONE_STEP=101@acme,u", "POST 1/continue dialtone-voicemail,101,1",
		"GET /channels"}
	if diff := cmp.Diff(want, r.trace()); diff != "" {
		t.Errorf("requests -want +got:\n%s", diff)
	}
	r.keepsNothing(Stats{Decided: 2})
}

// keepsNothing fails if the flow holds anything about any call.
func (r *rig) keepsNothing(want Stats) {
	r.t.Helper()
	r.waitDeciding(0)
	if diff := cmp.Diff(want, r.Stats()); diff != "" {
		r.t.Errorf("stats -want +got:\n%s", diff)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.lines) != 0 || len(r.swept) != 0 || r.settled != nil {
		r.t.Errorf("kept: %v %v %v", r.lines, r.swept, r.settled)
	}
}

// After a restart, calls that wait in our application are decided where they
// stand, others are left alone, and an event that was underway counts once.
func TestRestart(t *testing.T) {
	r := newRig(t, nil).run()
	r.inStasis(
		listed("new", "PJSIP/dccc-00000001", "101", "Stasis", "dialtone,call,acme"),
		listed("rung", "PJSIP/dccc-00000002", "101", "Stasis", "dialtone,step,acme,BUSY"),
		listed("talks", "PJSIP/dccc-00000003", "101", "Dial", "PJSIP/daaa,20,i"),
		listed("callee", "PJSIP/daaa-00000004", "", "AppDial", "(Outgoing Line)"),
		listed("foreign", "PJSIP/dccc-00000005", "101", "Stasis", "survey,call,acme"),
		listed("left", "PJSIP/dccc-00000007", "101", "NoOp", "dialtone,call,acme"),
		listed("similar", "PJSIP/dccc-00000006", "101", "Stasis", "dialtone2,call,acme"))
	if err := r.Up(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if v := r.verdict(); v != Decided {
			t.Errorf("verdict %s", v)
		}
	}
	got := r.trace()[1:]
	slices.Sort(got)
	want := []string{
		"POST new/continue dial-acme,101,1", "POST new/variable DIALTONE_STEP=PJSIP/daaa&PJSIP/dbbb,20,i",
		"POST rung/continue dialtone-voicemail,101,1", "POST rung/variable DIALTONE_STEP=101@acme,b"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("requests -want +got:\n%s", diff)
	}
	late := aritest.Channel{ID: "new", Name: "PJSIP/dccc-00000001", Exten: "101"}
	r.enters(late, "call", "acme") // the event of what the sweep found already
	r.event(aritest.StasisEnd(pbx.StasisApp, late))
	r.enters(late, "call", "acme") // the same caller comes again
	if v := r.verdict(); v != Decided {
		t.Errorf("verdict %s", v)
	}
	r.event(aritest.StasisEnd(pbx.StasisApp, aritest.Channel{ID: "rung"}))
	r.keepsNothing(Stats{Decided: 3, Recovered: 2})
}

func TestUpFailsWithoutList(t *testing.T) {
	r := newRig(t, nil)
	r.answers("GET /channels", broken)
	if err := r.Up(t.Context(), 1); err == nil || !strings.Contains(err.Error(), "listing calls") {
		t.Errorf("got %v", err)
	}
}

// One channel that Asterisk cannot tell of keeps neither ARI from connecting nor
// another caller from being decided.
func TestUpWithUnlistableChannel(t *testing.T) {
	r := newRig(t, nil).run()
	r.answers("GET /channels", broken)
	r.answers("GET /applications/"+pbx.StasisApp, aritest.Answer{Body: `{"name":"dialtone","channel_ids":["bad","gone","good"]}`})
	r.answers("GET /channels/bad", broken)
	r.answers("GET /channels/gone", gone)
	r.answers("GET /channels/good", aritest.Answer{Body: listed("good", "PJSIP/dccc-00000001", "101", "Stasis", "dialtone,call,acme")})
	if err := r.Up(t.Context(), 1); err != nil {
		t.Fatalf("one bad channel keeps ARI down: %v", err)
	}
	if v := r.verdict(); v != Decided {
		t.Errorf("verdict %s", v)
	}
}

// A list that was asked for before a call was decided still shows it waiting.
func TestSweepSkipsJustDecided(t *testing.T) {
	r := newRig(t, nil).run()
	asked, answer := make(chan struct{}), make(chan struct{})
	r.server.Handle("GET /channels", func(aritest.Request) aritest.Answer {
		select {
		case <-asked: // the list at the end of the test
			return aritest.Answer{Body: "[]"}
		default:
		}
		close(asked)
		<-answer
		return aritest.Answer{Body: "[" + listed("1", "PJSIP/dccc-0000002a", "101", "Stasis", "dialtone,call,acme") + "]"}
	})
	up := make(chan error, 1)
	go func() { up <- r.Up(context.Background(), 1) }()
	<-asked
	r.enters(caller("1", "101"), "call", "acme")
	if v := r.verdict(); v != Decided {
		t.Errorf("verdict %s", v)
	}
	r.waitDeciding(0)
	close(answer)
	if err := <-up; err != nil {
		t.Fatal(err)
	}
	r.keepsNothing(Stats{Decided: 1})
}

// A sweep, after a reconnect, leaves alone what is in decision.
func TestSweepSkipsInDecision(t *testing.T) {
	r := newRig(t, nil)
	release := r.holds("POST /channels/1/variable")
	r.inStasis(listed("1", "PJSIP/dccc-0000002a", "101", "Stasis", "dialtone,call,acme"))
	r.run()
	r.enters(caller("1", "101"), "call", "acme")
	r.server.WaitRequest("POST /channels/1/variable")
	if err := r.Up(t.Context(), 2); err != nil {
		t.Fatal(err)
	}
	release()
	r.verdict()
	r.keepsNothing(Stats{Decided: 1})
}

// Calls that came in just before the end are decided like any other.
func TestRunDecidesWhatCameBeforeItsEnd(t *testing.T) {
	r := newRig(t, nil)
	for i := range 20 {
		r.enters(caller(fmt.Sprint(i), "101"), "call", "acme")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := r.Run(ctx); err != nil {
		t.Fatal(err)
	}
	r.keepsNothing(Stats{Decided: 20})
}

// waitDeciding waits until n entries are in decision.
func (r *rig) waitDeciding(n int) {
	r.t.Helper()
	deadline, tick := time.NewTimer(patience), time.NewTicker(time.Millisecond)
	defer deadline.Stop()
	defer tick.Stop()
	for r.Stats().Deciding != n {
		select {
		case <-tick.C:
		case <-deadline.C:
			r.t.Fatalf("%d in decision, want %d", r.Stats().Deciding, n)
		}
	}
}

// A call that comes back before the answer to its continue has come waits for
// its turn, and a late failure of the first does not throw it into the fallback;
// each of the two events that tell so is enough, for one may get lost.
func TestOrderWithinChannel(t *testing.T) {
	for _, tt := range []struct {
		name       string
		end, again bool
	}{{"left and came back", true, true}, {"left", true, false}, {"came back", false, true}} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, nil)
			first := make(chan struct{})
			r.server.Handle("POST /channels/*/continue", func(q aritest.Request) aritest.Answer {
				if q.Field("context") == "dial-acme" {
					<-first
					return broken
				}
				return aritest.Answer{}
			})
			r.run()
			c := caller("1", "101")
			want := []string{"POST 1/variable DIALTONE_STEP=PJSIP/daaa&PJSIP/dbbb,20,i", "POST 1/continue dial-acme,101,1"}
			r.enters(c, "call", "acme")
			r.server.WaitRequest("POST /channels/*/continue")
			if tt.end {
				r.event(aritest.StasisEnd(pbx.StasisApp, c))
			}
			if tt.again {
				r.enters(c, "step", "acme", "BUSY")
			}
			if diff := cmp.Diff(want, r.trace()); diff != "" {
				t.Errorf("requests before the first is answered -want +got:\n%s", diff)
			}
			close(first)
			if v := r.verdict(); v != Gone {
				t.Errorf("verdict %s", v)
			}
			if tt.again {
				want = append(want, "POST 1/variable DIALTONE_STEP=101@acme,b", "POST 1/continue dialtone-voicemail,101,1")
				if v := r.verdict(); v != Decided {
					t.Errorf("second verdict %s", v)
				}
			}
			r.waitDeciding(0)
			if diff := cmp.Diff(want, r.trace()); diff != "" {
				t.Errorf("requests -want +got:\n%s", diff)
			}
		})
	}
}

// One slow call does not hold up another one.
func TestCallsAreIndependent(t *testing.T) {
	r := newRig(t, nil)
	release := r.holds("POST /channels/slow/variable")
	r.run()
	r.enters(caller("slow", "101"), "call", "acme")
	r.server.WaitRequest("POST /channels/slow/variable")
	r.enters(caller("quick", "101"), "call", "acme")
	if v := r.verdict(); v != Decided || !slices.Contains(r.trace(), "POST quick/continue dial-acme,101,1") {
		t.Errorf("verdict %s, requests %v", v, r.trace())
	}
	release()
	r.verdict()
}

// A call whose turn comes after its deadline is not decided any more.
func TestLate(t *testing.T) {
	r := newRig(t, nil).run()
	e := newEntry(&ariv6.ChannelData{ID: "1", Name: "PJSIP/dccc-0000002a", Dialplan: &ariv6.DialplanCEP{Exten: "101"}}, []string{"call", "acme"})
	e.arrived = e.arrived.Add(-2 * patience)
	r.start(e)
	if v := r.verdict(); v != FellBack {
		t.Errorf("verdict %s", v)
	}
	if diff := cmp.Diff([]string{"POST 1/continue fallback-acme,101,1"}, r.trace()); diff != "" {
		t.Errorf("requests -want +got:\n%s", diff)
	}
}

// Beyond MaxDeciding calls go to the fallback at once, and beyond twice that they
// wait in Stasis until there is room, and go there then.
func TestOverflow(t *testing.T) {
	r := newRig(t, func(o *Options) { o.MaxDeciding = 2 })
	releaseDecisions, releaseFallback := r.holds("POST /channels/*/variable"), r.holds("POST /channels/*/continue")
	r.inStasis(listed("5", "PJSIP/dccc-0000002a", "101", "Stasis", "dialtone,call,acme"))
	r.run()
	for _, id := range []string{"1", "2", "3", "4", "5"} {
		r.enters(caller(id, "101"), "call", "acme")
	}
	if s := r.Stats(); s.Deciding != 4 || s.Postponed != 1 {
		t.Errorf("stats %+v", s)
	}
	releaseFallback()
	for range 2 {
		if v := r.verdict(); v != FellBack {
			t.Errorf("verdict %s while all places are taken", v)
		}
	}
	releaseDecisions()
	got := map[Verdict]int{}
	for range 3 {
		got[r.verdict()]++
	}
	r.waitDeciding(0)
	if s := r.Stats(); got[Decided] != 2 || got[FellBack] != 1 || s.Recovered != 1 || !slices.Contains(r.trace(), "POST 5/continue fallback-acme,101,1") {
		t.Errorf("verdicts %v, stats %+v, requests %v", got, s, r.trace())
	}
}

// A call that Asterisk would not move in any way is tried again.
func TestStranded(t *testing.T) {
	r := newRig(t, nil)
	r.answers("POST /channels/*/variable", broken, aritest.Answer{})
	r.answers("POST /channels/*/continue", broken, aritest.Answer{})
	r.answers("DELETE /channels/*", broken)
	r.answers("GET /channels", broken, aritest.Answer{Body: "[" + listed("1", "PJSIP/dccc-0000002a", "101", "Stasis", "dialtone,call,acme") + "]"})
	r.run()
	r.enters(caller("1", "101"), "call", "acme")
	if a, b := r.verdict(), r.verdict(); a != Stranded || b != FellBack {
		t.Errorf("verdicts %s, %s; requests %v", a, b, r.trace())
	}
}

// A call is not cut off because Asterisk answers late: it is tried again.
func TestLateAsterisk(t *testing.T) {
	r := newRig(t, func(o *Options) { o.Deadline = 500 * time.Millisecond })
	r.answers("POST /channels/*/continue", hangs, hangs, aritest.Answer{})
	r.answers("GET /channels", aritest.Answer{Body: "[" + listed("1", "PJSIP/dccc-0000002a", "101", "Stasis", "dialtone,call,acme") + "]"})
	r.run()
	r.enters(caller("1", "101"), "call", "acme")
	if a, b := r.verdict(), r.verdict(); a != Stranded || b != FellBack {
		t.Errorf("verdicts %s, %s; requests %v", a, b, r.trace())
	}
	for _, line := range r.trace() {
		if strings.HasPrefix(line, "DELETE") {
			t.Errorf("the call was hung up: %s", line)
		}
	}
}

func TestThousandCalls(t *testing.T) {
	const calls = 1000
	r := newRig(t, nil).run()
	disconnect := r.connect()
	for i := range calls {
		r.server.Send(aritest.StasisStart(pbx.StasisApp, caller(fmt.Sprint(i), "101"), "call", "acme"))
	}
	for range calls {
		if v := r.verdict(); v != Decided {
			t.Errorf("verdict %s", v)
		}
	}
	disconnect()
	r.stop()
	r.keepsNothing(Stats{Decided: calls})
	seen := map[string]int{}
	for _, line := range r.trace() {
		seen[line]++
	}
	for i := range calls {
		set := fmt.Sprintf("POST %d/variable DIALTONE_STEP=PJSIP/daaa&PJSIP/dbbb,20,i", i)
		if dial := fmt.Sprintf("POST %d/continue dial-acme,101,1", i); seen[set] != 1 || seen[dial] != 1 {
			t.Fatalf("call %d: %d variables, %d continues", i, seen[set], seen[dial])
		}
	}
}

// When the program ends, a call in decision is still decided, and one whose
// event never came goes to the fallback.
func TestShutdown(t *testing.T) {
	r := newRig(t, nil)
	release := r.holds("POST /channels/1/variable")
	r.inStasis(listed("2", "PJSIP/dccc-0000002a", "101", "Stasis", "dialtone,step,acme,BUSY"))
	r.run()
	r.enters(caller("1", "101"), "call", "acme")
	r.server.WaitRequest("POST /channels/1/variable")
	ended := make(chan struct{})
	go func() { r.stop(); close(ended) }()
	r.waitClosed()
	r.enters(caller("3", "101"), "call", "acme") // too late: Asterisk keeps it for the next sweep
	release()
	<-ended
	want := []string{"POST 1/variable DIALTONE_STEP=PJSIP/daaa&PJSIP/dbbb,20,i", "POST 1/continue dial-acme,101,1",
		"GET /channels", "POST 2/continue dial-acme,101,rung"}
	if diff := cmp.Diff(want, r.trace()); diff != "" {
		t.Errorf("requests -want +got:\n%s", diff)
	}
	r.keepsNothing(Stats{Decided: 1, FellBack: 1})
}

func (r *rig) waitClosed() {
	r.t.Helper()
	deadline, tick := time.NewTimer(patience), time.NewTicker(time.Millisecond)
	defer deadline.Stop()
	defer tick.Stop()
	for {
		r.mu.Lock()
		closed := r.closed
		r.mu.Unlock()
		if closed {
			return
		}
		select {
		case <-tick.C:
		case <-deadline.C:
			r.t.Fatal("Run does not stop")
		}
	}
}

// With Asterisk dead, Run still ends, after its deadlines.
func TestShutdownWhileAsteriskHangs(t *testing.T) {
	r := newRig(t, func(o *Options) { o.Deadline = 100 * time.Millisecond })
	for _, pattern := range []string{"POST /channels/*/variable", "POST /channels/*/continue", "DELETE /channels/*", "GET /channels"} {
		r.answers(pattern, hangs)
	}
	r.run()
	for i := range 50 {
		r.enters(caller(fmt.Sprint(i), "101"), "call", "acme")
	}
	r.server.WaitRequest("POST /channels/*/variable")
	start := time.Now()
	r.stop()
	if took := time.Since(start); took > 10*time.Second {
		t.Errorf("took %v", took)
	}
	if s := r.Stats(); s.Stranded != 50 || s.Deciding != 0 {
		t.Errorf("stats %+v", s)
	}
}

func TestLogIsLimited(t *testing.T) {
	r := newRig(t, nil)
	for range 100 {
		r.Flow.log.warn("x", "error", errors.New("y"))
	}
	if n := strings.Count(r.log.String(), "\n"); n > 2 {
		t.Errorf("%d lines", n)
	}
}
