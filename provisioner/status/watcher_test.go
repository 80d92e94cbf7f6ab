package status

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/dialtone-pbx/dialtone/ami/amitest"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

const (
	home  = "sip:x@192.0.2.7:5062;transport=udp"
	other = "sip:x@192.0.2.8:5070;ob"
)

// Every way from one word to the next (FEATURES, H1). A step sends one contact
// event: URI and Asterisk's word, and says what must show then.
func TestReachability(t *testing.T) {
	type step struct{ uri, word, want string }
	const ok, unreachable, addr = "OK 192.0.2.7:5062", "UNREACHABLE 192.0.2.7:5062", "192.0.2.7:5062"
	for _, c := range []struct {
		name    string
		qualify int
		steps   []step
	}{
		{"registers and answers", 60, []step{{home, "NonQualified", addr}, {home, "Reachable", ok}}},
		{"registers again", 60, []step{{home, "Reachable", ok}, {home, "Updated", ok}, {home, "NonQualified", ok}}},
		{"stops answering, answers again", 60, []step{{home, "Reachable", ok}, {home, "Unreachable", unreachable}, {home, "Reachable", ok}}},
		{"leaves", 60, []step{{home, "Reachable", ok}, {home, "Removed", ""}}},
		{"is given up", 60, []step{{home, "Reachable", ok}, {home, "Unreachable", unreachable}, {home, "Removed", "UNKNOWN"}}},
		{"is given up by Asterisk's own word", 60, []step{{home, "Unreachable", unreachable}, {home, "Unknown", "UNKNOWN " + addr}, {home, "Removed", "UNKNOWN"}}},
		{"comes back after it was given up", 60, []step{{home, "Unreachable", unreachable}, {home, "Removed", "UNKNOWN"}, {home, "NonQualified", addr}, {home, "Reachable", ok}}},
		{"moves, the new contact first", 60, []step{{home, "Reachable", ok}, {other, "NonQualified", ok}, {home, "Removed", "192.0.2.8:5070"}, {other, "Reachable", "OK 192.0.2.8:5070"}}},
		{"moves, the old contact first", 60, []step{{home, "Reachable", ok}, {home, "Removed", ""}, {other, "NonQualified", "192.0.2.8:5070"}, {other, "Reachable", "OK 192.0.2.8:5070"}}},
		{"moves while unreachable", 60, []step{{home, "Unreachable", unreachable}, {other, "NonQualified", unreachable}, {other, "Reachable", "OK 192.0.2.8:5070"}, {home, "Removed", "OK 192.0.2.8:5070"}}},
		{"never asked", 0, []step{{home, "NonQualified", "UNMONITORED " + addr}, {home, "Removed", ""}}},
		{"never asked, created", 0, []step{{home, "Created", "UNMONITORED " + addr}, {home, "Updated", "UNMONITORED " + addr}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := newLab(t)
			endpoint := l.device("a", c.qualify)
			l.fresh()
			l.start()
			for _, s := range c.steps {
				l.contact(endpoint, s.uri, s.word)
				l.asterisk.Send("DeviceStateChange", "Device", "PJSIP/"+endpoint, "State", "INUSE")
				l.until("for the event after "+s.word, func() bool { s, _ := l.Of(endpoint); return s.Call == pbx.CallInUse })
				got := l.shows(endpoint, s.want)
				if rtt := got.RoundTrip; s.word == "Reachable" && rtt != 12500*time.Microsecond {
					t.Errorf("round trip %s", rtt)
				}
				l.asterisk.Send("DeviceStateChange", "Device", "PJSIP/"+endpoint, "State", "NOT_INUSE")
				l.until("for idle", func() bool { s, _ := l.Of(endpoint); return s.Call == pbx.CallIdle })
			}
		})
	}
}

func TestCallStates(t *testing.T) {
	l := newLab(t)
	endpoint := l.device("a", 60)
	l.start()
	for _, c := range []struct {
		word string
		want pbx.CallState
	}{{"RINGING", pbx.CallRinging}, {"INUSE", pbx.CallInUse}, {"RINGINUSE", pbx.CallRinging}, {"ONHOLD", pbx.CallOnHold}, {"BUSY", pbx.CallInUse}, {"NOT_INUSE", pbx.CallIdle}, {"UNAVAILABLE", pbx.CallIdle}, {"INVALID", pbx.CallUnknown}} {
		l.asterisk.Send("DeviceStateChange", "Device", "PJSIP/"+endpoint, "State", c.word)
		l.until("for "+c.word, func() bool { s, _ := l.Of(endpoint); return s.Call == c.want })
	}
}

