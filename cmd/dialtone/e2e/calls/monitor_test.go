package calls

import (
	"fmt"
	"slices"
	"testing"
	"time"

	. "github.com/dialtone-pbx/dialtone/cmd/sandbox/lab"

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
			m.Do(t, "PUT", "/v1/tenants/other", Object{"title": "Other", "timezone": "UTC"}, nil)
			m.Extension(t, "101", "", Object{"monitors": true})
			m.Extension(t, "102", "4712", Object{"monitored": true})
			m.Extension(t, "103", "", nil)
			m.ExtensionOf(t, "other", "101", "", Object{"monitors": true})
			m.ExtensionOf(t, "other", "102", "", Object{"monitored": true})
			m.ExtensionOf(t, "other", "103", "", nil)
			m.boss = m.Register(t, m.Device(t, "boss", "101", nil), phone.Options{})
			m.desk = m.Register(t, m.Device(t, "desk", "102", nil), phone.Options{})
			m.home = m.Register(t, m.Device(t, "home", "102", nil), phone.Options{})
			m.other = m.Register(t, m.Device(t, "third", "103", nil), phone.Options{})
			m.spy = m.Register(t, m.DeviceOf(t, "other", "spy", "101", nil), phone.Options{})
			m.theirThird = m.Register(t, m.DeviceOf(t, "other", "third", "103", nil), phone.Options{})
			m.stranger = m.Register(t, m.DeviceOf(t, "other", "stranger", "102", nil), phone.Options{})
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
		if got := Refusal(t, m.boss, code); got != want {
			t.Errorf("%s answers %d, want %d", code, got, want)
		}
	}
	out, in := m.meet(t, "default", m.other, m.desk, "102")
	if got := Refusal(t, m.home, "*55103"); got != 403 {
		t.Errorf("who may not monitor is answered %d", got)
	}
	if got := Refusal(t, m.spy, "*55102"); got != 480 {
		t.Errorf("the other tenant, whose 102 is idle, is answered %d", got)
	}
	HangUp(t, out, in)
}

// meet connects two phones and waits until Asterisk has bridged them, which comes after the
// caller's 200: only then there is a talk that could be monitored.
func (m *monitoring) meet(t *testing.T, tenant string, from, to *phone.Phone, number string) (out, in *phone.Call) {
	t.Helper()
	out, in = Connect(t, from, to, number)
	Eventually(t, Patience, func() string {
		var calls struct {
			Items []struct {
				Dialled string
				Legs    []struct{ State string }
			}
		}
		m.Do(t, "GET", "/v1/tenants/"+tenant+"/calls", nil, &calls)
		for _, c := range calls.Items {
			up := 0
			for _, l := range c.Legs {
				if l.State == "up" {
					up++
				}
			}
			if c.Dialled == number && up == 2 {
				return ""
			}
		}
		return fmt.Sprintf("the call to %s is not bridged: %+v", number, calls.Items)
	})
	return out, in
}

// listens dials the code and waits until it is answered.
func (m *monitoring) listens(t *testing.T, from *phone.Phone, code string) *phone.Call {
	t.Helper()
	boss := Dial(t, from, code)
	if err := boss.WaitAnswer(); err != nil {
		t.Fatalf("%s: %v", code, err)
	}
	return boss
}

