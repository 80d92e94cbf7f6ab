package fleet

import (
	"strings"
	"testing"
	"time"

	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// testOrders are without Asterisk; the test makes their steps.
func testOrders(t *testing.T, o Options) *Orders {
	t.Helper()
	q, err := newOrders(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	q.now = func() time.Time { return noon }
	return q
}

// yealinkOptions are for one phone.
func yealinkOptions(t *testing.T) Options {
	return testOptions(t, seenPhone("001565aabbcc", pbx.Yealink, "one"))
}

func ordered(q *Orders, t *testing.T, action pbx.ResyncAction) pbx.Resync {
	t.Helper()
	out, err := q.add(t.Context(), []pbx.Resync{{Tenant: "default", MAC: "001565aabbcc", Action: action, Reason: reasonRequest, Endpoint: "dabc"}})
	if err != nil {
		t.Fatal(err)
	}
	return out[0]
}

// sentAt makes an order look as if it was sent.
func (q *Orders) sentAt(id int64, at time.Time) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.orders[id].SentAt = at
	q.move(q.orders[id], pbx.ResyncSent)
}

func stateOf(t *testing.T, q *Orders, id int64) pbx.Resync {
	t.Helper()
	store(t, q.changed)
	all, err := q.o.DB.Resyncs(t.Context(), db.ResyncFilter{})
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range all {
		if o.ID == id {
			return o
		}
	}
	t.Fatalf("order %d is gone", id)
	return pbx.Resync{}
}

func TestOnlyALaterFetchOfTheFullFileProvesAnOrder(t *testing.T) {
	q := testOrders(t, yealinkOptions(t))
	o := ordered(q, t, pbx.ResyncFiles)
	fetch := pbx.PhoneFetch{MAC: "001565aabbcc", File: "001565aabbcc.cfg", Hash: "aa", Own: true, At: noon}
	q.fetched(fetch)
	if s := stateOf(t, q, o.ID); s.State != pbx.ResyncQueued {
		t.Errorf("before it was sent: %s", s.State)
	}
	q.sentAt(o.ID, noon.Add(time.Second))
	early, foreign, other, nothing := fetch, fetch, fetch, fetch
	foreign.Own, other.File, nothing.Hash = false, "001565aabbcc-contact.xml", ""
	foreign.At, other.At, nothing.At = noon.Add(time.Minute), noon.Add(time.Minute), noon.Add(time.Minute)
	for _, f := range []pbx.PhoneFetch{early, foreign, other, nothing} {
		q.fetched(f)
	}
	if s := stateOf(t, q, o.ID); s.State != pbx.ResyncSent {
		t.Errorf("proved by something else: %+v", s)
	}
	fetch.At = noon.Add(2 * time.Second)
	q.fetched(fetch)
	if s := stateOf(t, q, o.ID); s.State != pbx.ResyncFetched || !s.EndedAt.Equal(fetch.At) || s.Hash != "aa" || s.File != fetch.File {
		t.Errorf("%+v", s)
	}
	if len(q.orders)+len(q.of) != 0 || q.changed.Marked(o.ID) {
		t.Errorf("left in memory: %v %v", q.orders, q.of)
	}
}

func TestOrdersTimeOut(t *testing.T) {
	q := testOrders(t, yealinkOptions(t))
	files, reboot := ordered(q, t, pbx.ResyncFiles), ordered(q, t, pbx.ResyncReboot)
	q.sentAt(files.ID, noon)
	q.sentAt(reboot.ID, noon)
	waiting := ordered(q, t, pbx.ResyncFiles)
	q.expire(noon.Add(resyncWithin - 1))
	if s := stateOf(t, q, files.ID); s.State != pbx.ResyncSent {
		t.Errorf("too early: %s", s.State)
	}
	q.expire(noon.Add(resyncWithin))
	if s := stateOf(t, q, files.ID); s.State != pbx.ResyncTimedOut || !strings.Contains(s.Error, "3m0s") {
		t.Errorf("%+v", s)
	}
	if s := stateOf(t, q, reboot.ID); s.State != pbx.ResyncSent {
		t.Errorf("a reboot takes longer: %s", s.State)
	}
	q.expire(noon.Add(rebootWithin))
	if s := stateOf(t, q, reboot.ID); s.State != pbx.ResyncTimedOut {
		t.Errorf("%s", s.State)
	}
	q.expire(noon.Add(queuedWithin))
	if s := stateOf(t, q, waiting.ID); s.State != pbx.ResyncFailed {
		t.Errorf("%s", s.State)
	}
}

func TestOrdersSurviveARestart(t *testing.T) {
	o := yealinkOptions(t)
	q := testOrders(t, o)
	sent := ordered(q, t, pbx.ResyncFiles)
	q.sentAt(sent.ID, noon)
	queued := ordered(q, t, pbx.ResyncFiles)
	if twin := ordered(q, t, pbx.ResyncFiles); twin.ID != queued.ID {
		t.Errorf("the same order waits twice: %d and %d", queued.ID, twin.ID)
	}
	store(t, q.changed)
	q = testOrders(t, o)
	if len(q.orders) != 2 || q.orders[queued.ID].State != pbx.ResyncQueued {
		t.Fatalf("%+v", q.orders)
	}
	q.fetched(pbx.PhoneFetch{MAC: "001565aabbcc", File: "001565aabbcc.cfg", Hash: "aa", Own: true, At: noon.Add(time.Second)})
	if s := stateOf(t, q, sent.ID); s.State != pbx.ResyncFetched {
		t.Errorf("%+v", s)
	}
	if o := ordered(q, t, pbx.ResyncReboot); o.ID != queued.ID+1 {
		t.Errorf("number %d after %d", o.ID, queued.ID)
	}
}
