package fleet

import (
	"testing"
	"time"

	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/phoneconf"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// deskPhone is a phone with a line that holds its present files.
func (l *lab) deskPhone() (p *pbx.Phone, endpoint string) {
	l.t.Helper()
	l.extension("101", "Anna")
	endpoint = l.device("anna", "101")
	l.phone("001565000001", pbx.Yealink, "T46U", "anna")
	p = l.current.Load().Phone("001565000001")
	l.fetches(p)
	return p, endpoint
}

// fetches lets a phone fetch its present full file.
func (l *lab) fetches(p *pbx.Phone) {
	l.t.Helper()
	name := phoneconf.FileName(string(p.MAC) + ".cfg")
	hash, err := l.o.Hash(l.current.Load(), p, name)
	if err != nil {
		l.t.Fatal(err)
	}
	l.Record(pbx.PhoneFetch{MAC: p.MAC, File: string(name), Status: 200, Hash: hash, Own: true, At: time.Now()})
}

// orders are those of all phones, newest first.
func (l *lab) orders() []pbx.Resync {
	l.t.Helper()
	out, err := l.Orders.List(l.t.Context(), db.ResyncFilter{})
	if err != nil {
		l.t.Fatal(err)
	}
	return out
}

// A phone that is away while its file changes is told when it is back, also if the program
// was started again meanwhile.
func TestAPhoneThatWasAwayIsToldWhenItIsBack(t *testing.T) {
	for name, restart := range map[string]bool{"": false, "over a restart": true} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t)
			p, endpoint := l.deskPhone()
			l.start()
			l.away.Store(true)
			l.extension("101", "Anne")
			l.until("for the order to wait", func() bool { o := l.orders(); return len(o) == 1 && o[0].State == pbx.ResyncAway })
			if restart {
				l.stop()
				l.fresh()
				l.start()
			}
			first := len(l.asterisk.Actions("PJSIPNotify"))
			l.away.Store(false)
			l.until("for the phone to be told", func() bool { return len(l.asterisk.Actions("PJSIPNotify")) > first })
			if last := l.asterisk.Actions("PJSIPNotify")[first]; last.Get("Endpoint") != endpoint {
				t.Errorf("told %v", last)
			}
			l.until("for the order to be sent", func() bool { return l.orders()[0].State == pbx.ResyncSent })
			l.fetches(p)
			if o := l.orders(); len(o) != 1 || o[0].State != pbx.ResyncFetched || o[0].Reason != reasonChange {
				t.Errorf("%+v", o)
			}
		})
	}
}

// A phone that comes back by a restart has fetched its files already.
func TestAFetchMakesAnOrderToAPhoneThatIsAwayNeedless(t *testing.T) {
	l := newLab(t)
	p, _ := l.deskPhone()
	l.start()
	l.away.Store(true)
	l.extension("101", "Anne")
	l.until("for the order to wait", func() bool { o := l.orders(); return len(o) == 1 && o[0].State == pbx.ResyncAway })
	l.fetches(p)
	l.away.Store(false)
	if o := l.orders(); o[0].State != pbx.ResyncFetched || len(l.asterisk.Actions("PJSIPNotify")) != 1 {
		t.Errorf("%+v", o)
	}
}

// A phone of which nobody knows that it was away is told once when it registers with old
// files, and one with the present files is not.
func TestAPhoneWithOldFilesIsToldWhenItRegisters(t *testing.T) {
	l := newLab(t)
	p, endpoint := l.deskPhone()
	l.cameBack(t.Context(), endpoint)
	l.cameBack(t.Context(), "dnobody")
	if o := l.orders(); len(o) != 0 {
		t.Fatalf("with its present files: %+v", o)
	}
	put(l, (*db.Tx).PutExtension, &pbx.Extension{Tenant: pbx.DefaultTenant, Number: "101", Name: "Anne", RingSeconds: 20})
	before := len(l.orders())
	l.cameBack(t.Context(), endpoint)
	if o := l.orders(); len(o) != before || before != 1 {
		t.Errorf("an order waits already: %+v", o)
	}
	l.Orders.mu.Lock()
	for _, o := range l.Orders.of[p.MAC] {
		l.Orders.end(o, pbx.ResyncTimedOut, "", time.Now())
	}
	l.Orders.mu.Unlock()
	for range 3 { // it comes and goes
		l.cameBack(t.Context(), endpoint)
		l.Orders.mu.Lock()
		for _, o := range l.Orders.of[p.MAC] {
			if o.Active() && o.Reason != reasonReturn {
				t.Errorf("%+v", o)
			}
		}
		l.Orders.mu.Unlock()
	}
	if o := l.orders(); len(o) != before+1 || o[0].Reason != reasonReturn || o[0].Endpoint != endpoint || o[0].State != pbx.ResyncQueued {
		t.Errorf("with old files: %+v", o)
	}
	l.fetches(p)
	if o := l.orders(); o[0].State != pbx.ResyncFetched {
		t.Errorf("it fetched before it was told: %+v", o)
	}
	l.Orders.now = func() time.Time { return time.Now().Add(returnGap) }
	l.extension("101", "Ann")
	l.Orders.mu.Lock()
	for _, o := range l.Orders.of[p.MAC] {
		l.Orders.end(o, pbx.ResyncTimedOut, "", time.Now())
	}
	l.Orders.mu.Unlock()
	if l.cameBack(t.Context(), endpoint); l.orders()[0].Reason != reasonReturn {
		t.Errorf("an hour later: %+v", l.orders())
	}
}

func TestOrdersToAPhoneThatStaysAwayEnd(t *testing.T) {
	q := testOrders(t, yealinkOptions(t))
	o := ordered(q, t, pbx.ResyncFiles)
	q.mu.Lock()
	q.move(q.orders[o.ID], pbx.ResyncAway)
	q.expire(noon.Add(awayWithin - 1))
	q.mu.Unlock()
	if s := stateOf(t, q, o.ID); s.State != pbx.ResyncAway {
		t.Errorf("too early: %+v", s)
	}
	q.mu.Lock()
	q.expire(noon.Add(awayWithin))
	q.mu.Unlock()
	if s := stateOf(t, q, o.ID); s.State != pbx.ResyncFailed || s.Error == "" {
		t.Errorf("%+v", s)
	}
}