func (m *monitoring) modes(t *testing.T) {
	out, in := m.meet(t, "default", m.other, m.desk, "102")
	boss := m.listens(t, m.boss, "*55102")
	press := func(key string) {
		t.Helper()
		if err := boss.SendDTMF(key); err != nil {
			t.Fatal(err)
		}
	}
	both := func(mode string) {
		t.Helper()
		Speaks(t, mode+", the caller", out, CallerTone, []*phone.Call{in, boss}, nil)
		Speaks(t, mode+", the monitored one", in, CalleeTone, []*phone.Call{out, boss}, nil)
	}
	both("listen")
	Speaks(t, "listen", boss, bossTone, nil, []*phone.Call{in, out})
	press("5")
	both("whisper")
	Speaks(t, "whisper", boss, bossTone, []*phone.Call{in}, []*phone.Call{out})
	press("6")
	both("barge")
	Speaks(t, "barge", boss, bossTone, []*phone.Call{in, out}, nil)
	press("4")
	Speaks(t, "listen again", boss, bossTone, nil, []*phone.Call{in, out})
	var calls struct {
		Items []struct {
			Dialled string
			Via     []string
			Legs    []struct{ Extension string }
		}
	}
	m.Do(t, "GET", Tenant+"/calls", nil, &calls)
	if len(calls.Items) != 2 || len(calls.Items[0].Legs) != 3 || len(calls.Items[1].Legs) != 1 || calls.Items[1].Dialled != "*55102" || len(calls.Items[1].Via) != 1 || calls.Items[1].Via[0] != "monitor" {
		t.Errorf("under way are %+v", calls.Items)
	}
	HangUp(t, out, in)
	Hears(t, boss.Done(), boss, "the end of the monitored call")
	m.NoChannels(t)
	m.records(t)
}

// records: one of the monitored call, as if nothing had been, and one of the monitoring.
func (m *monitoring) records(t *testing.T) {
	t.Helper()
	Eventually(t, 10*time.Second, func() string {
		var page struct {
			Items []struct {
				Dialled, Outcome string
				Via, Rules       []string
				Called           []struct{ Extension string }
			}
		}
		m.Do(t, "GET", Tenant+"/cdrs", nil, &page)
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
	m.Do(t, "PATCH", Tenant+"/extensions/101", Object{"monitored": true}, nil)
	m.Do(t, "PATCH", Tenant+"/extensions/103", Object{"monitors": true}, nil)
	m.Applied(t)
	out, in := m.meet(t, "default", m.home, m.other, "103")
	boss := m.listens(t, m.boss, "*55102")
	Speaks(t, "its own call", out, CallerTone, []*phone.Call{in, boss}, nil)
	nosy := m.listens(t, m.other, "*55101")
	Hears(t, nosy.Done(), nosy, "the end of monitoring who monitors")
	Talk(t, out, in)
	if err := boss.Hangup(Within(t, 10*time.Second)); err != nil {
		t.Fatal(err)
	}
	Talk(t, out, in)
	HangUp(t, in, out)
	m.NoChannels(t)
}

// tenants: of two calls at once each tenant hears its own.
func (m *monitoring) tenants(t *testing.T) {
	out, in := m.meet(t, "default", m.other, m.desk, "102")
	theirs, there := m.meet(t, "other", m.stranger, m.theirThird, "103")
	boss, spy := m.listens(t, m.boss, "*55102"), m.listens(t, m.spy, "*55102")
	Speaks(t, "ours", out, CallerTone, []*phone.Call{in, boss}, []*phone.Call{spy, there})
	Speaks(t, "theirs", theirs, CalleeTone, []*phone.Call{there, spy}, []*phone.Call{boss, in})
	for _, c := range []*phone.Call{boss, spy} {
		if err := c.SendDTMF("6"); err != nil {
			t.Fatal(err)
		}
	}
	Speaks(t, "our boss", boss, bossTone, []*phone.Call{in, out}, []*phone.Call{there, theirs})
	HangUp(t, out, in)
	Hears(t, boss.Done(), boss, "the end of the monitored call")
	Speaks(t, "theirs, later", there, CalleeTone, []*phone.Call{theirs, spy}, nil)
	HangUp(t, theirs, there)
	Hears(t, spy.Done(), spy, "the end of the other monitored call")
	m.NoChannels(t)
}

func (m *monitoring) noController(t *testing.T) {
	m.Kill(t)
	out, in := Connect(t, m.other, m.desk, "102")
	if got := Refusal(t, m.boss, "*55102"); got != 403 {
		t.Errorf("without a controller it answers %d", got)
	}
	HangUp(t, out, in)
	m.Restart(t)
}
