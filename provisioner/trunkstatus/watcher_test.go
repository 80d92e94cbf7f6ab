package trunkstatus

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"maps"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/dialtone-pbx/dialtone/ami"
	"github.com/dialtone-pbx/dialtone/ami/amitest"
	"github.com/dialtone-pbx/dialtone/provisioner/event"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// lab is a watcher in front of a scripted Asterisk.
type lab struct {
	*Watcher
	t        *testing.T
	asterisk *amitest.Server
	snapshot atomic.Pointer[pbx.Snapshot]
	lists    atomic.Int32 // of registrations

	mu      sync.Mutex
	lookups map[string]int  // by host
	missing map[string]bool // hosts without an address
	words   map[string]string
	reach   map[string]string

	qualified map[string]int // how often Asterisk was told to ask, by endpoint
}

// newLab has trunks "tone", "ttwo" and "tfree", which does not register and has a carrier that
// is not asked.
func newLab(t *testing.T) *lab {
	l := &lab{t: t, asterisk: amitest.NewServer(t), lookups: map[string]int{}, missing: map[string]bool{},
		words: map[string]string{}, reach: map[string]string{}, qualified: map[string]int{}}
	l.have(trunk("tone", "one.example"), trunk("ttwo", "one.example"),
		&pbx.Trunk{Tenant: "acme", Name: "tfree", Endpoint: "tfree", Host: "192.0.2.1"})
	l.asterisk.Handle("PJSIPShowRegistrationsOutbound", func(c *amitest.Conn, a amitest.Action) {
		l.lists.Add(1)
		c.ReplyList(a, "OutboundRegistrationDetail", "OutboundRegistrationDetailComplete",
			l.items(l.words)...)
	})
	// As both versions do: the list of all contacts lacks those that are not registered.
	l.asterisk.Handle("PJSIPShowEndpoint", func(c *amitest.Conn, a amitest.Action) {
		l.mu.Lock()
		word := l.reach[a.Get("Endpoint")]
		l.mu.Unlock()
		c.ReplyList(a, "ContactStatusDetail", "EndpointDetailComplete", []string{"AOR", a.Get("Endpoint"), "URI",
			"sip:192.0.2.1:5060", "Status", word, "EndpointName", a.Get("Endpoint")})
	})
	l.asterisk.Handle("PJSIPQualify", func(c *amitest.Conn, a amitest.Action) {
		l.mu.Lock()
		l.qualified[a.Get("Endpoint")]++
		l.mu.Unlock()
		c.Reply(a, "Message", "Endpoint found, will qualify")
	})
	l.fresh()
	return l
}

// fresh makes another watcher, for a synctest.
func (l *lab) fresh() {
	l.Watcher = New(Options{Log: slog.New(slog.DiscardHandler), Events: event.NewHub(), Snapshot: l.snapshot.Load,
		Lookup: l.lookup})
}

func trunk(endpoint, host string) *pbx.Trunk {
	return &pbx.Trunk{Tenant: "acme", Name: endpoint, Endpoint: endpoint, Host: host, Register: true, QualifySeconds: 30}
}

func (l *lab) have(trunks ...*pbx.Trunk) {
	l.snapshot.Store(pbx.NewSnapshot(1, pbx.Rows{Tenants: []*pbx.Tenant{{Name: "acme"}}, Trunks: trunks}))
}

// say sets Asterisk's words for the registration and the contact of a trunk.
func (l *lab) say(endpoint, registration, contact string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.words[endpoint], l.reach[endpoint] = registration, contact
}

// items are the lines of a list with a name and a status each.
func (l *lab) items(words map[string]string) (out [][]string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for endpoint, word := range words {
		out = append(out, []string{"ObjectName", endpoint, "Status", word})
	}
	return out
}

func (l *lab) lookup(_ context.Context, host string) ([]string, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lookups[host]++
	if l.missing[host] {
		return nil, errors.New("no such host")
	}
	return []string{"192.0.2.9"}, nil
}

// miss says whether a host has no address.
func (l *lab) miss(host string, missing bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.missing[host] = missing
}

