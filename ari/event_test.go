package ari

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/CyCoreSystems/ari/v6"
	"github.com/google/go-cmp/cmp"

	"github.com/dialtone-pbx/dialtone/ari/aritest"
)

func TestBurstArrivesWholeAndInOrder(t *testing.T) {
	noLeaks(t)
	const burst = 20_000
	server := aritest.NewServer(t)
	o := newOwner(t, testOptions(server)).start()
	want := []string{"up 1"}
	for i := range burst {
		server.Send(aritest.StasisStart("dialtone", channel("%d", i), "inbound"))
		want = append(want, fmt.Sprintf("event %d", i))
	}
	o.await(want[burst])
	if !slices.Equal(want, o.noted()) {
		t.Error("events are missing or out of order")
	}
	if o.client.Dropped() != 0 || o.client.Generation() != 1 {
		t.Errorf("dropped %d in %d sessions", o.client.Dropped(), o.client.Generation())
	}
}

func TestEventsWaitForOnUpAndHealthWaitsForThem(t *testing.T) {
	noLeaks(t)
	server := aritest.NewServer(t)
	opts := testOptions(server)
	opts.PingEvery = 10 * time.Millisecond
	var o *owner
	queued, early := make(chan struct{}), make(chan bool, 3)
	opts.OnUp = func(context.Context, uint64) error {
		<-queued
		o.note("up done")
		return nil
	}
	var delivered time.Time
	opts.OnEvent = func(ari.Event) {
		early <- o.client.Healthy() || !o.client.EventRead().Before(delivered) || o.client.Handling() <= 0
	}
	o = newOwner(t, opts)
	o.start()
	for i := range 3 {
		server.Send(aritest.StasisStart("dialtone", channel("early%d", i)))
	}
	// A ping is sent only after the pong before it, and that pong comes after
	// the events: two more pings, and the events are in the queue.
	server.WaitPings(server.Pings() + 2)
	delivered = time.Now()
	close(queued)
	o.await("event early2")
	eventually(t, "health", o.client.Healthy)
	for range 3 {
		if <-early {
			t.Error("healthy before the backlog was delivered, or an event is not as old as it is, or not in hand")
		}
	}
	want := []string{"up 1", "up done", "event early0", "event early1", "event early2"}
	if diff := cmp.Diff(want, o.noted()); diff != "" {
		t.Error(diff)
	}
}

func TestEventsBeforeALossAreStillDelivered(t *testing.T) {
	noLeaks(t)
	server := aritest.NewServer(t)
	opts := testOptions(server)
	held, release := make(chan struct{}), make(chan struct{})
	opts.OnEvent = func(e ari.Event) {
		if channelOf(e) == "0" {
			close(held)
			<-release
		}
	}
	o := newOwner(t, opts).start()
	eventually(t, "health", o.client.Healthy)
	want := []string{"up 1"}
	for i := range 20 {
		server.Send(aritest.StasisEnd("dialtone", channel("%d", i)))
		want = append(want, fmt.Sprintf("event %d", i))
	}
	<-held
	server.Drop()
	eventually(t, "the loss", func() bool { return !o.client.Healthy() })
	close(release)
	o.await("up 2")
	if diff := cmp.Diff(append(want, "down 1", "up 2"), o.noted()); diff != "" {
		t.Error(diff)
	}
}

func TestDrainingEndsWithItsTime(t *testing.T) {
	noLeaks(t)
	server := aritest.NewServer(t)
	opts := testOptions(server)
	opts.PingEvery = 10 * time.Millisecond
	held, release := make(chan struct{}), make(chan struct{})
	opts.OnEvent = func(e ari.Event) {
		if channelOf(e) == "0" {
			close(held)
			<-release
		}
	}
	o := newOwner(t, opts)
	o.client.limits.drain = -time.Second
	o.start()
	eventually(t, "health", o.client.Healthy)
	for i := range 20 {
		server.Send(aritest.StasisEnd("dialtone", channel("%d", i)))
	}
	<-held
	server.WaitPings(server.Pings() + 2) // all 20 are in the queue, see above
	server.Drop()
	eventually(t, "the loss", func() bool { return !o.client.Healthy() })
	close(release)
	o.await("up 2")
	if diff := cmp.Diff([]string{"up 1", "event 0", "down 1", "up 2"}, o.noted()); diff != "" {
		t.Error(diff)
	}
	if n := o.client.Dropped(); n != 19 {
		t.Errorf("counted %d dropped events, want 19", n)
	}
}

