package ari

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dialtone-pbx/dialtone/ari/aritest"
)

func TestReconnectTellsDownBeforeUp(t *testing.T) {
	noLeaks(t)
	server := aritest.NewServer(t)
	o := newOwner(t, testOptions(server)).start()
	server.Send(aritest.StasisStart("dialtone", channel("a"), "inbound"))
	o.await("event a")
	eventually(t, "health", o.client.Healthy)
	server.Drop()
	o.await("up 2")
	server.WaitSessions(2)
	server.Send(aritest.StasisEnd("dialtone", channel("b")))
	o.await("event b")
	if err := o.stop(); err != nil {
		t.Fatal(err)
	}
	want := []string{"up 1", "event a", "down 1", "up 2", "event b", "down 2"}
	if diff := cmp.Diff(want, o.noted()); diff != "" {
		t.Error(diff)
	}
	if last := o.losses()[1]; !errors.Is(last, context.Canceled) {
		t.Errorf("the last OnDown got %v, want the context's error", last)
	}
	if o.client.Healthy() {
		t.Error("healthy after Run")
	}
	if o.client.Dropped() != 0 {
		t.Errorf("dropped %d events", o.client.Dropped())
	}
}

func TestUpgradeCarriesAppAndCredentials(t *testing.T) {
	noLeaks(t)
	server := aritest.NewServer(t)
	opts := testOptions(server)
	opts.SubscribeAll = true
	newOwner(t, opts).start().await("up 1")
	query := server.Upgrades()[0].Query
	if query.Get("app") != "dialtone" || query.Get("subscribeAll") != "true" {
		t.Errorf("query %v", query)
	}
}

func TestHangingUpgradeEndsAtDialTimeout(t *testing.T) {
	noLeaks(t)
	server := aritest.NewServer(t)
	server.HangUpgrades(true)
	opts := testOptions(server)
	opts.DialTimeout = 100 * time.Millisecond
	start := time.Now()
	o := newOwner(t, opts).start()
	eventually(t, "a second attempt", func() bool { return len(server.Upgrades()) >= 2 })
	if took := time.Since(start); took < 100*time.Millisecond {
		t.Errorf("second attempt after %v, before the first could time out", took)
	}
	server.HangUpgrades(false)
	o.await("up 1")
}

func TestRefusedUpgradeIsRetriedUntilAsteriskIsReady(t *testing.T) {
	noLeaks(t)
	server := aritest.NewServer(t)
	server.RefuseUpgrades(http.StatusServiceUnavailable)
	o := newOwner(t, testOptions(server)).start()
	eventually(t, "three attempts", func() bool { return len(server.Upgrades()) >= 3 })
	if notes := o.noted(); len(notes) != 0 {
		t.Errorf("callbacks without a session: %v", notes)
	}
	server.RefuseUpgrades(0)
	o.await("up 1")
	if !strings.Contains(o.logged(), "503 not now") {
		t.Errorf("the log does not say why:\n%s", o.logged())
	}
}

func TestSilentPeerIsFoundByPing(t *testing.T) {
	noLeaks(t)
	server := aritest.NewServer(t)
	server.IgnorePings(true)
	opts := testOptions(server)
	opts.PingEvery, opts.PingTimeout = 20*time.Millisecond, 50*time.Millisecond
	o := newOwner(t, opts).start()
	o.await("down 1")
	if err := o.losses()[0]; !strings.Contains(err.Error(), "ping") {
		t.Errorf("lost by %v, want the ping", err)
	}
	server.IgnorePings(false)
	o.await("up 2")
}

func TestAnsweredPingsKeepTheSession(t *testing.T) {
	noLeaks(t)
	server := aritest.NewServer(t)
	opts := testOptions(server)
	opts.PingEvery, opts.PingTimeout = 5*time.Millisecond, 5*time.Second
	o := newOwner(t, opts).start()
	o.await("up 1")
	server.WaitPings(20)
	if n := o.client.Generation(); n != 1 {
		t.Errorf("generation %d, want 1", n)
	}
}

func TestApplicationReplacedEndsTheSessionAndWaits(t *testing.T) {
	noLeaks(t)
	server := aritest.NewServer(t)
	opts := testOptions(server)
	var replaced, back time.Time
	opts.OnDown = func(gen uint64, _ error) {
		if gen == 1 {
			replaced = time.Now()
		}
	}
	opts.OnUp = func(_ context.Context, gen uint64) error {
		if gen == 2 {
			back = time.Now()
		}
		return nil
	}
	o := newOwner(t, opts)
	o.client.retry.replaced = 300 * time.Millisecond
	o.start()
	server.Send(aritest.StasisStart("dialtone", channel("before")))
	server.Send(aritest.ApplicationReplaced("dialtone"))
	eventually(t, "a second session", func() bool { return o.client.Healthy() && o.client.Generation() == 2 })
	if err := o.losses()[0]; !errors.Is(err, ErrApplicationReplaced) {
		t.Errorf("lost by %v", err)
	}
	if back.Sub(replaced) < 300*time.Millisecond {
		t.Errorf("came back after %v", back.Sub(replaced))
	}
	if !strings.Contains(o.logged(), "level=ERROR") {
		t.Errorf("not logged loudly:\n%s", o.logged())
	}
	eventually(t, "the old websocket's end", func() bool { return server.OpenSessions() == 1 })
	if diff := cmp.Diff([]string{"up 1", "event before", "down 1", "up 2"}, o.noted()); diff != "" {
		t.Error(diff)
	}
}