// start connects it until the test ends.
func (l *lab) start() {
	l.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	client := ami.New(ami.Options{Address: l.asterisk.Address(), Username: "dialtone", Logger: slog.New(slog.DiscardHandler),
		OnUp:   func(ctx context.Context, s *ami.Session) { s.StartEvents(); l.Live(ctx, s) },
		OnDown: func(error) { l.Down() }, OnEvent: l.Handle})
	var running sync.WaitGroup
	running.Go(func() { _ = client.Run(ctx) })
	l.t.Cleanup(func() { cancel(); running.Wait() })
	l.until("for the first list", func() bool { _, stale := l.Of(""); return stale.IsZero() })
}

// until polls until ok, for at most thirty seconds.
func (l *lab) until(what string, ok func() bool) {
	l.t.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	end := time.NewTimer(30 * time.Second)
	defer end.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-end.C:
			l.t.Fatalf("waiting %s: not within thirty seconds", what)
		}
	}
}

// shows waits for a status: "registered unreachable".
func (l *lab) shows(endpoint, want string) (s pbx.TrunkStatus) {
	l.t.Helper()
	l.until("for "+endpoint+" "+want, func() bool {
		s, _ = l.Of(endpoint)
		return wordsOf(s) == want
	})
	return s
}

func wordsOf(s pbx.TrunkStatus) string {
	return string(s.Registration) + " " + cmp.Or(string(s.Reach), "unseen")
}

// An event makes Asterisk be asked again, and what it then lists is shown and told.
func TestStates(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	sub := l.o.Events.Subscribe("acme")
	defer sub.Close()
	other := l.o.Events.Subscribe("other")
	defer other.Close()
	l.say("tone", "Registered", "NonQualified")
	l.start()
	first := l.shows("tone", "registered unseen")
	l.shows("ttwo", "unregistered unseen")
	l.shows("tfree", "not-registering not-asked")
	l.say("tone", "Rejected", "NonQualified")
	l.asterisk.Send("Registry", "Status", "Registered") // what the event says is not believed
	refused := l.shows("tone", "rejected unseen")
	if refused.Refusal != "Rejected" || !refused.RefusedAt.Equal(refused.Since) || !refused.Since.After(first.Since) {
		t.Errorf("refused: %+v after %+v", refused, first)
	}
	l.say("tone", "Registered", "Unreachable")
	l.asterisk.Send("ContactStatus", "AOR", "tone", "EndpointName", "tone", "ContactStatus", "Reachable")
	if s := l.shows("tone", "registered unreachable"); s.Refusal != "Rejected" || !s.RefusedAt.Equal(refused.RefusedAt) {
		t.Errorf("the refusal is forgotten: %+v", s)
	}
	words := map[string]int{}
	for len(sub.Events()) > 0 {
		e := (<-sub.Events()).Data.(event.Trunk)
		words[e.Name+" "+wordsOf(e.Status)]++
	}
	for _, want := range []string{"tone registered unseen", "tone rejected unseen", "tone registered unreachable",
		"ttwo unregistered unseen", "tfree not-registering not-asked"} {
		if words[want] != 1 || len(words) != 5 {
			t.Errorf("%s is told %d times, of %v", want, words[want], words)
		}
	}
	if len(other.Events()) > 0 {
		t.Error("another tenant hears of the trunks")
	}
}

// TestCallsRefused: a carrier that refuses calls for our account is told once a minute.
func TestCallsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		snapshot := pbx.NewSnapshot(1, pbx.Rows{Tenants: []*pbx.Tenant{{Name: "acme"}}, Trunks: []*pbx.Trunk{trunk("tone", "one.example")}})
		w := New(Options{Log: slog.New(slog.DiscardHandler), Events: event.NewHub(), Snapshot: func() *pbx.Snapshot { return snapshot }})
		sub := w.o.Events.Subscribe("acme")
		defer sub.Close()
		for i, answer := range []int{403, 403, 401, 401} {
			w.CallRefused("tone", answer)
			if s, _ := w.Of("tone"); s.CallRefusal != answer || !s.CallRefusedAt.Equal(time.Now()) {
				t.Errorf("the status is %+v", s)
			}
			if want := i/2 + 1; len(sub.Events()) != want {
				t.Errorf("%d events, want %d", len(sub.Events()), want)
			}
		}
		<-time.After(alarmPause)
		w.CallRefused("tone", 401)
		w.CallRefused("tnobody", 401)
		if n := len(sub.Events()); n != 3 {
			t.Errorf("%d events a minute later", n)
		}
		w.settle()
		if s, _ := w.Of("tone"); s.CallRefusal != 401 {
			t.Errorf("the refusal is forgotten: %+v", s)
		}
	})
}