func TestLargeEventArrives(t *testing.T) {
	noLeaks(t)
	server := aritest.NewServer(t)
	o := newOwner(t, testOptions(server)).start()
	server.Send(aritest.ChannelVarset("dialtone", channel("large"), "X", strings.Repeat("x", 1<<20)))
	o.await("event large")
}

// TestOverflowStartsOver has a handler that stands still: a full queue must
// never lose an event in silence.
func TestOverflowStartsOver(t *testing.T) {
	for name, limits := range map[string]sessionLimits{
		"events": {events: 10, bytes: queueBytes, drain: time.Minute},
		"bytes":  {events: queueEvents, bytes: 10_000, drain: time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			noLeaks(t)
			server := aritest.NewServer(t)
			opts := testOptions(server)
			held, release := make(chan struct{}), make(chan struct{})
			opts.OnEvent = func(e ari.Event) {
				if channelOf(e) == "0" {
					close(held)
					<-release
				}
			}
			o := newOwner(t, opts)
			o.client.limits = limits
			o.start()
			server.Send(aritest.StasisStart("dialtone", channel("0")))
			<-held // so no second session can begin while the rest is sent
			for i := range 99 {
				server.Send(aritest.StasisStart("dialtone", channel("%d", i+1)))
			}
			eventually(t, "a drop", func() bool { return o.client.Dropped() > 0 })
			close(release)
			o.await("up 2")
			if err := o.losses()[0]; !errors.Is(err, ErrOverflow) {
				t.Errorf("lost by %v", err)
			}
			if !strings.Contains(o.logged(), "level=ERROR") {
				t.Errorf("not logged loudly:\n%s", o.logged())
			}
			delivered := o.noted()[:slices.Index(o.noted(), "down 1")]
			for i, note := range delivered[1:] {
				if note != fmt.Sprintf("event %d", i) {
					t.Fatalf("a gap before %q", note)
				}
			}
			server.Send(aritest.StasisEnd("dialtone", channel("after")))
			o.await("event after")
		})
	}
}

func TestFragmentedMessageIsPutTogether(t *testing.T) {
	noLeaks(t)
	server := aritest.NewServer(t)
	o := newOwner(t, testOptions(server)).start()
	raw := []byte(aritest.StasisStart("dialtone", channel("split"), "inbound", "a,b"))
	server.SendFrame(aritest.Text, false, raw[:10])
	server.SendFrame(aritest.Continuation, false, raw[10:200])
	server.SendFrame(aritest.Continuation, true, raw[200:])
	o.await("event split")
	start, ok := o.events[0].(*ari.StasisStart)
	if !ok || !slices.Equal(start.Args, []string{"inbound", "a,b"}) {
		t.Errorf("got %#v", o.events[0])
	}
}

func TestUnreadableEventsAreCountedAndSurvived(t *testing.T) {
	noLeaks(t)
	server := aritest.NewServer(t)
	o := newOwner(t, testOptions(server)).start()
	start := time.Now()
	for _, bad := range []string{
		`{"type":"ApplicationRegistered","application":"dialtone"}`,
		`{"type":"StasisStart","timestamp":"2026-11-22T05:44:15Z"}`,
		`not JSON`, `{}`, `[]`, ``,
	} {
		server.Send(bad)
	}
	server.Send(aritest.StasisEnd("dialtone", channel("good")))
	o.await("event good")
	if n := o.client.Undecodable(); n != 6 {
		t.Errorf("counted %d unreadable events, want 6", n)
	}
	if n, most := strings.Count(o.logged(), "unreadable"), 1+int(time.Since(start)/time.Second); n < 1 || n > most {
		t.Errorf("logged %d lines, want 1 to %d:\n%s", n, most, o.logged())
	}
	if o.client.Generation() != 1 {
		t.Error("an unreadable event cost the session")
	}
}