// lists makes Asterisk list one contact of an endpoint.
func (l *lab) lists(endpoint, uri, status string) {
	l.asterisk.Handle("PJSIPShowContacts", func(c *amitest.Conn, a amitest.Action) {
		c.ReplyList(a, "ContactList", "ContactListComplete", []string{"ObjectName", endpoint + ";@1", "Endpoint", endpoint, "Uri", uri, "Status", status, "RoundtripUsec", "900", "UserAgent", "Test 1", "ExpirationTime", "4102444800"})
	})
	l.asterisk.Handle("DeviceStateList", func(c *amitest.Conn, a amitest.Action) {
		c.ReplyList(a, "DeviceStateChange", "DeviceStateListComplete", []string{"Device", "PJSIP/" + endpoint, "State", "RINGING"})
	})
}

// A lost connection makes values old but keeps them; a list at the next connect
// is right again, whatever happened meanwhile; a restart starts with what was.
func TestStatusOverLossesAndRestarts(t *testing.T) {
	l := newLab(t)
	endpoint := l.device("a", 60)
	l.start()
	l.contact(endpoint, home, "Reachable")
	l.shows(endpoint, "OK 192.0.2.7:5062")
	if _, stale := l.Of(endpoint); !stale.IsZero() {
		t.Error("a live value is stale")
	}
	l.asterisk.Away()
	l.until("for staleness", func() bool { _, stale := l.Of(endpoint); return !stale.IsZero() })
	if s, stale := l.Of(endpoint); s.Reach != pbx.ReachOK || time.Since(stale) > time.Minute {
		t.Errorf("while away: %+v since %s", s, stale)
	}
	l.lists(endpoint, other, "Reachable")
	l.asterisk.Back()
	got := l.shows(endpoint, "OK 192.0.2.8:5070")
	if got.UserAgent != "Test 1" || got.Expires.Year() != 2100 || got.Call != pbx.CallRinging || got.RoundTrip != 900*time.Microsecond {
		t.Errorf("after the list: %+v", got)
	}
	l.stop()
	l.asterisk.Away()
	l.fresh()
	s, stale := l.Of(endpoint)
	if s.Reach != pbx.ReachOK || s.Address != netip.MustParseAddrPort("192.0.2.8:5070") || stale.IsZero() {
		t.Errorf("after a restart: %+v, stale since %s", s, stale)
	}
	l.asterisk.Handle("PJSIPShowContacts", func(c *amitest.Conn, a amitest.Action) { c.ReplyError(a, "No Contacts found\n") })
	l.asterisk.Back()
	l.start()
	l.shows(endpoint, "")
	l.contact(endpoint, home, "Created") // a phone that was off while the list was made
	l.shows(endpoint, "192.0.2.7:5062")
}

// Back is told when an endpoint registers and when it answers again, and not while nothing
// changes.
func TestEndpointsThatComeBack(t *testing.T) {
	l := newLab(t)
	endpoint := l.device("a", 60)
	l.start()
	for i, step := range []struct {
		word, want string
		back       int
	}{
		{"Created", "192.0.2.7:5062", 1}, {"Reachable", "OK 192.0.2.7:5062", 0}, {"Unreachable", "UNREACHABLE 192.0.2.7:5062", 0},
		{"Reachable", "OK 192.0.2.7:5062", 1}, {"Removed", "", 0}, {"Created", "192.0.2.7:5062", 1},
	} {
		l.contact(endpoint, home, step.word)
		l.shows(endpoint, step.want)
		got := len(l.backs)
		for range got {
			if name := <-l.backs; name != endpoint {
				t.Errorf("%s is back", name)
			}
		}
		if got != step.back || l.Reached(endpoint) != (step.word != "Unreachable" && step.word != "Removed") {
			t.Errorf("step %d, %s: %d times back, want %d; reached %v", i, step.word, got, step.back, l.Reached(endpoint))
		}
	}
}

// What is listed as not asked yet is asked at once.
func TestUnsureContactsAreAsked(t *testing.T) {
	l := newLab(t)
	endpoint := l.device("a", 60)
	l.lists(endpoint, home, "NonQualified")
	l.fresh()
	asked := make(chan string, 1)
	l.asterisk.Handle("PJSIPQualify", func(c *amitest.Conn, a amitest.Action) {
		c.Reply(a, "Message", "Endpoint found, will qualify")
		asked <- a.Get("Endpoint")
	})
	l.start()
	if got := <-asked; got != endpoint {
		t.Errorf("asked %s", got)
	}
}