// What Asterisk knows of carriers is seen at the connect. It is told to ask those that it has
// not asked yet, and no others.
func TestCarriersAtTheConnect(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.say("tone", "Registered", "Unreachable")
	l.say("ttwo", "Registered", "NonQualified")
	l.say("tfree", "", "NonQualified")
	l.start()
	l.shows("tone", "registered unreachable")
	l.until("for the question to ttwo", func() bool {
		l.mu.Lock()
		defer l.mu.Unlock()
		return maps.Equal(l.qualified, map[string]int{"ttwo": 1})
	})
	l.say("ttwo", "Registered", "Reachable")
	l.asterisk.Send("ContactStatus", "AOR", "ttwo", "EndpointName", "ttwo", "ContactStatus", "Reachable")
	l.shows("ttwo", "registered reachable")
	l.mu.Lock()
	defer l.mu.Unlock()
	if !maps.Equal(l.qualified, map[string]int{"ttwo": 1}) {
		t.Errorf("Asterisk was told to ask %v", l.qualified)
	}
}

// However many registrations change, Asterisk is asked for one list in two seconds.
func TestStormMakesFewLists(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.start()
	l.say("tone", "Registered", "NonQualified")
	l.asterisk.SendRaw(strings.Repeat(amitest.Event("Registry"), 5000))
	l.shows("tone", "registered unseen")
	if n := l.lists.Load(); n > 3 {
		t.Errorf("%d lists", n)
	}
}

// A lost connection keeps the values and calls them stale. The next list is right again.
func TestStaleWhileAway(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.say("tone", "Registered", "NonQualified")
	l.start()
	l.shows("tone", "registered unseen")
	l.asterisk.Away()
	l.until("for staleness", func() bool { _, stale := l.Of("tone"); return !stale.IsZero() })
	l.shows("tone", "registered unseen")
	l.say("tone", "Rejected", "NonQualified")
	l.asterisk.Back()
	l.shows("tone", "rejected unseen")
	if _, stale := l.Of("tone"); !stale.IsZero() {
		t.Error("a live value is stale")
	}
}

// Each host is looked up once in a minute, a new one at once, an address never.
func TestHosts(t *testing.T) {
	l := newLab(t)
	synctest.Test(t, func(t *testing.T) {
		l.fresh()
		ctx, cancel := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { _ = l.Run(ctx) })
		defer func() { cancel(); running.Wait() }()
		check := func(when string, unresolvable bool, lookups map[string]int) {
			t.Helper()
			synctest.Wait()
			l.mu.Lock()
			defer l.mu.Unlock()
			if s, _ := l.Of("tone"); s.Unresolvable != unresolvable || !maps.Equal(l.lookups, lookups) {
				t.Errorf("%s: %+v after %v", when, s, l.lookups)
			}
		}
		check("at the start", false, map[string]int{"one.example": 1})
		l.miss("one.example", true)
		<-time.After(lookupPause)
		check("after a minute", true, map[string]int{"one.example": 2})
		l.have(trunk("tone", "one.example"), trunk("ttwo", "two.example"))
		l.Changed()
		check("with a new trunk", true, map[string]int{"one.example": 2, "two.example": 1})
		l.miss("one.example", false)
		<-time.After(lookupPause)
		check("after two minutes", false, map[string]int{"one.example": 3, "two.example": 2})
		l.have()
		l.Changed()
		check("without trunks", false, map[string]int{"one.example": 3, "two.example": 2})
		l.Watcher.mu.Lock()
		defer l.Watcher.mu.Unlock()
		if len(l.known) != 0 || len(l.unresolvable) != 0 {
			t.Errorf("left are %v and %v", l.known, l.unresolvable)
		}
	})
}