func TestUnknownTypesAreTold(t *testing.T) {
	_, err := decodeEvent([]byte(`{"type":"ChannelTransfer"}`))
	if !errors.Is(err, errUnknownType) || !strings.Contains(err.Error(), `"ChannelTransfer"`) {
		t.Errorf("got %v", err)
	}
}

func TestLogLimit(t *testing.T) {
	var l logLimit
	now := time.Now()
	for i, want := range []struct {
		after time.Duration
		held  int
		ok    bool
	}{
		{0, 0, true}, {1, 0, false}, {2, 0, false}, {time.Second, 2, true}, {time.Second + 1, 0, false}, {2 * time.Second, 1, true},
	} {
		if held, ok := l.allow(now.Add(want.after)); held != want.held || ok != want.ok {
			t.Errorf("line %d: %d %v", i, held, ok)
		}
	}
}

// TestBuildersAreReadable keeps aritest honest: a fake whose events cannot be
// decoded would make every test of a missing event pass.
func TestBuildersAreReadable(t *testing.T) {
	c := aritest.Channel{ID: "1.1", Name: "PJSIP/101-1", CallerName: `A "B"`, CallerNumber: "101", Exten: "102", Vars: map[string]string{"X": "y"}}
	for want, raw := range map[string]string{
		"StasisStart":          aritest.StasisStart("app", c, "inbound"),
		"StasisEnd":            aritest.StasisEnd("app", c),
		"ChannelDestroyed":     aritest.ChannelDestroyed("app", c, 16),
		"ChannelHangupRequest": aritest.ChannelHangupRequest("app", c, 16),
		"ChannelStateChange":   aritest.ChannelStateChange("app", c),
		"ChannelVarset":        aritest.ChannelVarset("app", c, "DIALSTATUS", "BUSY"),
		"ChannelDtmfReceived":  aritest.ChannelDtmfReceived("app", c, "1"),
		"Dial":                 aritest.Dial("app", c, c, "RINGING"),
		"ApplicationReplaced":  aritest.ApplicationReplaced("app"),
	} {
		event, err := decodeEvent([]byte(raw))
		if err != nil {
			t.Errorf("%s: %v\n%s", want, err, raw)
			continue
		}
		if event.GetType() != want || event.GetApplication() != "app" || event.GetNode() != aritest.EntityID {
			t.Errorf("%s: got %+v", want, event)
		}
		if want != "ApplicationReplaced" && channelOf(event) != "1.1" {
			t.Errorf("%s: channel %q", want, channelOf(event))
		}
	}
}

func FuzzDecodeEvent(f *testing.F) {
	f.Add([]byte(aritest.StasisStart("app", channel("1"), "inbound")))
	f.Add([]byte(aritest.Dial("app", channel("1"), channel("2"), "ANSWER")))
	f.Add([]byte(`{"type":"BridgeCreated","bridge":null,"timestamp":null}`))
	f.Add([]byte(`{"type":"PlaybackFinished","playback":{"target_uri":"channel:"}}`))
	f.Add([]byte(`{"type":7}`))
	f.Add([]byte{0xff, 0, '{'})
	f.Fuzz(func(t *testing.T, raw []byte) {
		event, err := decodeEvent(raw)
		if (event == nil) == (err == nil) {
			t.Fatalf("event %v, error %v", event, err)
		}
		replaces(raw, "app")
		if event != nil {
			event.Keys()
		}
	})
}