// A storm of registrations is kept whole, in memory and in the database.
func TestRegistrationStorm(t *testing.T) {
	const phones = 10_000
	l := newLab(t)
	endpoints := l.manyDevices(phones)
	l.start()
	began := time.Now()
	var b strings.Builder
	for i, e := range endpoints {
		b.WriteString(amitest.Event("ContactStatus", "AOR", e, "EndpointName", e, "URI",
			fmt.Sprintf("sip:x@10.0.%d.%d:5060", i/250, i%250+1), "ContactStatus", "NonQualified"))
		b.WriteString(amitest.Event("ContactStatus", "AOR", e, "EndpointName", e, "URI",
			fmt.Sprintf("sip:x@10.0.%d.%d:5060", i/250, i%250+1), "ContactStatus", "Reachable", "RoundtripUsec", "1000"))
	}
	l.asterisk.SendRaw(b.String())
	stored := func() (n int) {
		all, err := l.store.Statuses(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for i, e := range endpoints {
			if s := all[e]; s.Reach == pbx.ReachOK && s.Address.Addr().String() == fmt.Sprintf("10.0.%d.%d", i/250, i%250+1) {
				n++
			}
		}
		return n
	}
	l.until("for all of them in the database", func() bool { return stored() == phones })
	t.Logf("%d registrations were in the database after %s", phones, time.Since(began).Round(time.Millisecond))
}

// manyDevices adds devices.
func (l *lab) manyDevices(n int) []string {
	l.t.Helper()
	endpoints := make([]string, n)
	for i := range endpoints {
		endpoints[i] = l.device(fmt.Sprintf("d%05d", i), 60)
	}
	return endpoints
}

// The status of a deleted device goes, and late events do not bring it back.
func TestDeletedEndpointsAreForgotten(t *testing.T) {
	l := newLab(t)
	endpoint := l.device("a", 60)
	keep := l.device("b", 60)
	l.start()
	for _, e := range []string{endpoint, keep, "stranger"} {
		l.contact(e, home, "Reachable")
	}
	l.shows(keep, "OK 192.0.2.7:5062")
	l.until("for the database", func() bool { all, _ := l.store.Statuses(t.Context()); return len(all) == 2 })
	if s, _ := l.Of("stranger"); s.Reach != "" {
		t.Errorf("an endpoint of nobody has status %+v", s)
	}
	l.deleteAllBut(keep)
	l.contact(endpoint, home, "Removed")
	l.contact(keep, home, "Unreachable")
	l.shows(keep, "UNREACHABLE 192.0.2.7:5062")
	l.until("for one row", func() bool {
		all, _ := l.store.Statuses(t.Context())
		return len(all) == 1 && all[keep].Reach == pbx.ReachUnreachable
	})
	l.Watcher.mu.Lock()
	defer l.Watcher.mu.Unlock()
	if len(l.observed) != 1 {
		t.Errorf("%d endpoints are remembered", len(l.observed))
	}
}

// A device that is deleted while its status is being written leaves no row.
func TestForgettingOvertakesAWrite(t *testing.T) {
	l := newLab(t)
	endpoint := l.device("a", 60)
	w := l.Watcher
	w.mu.Lock()
	w.update(endpoint, time.Now(), func(o *observed) { o.Reach = pbx.ReachOK })
	underWay := w.read([]string{endpoint})
	w.mu.Unlock()
	w.Forget(pbx.NewSnapshot(99, pbx.Rows{}))
	if err := w.write(t.Context(), underWay); err != nil {
		t.Fatal(err)
	}
	if err := w.changed.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if all, err := l.store.Statuses(t.Context()); err != nil || len(all) != 0 {
		t.Errorf("of a deleted device are left %v, %v", all, err)
	}
}

// A list that an event overtook does not undo the event.
func TestSweepDoesNotUndoEvents(t *testing.T) {
	l := newLab(t)
	endpoint := l.device("a", 60)
	l.start()
	l.contact(endpoint, home, "Reachable")
	l.shows(endpoint, "OK 192.0.2.7:5062")
	l.lists(endpoint, other, "Reachable")
	list := make(chan struct{})
	l.asterisk.Handle("DeviceStateList", func(c *amitest.Conn, a amitest.Action) {
		// The contacts are listed; now one changes before the lists are complete.
		l.contact(endpoint, home, "Unreachable")
		go func() {
			l.shows(endpoint, "UNREACHABLE 192.0.2.7:5062")
			c.ReplyList(a, "DeviceStateChange", "DeviceStateListComplete")
			close(list)
		}()
	})
	if _, err := l.resync(t.Context(), l.session.Load()); err != nil {
		t.Fatal(err)
	}
	<-list
	l.shows(endpoint, "UNREACHABLE 192.0.2.7:5062")
	l.lists(endpoint, other, "Reachable")
	if _, err := l.resync(t.Context(), l.session.Load()); err != nil {
		t.Fatal(err)
	}
	l.shows(endpoint, "OK 192.0.2.8:5070") // the next sweep mends what an event did not tell
}