func TestReplacedNoticeForAnotherApplicationChangesNothing(t *testing.T) {
	for raw, want := range map[string]bool{
		aritest.ApplicationReplaced("dialtone"):                                            true,
		aritest.ApplicationReplaced("other"):                                               false,
		aritest.ChannelVarset("dialtone", channel("a"), "X", "ApplicationReplaced"):        false,
		aritest.StasisStart("dialtone", channel("a"), `"type":"ApplicationReplaced"`, "x"): false,
		`{"type":"ApplicationReplaced"`:                                                    false,
	} {
		if got := replaces([]byte(raw), "dialtone"); got != want {
			t.Errorf("replaces(%s) = %v", raw, got)
		}
	}
}

func TestFailedOnUpEndsTheSession(t *testing.T) {
	noLeaks(t)
	server := aritest.NewServer(t)
	opts := testOptions(server)
	fault := errors.New("no snapshot")
	opts.OnUp = func(_ context.Context, gen uint64) error {
		if gen == 1 {
			return fault
		}
		return nil
	}
	o := newOwner(t, opts).start()
	o.await("up 2")
	if err := o.losses()[0]; !errors.Is(err, fault) {
		t.Errorf("lost by %v, want OnUp's error", err)
	}
}

func TestOnUpContextEndsWithTheSession(t *testing.T) {
	noLeaks(t)
	server := aritest.NewServer(t)
	opts := testOptions(server)
	opts.OnUp = func(ctx context.Context, gen uint64) error {
		if gen == 1 {
			server.Drop()
			<-ctx.Done()
			return ctx.Err()
		}
		return nil
	}
	newOwner(t, opts).start().await("up 2")
}

func TestRunRefusesWhatCannotWork(t *testing.T) {
	server := aritest.NewServer(t)
	for name, change := range map[string]func(*Options){
		"no url":      func(o *Options) { o.URL = "" },
		"wrong url":   func(o *Options) { o.URL = "127.0.0.1:8088/ari" },
		"credentials": func(o *Options) { o.URL = "http://user:hidden@127.0.0.1:1/ari" },
		"no app":      func(o *Options) { o.App = "" },
		"two apps":    func(o *Options) { o.App = "a,b" },
	} {
		opts := testOptions(server)
		change(&opts)
		err := New(opts).Run(t.Context())
		if err == nil || strings.Contains(err.Error(), "hidden") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestRunOnlyOnce(t *testing.T) {
	noLeaks(t)
	server := aritest.NewServer(t)
	o := newOwner(t, testOptions(server)).start()
	o.await("up 1")
	if err := o.client.Run(t.Context()); err == nil {
		t.Error("a second Run was let in")
	}
}

func TestRunEndsWhileAsteriskIsAway(t *testing.T) {
	noLeaks(t)
	opts := Options{URL: "http://127.0.0.1:1/ari", App: "dialtone"}
	o := newOwner(t, opts)
	o.client.retry.floor = time.Minute
	o.client.retry.ceiling = time.Minute
	o.start()
	eventually(t, "a first attempt", func() bool { return strings.Contains(o.logged(), "not connected") })
	if err := o.stop(); err != nil {
		t.Fatal(err)
	}
}

func TestRunLeavesNoConnectionBehind(t *testing.T) {
	noLeaks(t)
	server := aritest.NewServer(t)
	o := newOwner(t, testOptions(server)).start()
	o.await("up 1")
	if err := o.client.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := o.stop(); err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	eventually(t, "closed connections", func() bool { return server.OpenConnections() == 0 })
	if took := time.Since(start); took > idleTimeout/2 {
		t.Errorf("connections stayed open for %v", took)
	}
}

func TestBackoffGrowsAndStaysWithinBounds(t *testing.T) {
	b := New(Options{}).retry
	var longest time.Duration
	for i := range 200 {
		d := b.next(errors.New("refused"), false)
		if d < 100*time.Millisecond || d > 2*time.Second {
			t.Fatalf("pause %d is %v", i, d)
		}
		if i == 0 && d > 200*time.Millisecond {
			t.Errorf("first pause %v", d)
		}
		longest = max(longest, d)
	}
	if longest < 1500*time.Millisecond {
		t.Errorf("longest pause %v", longest)
	}
	if d := b.next(errors.New("lost"), true); d > 200*time.Millisecond {
		t.Errorf("pause after a steady session %v", d)
	}
	if d := b.next(ErrApplicationReplaced, true); d != 5*time.Second {
		t.Errorf("pause after a replaced application %v", d)
	}
}
