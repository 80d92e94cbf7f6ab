package main

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/dialtone-pbx/dialtone/cmd/phonesim/phone"
	"github.com/dialtone-pbx/dialtone/cmd/sandbox/box"
)

// bossTone is what who monitors says.
const bossTone = 1400

// monitoring is an office in which 101 may listen to 102, who has two phones, beside
// another tenant that has everything of the same name.
type monitoring struct {
	*lab
	boss, desk, home, other, stranger, spy, theirThird *phone.Phone
}

// TestMonitorRealAsterisk: who may hear and speak in the calls of whom, with real
// sound, on both generations.
func TestMonitorRealAsterisk(t *testing.T) {
	t.Parallel()
	for _, suite := range box.Suites() {
		t.Run(suite.Name, func(t *testing.T) {
			t.Parallel()
			m := &monitoring{lab: openLab(t, suite)}
			m.do(t, "PUT", "/v1/tenants/other", object{"title": "Other", "timezone": "UTC"}, nil)
			m.extension(t, "101", "", object{"monitors": true})
			m.extension(t, "102", "4712", object{"monitored": true})
			m.extension(t, "103", "", nil)
			m.extensionOf(t, "other", "101", "", object{"monitors": true})
			m.extensionOf(t, "other", "102", "", object{"monitored": true})
			m.extensionOf(t, "other", "103", "", nil)
			m.boss = m.register(t, m.device(t, "boss", "101", nil), phone.Options{})
			m.desk = m.register(t, m.device(t, "desk", "102", nil), phone.Options{})
			m.home = m.register(t, m.device(t, "home", "102", nil), phone.Options{})
			m.other = m.register(t, m.device(t, "third", "103", nil), phone.Options{})
			m.spy = m.register(t, m.deviceOf(t, "other", "spy", "101", nil), phone.Options{})
			m.theirThird = m.register(t, m.deviceOf(t, "other", "third", "103", nil), phone.Options{})
			m.stranger = m.register(t, m.deviceOf(t, "other", "stranger", "102", nil), phone.Options{})
			t.Run("refusals", m.refusals)
			t.Run("listen, whisper, barge", m.modes)
			t.Run("which phone", m.whichPhone)
			t.Run("tenants", m.tenants)
			t.Run("no controller", m.noController)
		})
	}
}

func (m *monitoring) refusals(t *testing.T) {
	for code, want := range map[string]int{"*55102": 480, "*55101": 403, "*55103": 403, "*55999": 404, "*55": 404} {
		if got := refusal(t, m.boss, code); got != want {
			t.Errorf("%s answers %d, want %d", code, got, want)
		}
	}
	out, in := connect(t, m.other, m.desk, "102")
	if got := refusal(t, m.home, "*55103"); got != 403 {
		t.Errorf("who may not monitor is answered %d", got)
	}
	if got := refusal(t, m.spy, "*55102"); got != 480 {
		t.Errorf("the other tenant, whose 102 is idle, is answered %d", got)
	}
	hangUp(t, out, in)
}

// listens dials the code and waits until it is answered.
func (m *monitoring) listens(t *testing.T, from *phone.Phone, code string) *phone.Call {
	t.Helper()
	boss := dial(t, from, code)
	if err := boss.WaitAnswer(); err != nil {
		t.Fatalf("%s: %v", code, err)
	}
	return boss
}

// speaks lets one say something and says who hears it.
func speaks(t *testing.T, who string, from *phone.Call, hz float64, hear, not []*phone.Call) {
	t.Helper()
	from.Tone(hz)
	for i, c := range hear {
		if err := c.Hear(within(t, 10*time.Second), hz, 400*time.Millisecond); err != nil {
			t.Errorf("%s: number %d: %v", who, i, err)
		}
	}
	for i, c := range not {
		if err := c.Silent(within(t, 10*time.Second), 400*time.Millisecond); err != nil {
			t.Errorf("%s: number %d should hear nothing: %v", who, i, err)
		}
	}
	from.Tone(0)
	for _, c := range hear {
		if err := c.Silent(within(t, 10*time.Second), 200*time.Millisecond); err != nil {
			t.Errorf("%s: after it: %v", who, err)
		}
	}
}

