package trunkstatus

import (
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
}

// newLab has trunks "tone", "ttwo" and "tfree", which does not register.
func newLab(t *testing.T) *lab {
	l := &lab{t: t, asterisk: amitest.NewServer(t), lookups: map[string]int{}, missing: map[string]bool{},
		words: map[string]string{}, reach: map[string]string{}}
	l.have(trunk("tone", "one.example"), trunk("ttwo", "one.example"),
		&pbx.Trunk{Tenant: "acme", Name: "tfree", Endpoint: "tfree", Host: "192.0.2.1"})
	l.asterisk.Handle("PJSIPShowRegistrationsOutbound", func(c *amitest.Conn, a amitest.Action) {
		l.lists.Add(1)
		c.ReplyList(a, "OutboundRegistrationDetail", "OutboundRegistrationDetailComplete",
			l.items(l.words, "")...)
	})
	l.asterisk.Handle("PJSIPShowContacts", func(c *amitest.Conn, a amitest.Action) {
		c.ReplyList(a, "ContactList", "ContactListComplete", l.items(l.reach, "@@0123456789abcdef")...)
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
	return &pbx.Trunk{Tenant: "acme", Name: endpoint, Endpoint: endpoint, Host: host, Register: true}
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
func (l *lab) items(words map[string]string, suffix string) (out [][]string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for endpoint, word := range words {
		out = append(out, []string{"ObjectName", endpoint + suffix, "Status", word})
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

// shows waits for a status: "registered not-asked".
func (l *lab) shows(endpoint, want string) (s pbx.TrunkStatus) {
	l.t.Helper()
	l.until("for "+endpoint+" "+want, func() bool {
		s, _ = l.Of(endpoint)
		return string(s.Registration)+" "+string(s.Reach) == want
	})
	return s
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
	first := l.shows("tone", "registered not-asked")
	l.shows("ttwo", "unregistered not-asked")
	l.shows("tfree", "not-registering not-asked")
	l.say("tone", "Rejected", "NonQualified")
	l.asterisk.Send("Registry", "Status", "Registered") // what the event says is not believed
	refused := l.shows("tone", "rejected not-asked")
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
		words[e.Name+" "+string(e.Status.Registration)+" "+string(e.Status.Reach)]++
	}
	for _, want := range []string{"tone registered not-asked", "tone rejected not-asked", "tone registered unreachable",
		"ttwo unregistered not-asked", "tfree not-registering not-asked"} {
		if words[want] != 1 || len(words) != 5 {
			t.Errorf("%s is told %d times, of %v", want, words[want], words)
		}
	}
	if len(other.Events()) > 0 {
		t.Error("another tenant hears of the trunks")
	}
}

// However many registrations change, Asterisk is asked for one list in two seconds.
func TestStormMakesFewLists(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.start()
	l.say("tone", "Registered", "NonQualified")
	l.asterisk.SendRaw(strings.Repeat(amitest.Event("Registry"), 5000))
	l.shows("tone", "registered not-asked")
	if n := l.lists.Load(); n > 3 {
		t.Errorf("%d lists", n)
	}
}

// A lost connection keeps the values and calls them stale. The next list is right again.
func TestStaleWhileAway(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.say("tone", "Registered", "Reachable")
	l.start()
	l.shows("tone", "registered reachable")
	l.asterisk.Away()
	l.until("for staleness", func() bool { _, stale := l.Of("tone"); return !stale.IsZero() })
	l.shows("tone", "registered reachable")
	l.say("tone", "Rejected", "Unreachable")
	l.asterisk.Back()
	l.shows("tone", "rejected unreachable")
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
