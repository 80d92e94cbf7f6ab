package faults

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/dialtone-pbx/dialtone/cmd/phonesim/phone"
	"github.com/dialtone-pbx/dialtone/cmd/sandbox/box"
	. "github.com/dialtone-pbx/dialtone/cmd/sandbox/lab"
)

const (
	attackersCarrier = "127.0.0.23"
	leastCalls       = 30 // that the attackers must have brought about
)

var processed = regexp.MustCompile(`(\d+) calls? processed`)

// TestHostileRealAsterisk: whatever a phone of another tenant, a carrier and a stranger write
// into SIP, nothing of it is an event. An ordinary call beside it stays live and gets its one
// record, and each call that Asterisk has made has a record of its own.
func TestHostileRealAsterisk(t *testing.T) {
	for _, suite := range box.Suites() {
		t.Run(suite.Name, func(t *testing.T) {
			t.Parallel()
			l := openLab(t, suite)
			l.hostile(t)
		})
	}
}

func (l *lab) hostile(t *testing.T) {
	l.Do(t, "PUT", "/v1/tenants/evil", Object{}, nil)
	l.ExtensionOf(t, "evil", "101", "", nil)
	account := l.DeviceOf(t, "evil", "desk", "101", nil)
	l.Do(t, "PUT", "/v1/tenants/evil/trunks/carrier", Object{"host": attackersCarrier, "port": 5999}, nil)
	l.Do(t, "PUT", "/v1/tenants/evil/numbers/+493012345601", Object{"destination": "extension:101"}, nil)
	l.Extension(t, "201", "", nil)
	l.Extension(t, "202", "", nil)
	caller := l.Register(t, l.Device(t, "caller", "201", nil), phone.Options{})
	callee := l.Register(t, l.Device(t, "callee", "202", nil), phone.Options{})
	out, in := Connect(t, caller, callee, "202")
	victim := l.Live(t, "the victim's call", AnsweredCall)
	attackers := []*Attacker{l.Attacker(t, "127.0.0.1", &account), l.Attacker(t, attackersCarrier, nil), l.Attacker(t, "127.0.0.24", nil)}
	for _, method := range []string{"INVITE", "REGISTER", "MESSAGE", "REFER", "SUBSCRIBE", "NOTIFY", "INFO", "OPTIONS"} {
		for i, number := range HostileNumbers(victim.ID) {
			value := HostileValues[i%len(HostileValues)]
			for _, a := range attackers {
				a.Send(t, Request{Method: method, To: number, From: "101"})
				a.Send(t, Request{Method: method, To: "%2B493012345601", From: number})
				a.Send(t, Request{Method: method, To: number, From: number, Display: value, Param: value, Header: value, Body: value})
			}
		}
		l.victimLives(t, victim.ID)
	}
	l.Settle(t, "2")
	HangUp(t, out, in)
	l.Untracked(t)
	l.everyCallHasItsRecord(t, attackers)
	want := "201/caller dialled 202: answered by 202/callee; called 202/callee ANSWER"
	Eventually(t, 5*time.Second, func() string {
		rows := l.CDRs(t, "")
		if len(rows) != 1 || rows[0].Call != victim.ID || rows[0].Summary() != want || time.Since(rows[0].Ended) > time.Minute {
			return fmt.Sprintf("the victim's tenant has the records %+v", rows)
		}
		return ""
	})
}

// victimLives: the one call of the victim's tenant goes on, and the attackers' tenant has none
// that is another's.
func (l *lab) victimLives(t *testing.T, id string) {
	t.Helper()
	var own, others struct{ Items []LiveCall }
	l.Do(t, "GET", Tenant+"/calls", nil, &own)
	l.Do(t, "GET", "/v1/tenants/evil/calls", nil, &others)
	if len(own.Items) != 1 || own.Items[0].ID != id || own.Items[0].Answered == nil {
		t.Fatalf("the victim's tenant has the calls %+v", own.Items)
	}
	for _, c := range others.Items {
		if c.ID == id || !strings.Contains(c.ID, ".") {
			t.Fatalf("the attacker's tenant has the call %+v", c)
		}
	}
}

// everyCallHasItsRecord compares the records with the calls that Asterisk says it has processed.
func (l *lab) everyCallHasItsRecord(t *testing.T, attackers []*Attacker) {
	t.Helper()
	sent := 0
	for _, a := range attackers {
		sent += a.Sent()
	}
	m := processed.FindStringSubmatch(l.Console(t, "core show channels count"))
	if m == nil {
		t.Fatal("Asterisk does not say how many calls it has processed")
	}
	calls, err := strconv.Atoi(m[1])
	if err != nil {
		t.Fatal(err)
	}
	if calls < leastCalls || strings.Contains(l.Metrics(t), "\ndialtone_ami_events_broken 0\n") {
		t.Errorf("the attack does not reach Asterisk: %d calls", calls)
	}
	var page struct{ Items []CDR }
	Eventually(t, 20*time.Second, func() string {
		l.Do(t, "GET", "/v1/tenants/evil/cdrs?limit=1000", nil, &page)
		if len(page.Items) != calls-1 { // the other is the victim's
			return fmt.Sprintf("%d records of %d calls", len(page.Items), calls-1)
		}
		return ""
	})
	seen, crossings := map[string]bool{}, 0
	for _, c := range page.Items {
		if seen[c.Call] || c.Outcome == "answered" || c.From.Device == "caller" || c.From.Device == "callee" {
			crossings++
			t.Errorf("a record that is none: %+v", c)
		}
		seen[c.Call] = true
	}
	t.Logf("%d requests, %d calls, %d crossings, %d lost records", sent, calls, crossings, calls-1-len(page.Items))
}