func (m *monitoring) modes(t *testing.T) {
	out, in := connect(t, m.other, m.desk, "102")
	boss := m.listens(t, m.boss, "*55102")
	press := func(key string) {
		t.Helper()
		if err := boss.SendDTMF(key); err != nil {
			t.Fatal(err)
		}
	}
	both := func(mode string) {
		t.Helper()
		speaks(t, mode+", the caller", out, callerTone, []*phone.Call{in, boss}, nil)
		speaks(t, mode+", the monitored one", in, calleeTone, []*phone.Call{out, boss}, nil)
	}
	both("listen")
	speaks(t, "listen", boss, bossTone, nil, []*phone.Call{in, out})
	press("5")
	both("whisper")
	speaks(t, "whisper", boss, bossTone, []*phone.Call{in}, []*phone.Call{out})
	press("6")
	both("barge")
	speaks(t, "barge", boss, bossTone, []*phone.Call{in, out}, nil)
	press("4")
	speaks(t, "listen again", boss, bossTone, nil, []*phone.Call{in, out})
	var calls struct {
		Items []struct {
			Dialled string
			Via     []string
			Legs    []struct{ Extension string }
		}
	}
	m.do(t, "GET", tenant+"/calls", nil, &calls)
	if len(calls.Items) != 2 || len(calls.Items[0].Legs) != 3 || len(calls.Items[1].Legs) != 1 || calls.Items[1].Dialled != "*55102" || len(calls.Items[1].Via) != 1 || calls.Items[1].Via[0] != "monitor" {
		t.Errorf("under way are %+v", calls.Items)
	}
	hangUp(t, out, in)
	hears(t, boss.Done(), boss, "the end of the monitored call")
	m.noChannels(t)
	m.records(t)
}

// records: one of the monitored call, as if nothing had been, and one of the monitoring.
func (m *monitoring) records(t *testing.T) {
	t.Helper()
	eventually(t, 10*time.Second, func() string {
		var page struct {
			Items []struct {
				Dialled, Outcome string
				Via, Rules       []string
				Called           []struct{ Extension string }
			}
		}
		m.do(t, "GET", tenant+"/cdrs", nil, &page)
		var monitored, monitoring bool
		for _, r := range page.Items {
			switch {
			case r.Dialled == "102" && len(r.Via) == 0 && len(r.Called) == 2 && r.Outcome == "answered":
				monitored = true
			case r.Dialled == "*55102" && r.Outcome == "answered":
				monitoring = len(r.Called) == 0 && slices.Equal(r.Via, []string{"monitor"}) && slices.Equal(r.Rules, []string{"extension 101 monitors the call of extension 102"})
			}
		}
		if !monitored || !monitoring {
			return fmt.Sprintf("the records are not right: %+v", page.Items)
		}
		return ""
	})
}

// whichPhone: it is the one that is in the call, here the second, which called. Nobody
// monitors who monitors.
func (m *monitoring) whichPhone(t *testing.T) {
	m.do(t, "PATCH", tenant+"/extensions/101", object{"monitored": true}, nil)
	m.do(t, "PATCH", tenant+"/extensions/103", object{"monitors": true}, nil)
	m.applied(t)
	out, in := connect(t, m.home, m.other, "103")
	boss := m.listens(t, m.boss, "*55102")
	speaks(t, "its own call", out, callerTone, []*phone.Call{in, boss}, nil)
	nosy := m.listens(t, m.other, "*55101")
	hears(t, nosy.Done(), nosy, "the end of monitoring who monitors")
	talk(t, out, in)
	if err := boss.Hangup(within(t, 10*time.Second)); err != nil {
		t.Fatal(err)
	}
	talk(t, out, in)
	hangUp(t, in, out)
	m.noChannels(t)
}

// tenants: of two calls at once each tenant hears its own.
func (m *monitoring) tenants(t *testing.T) {
	out, in := connect(t, m.other, m.desk, "102")
	theirs, there := connect(t, m.stranger, m.theirThird, "103")
	boss, spy := m.listens(t, m.boss, "*55102"), m.listens(t, m.spy, "*55102")
	speaks(t, "ours", out, callerTone, []*phone.Call{in, boss}, []*phone.Call{spy, there})
	speaks(t, "theirs", theirs, calleeTone, []*phone.Call{there, spy}, []*phone.Call{boss, in})
	for _, c := range []*phone.Call{boss, spy} {
		if err := c.SendDTMF("6"); err != nil {
			t.Fatal(err)
		}
	}
	speaks(t, "our boss", boss, bossTone, []*phone.Call{in, out}, []*phone.Call{there, theirs})
	hangUp(t, out, in)
	hears(t, boss.Done(), boss, "the end of the monitored call")
	speaks(t, "theirs, later", there, calleeTone, []*phone.Call{theirs, spy}, nil)
	hangUp(t, theirs, there)
	hears(t, spy.Done(), spy, "the end of the other monitored call")
	m.noChannels(t)
}

func (m *monitoring) noController(t *testing.T) {
	m.kill(t)
	out, in := connect(t, m.other, m.desk, "102")
	if got := refusal(t, m.boss, "*55102"); got != 403 {
		t.Errorf("without a controller it answers %d", got)
	}
	hangUp(t, out, in)
	m.restart(t)
}
