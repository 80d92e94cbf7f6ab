package provisioner

import (
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dialtone-pbx/dialtone/ami"
	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/provisioner/event"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// testResyncer is one without Asterisk whose steps the test makes.
func testResyncer(t *testing.T, d *db.DB) *resyncer {
	t.Helper()
	p := seenPhone("001565aabbcc", pbx.Yealink, "one")
	c := &Controller{db: d, log: slog.New(slog.DiscardHandler), Events: event.NewHub()}
	c.snapshot.Store(seenSnapshot(1, p))
	r, err := newResyncer(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	r.session = func() (*ami.Session, error) { return nil, ami.ErrDown }
	r.now = func() time.Time { return inboxNoon }
	return r
}

func ordered(r *resyncer, t *testing.T, action pbx.ResyncAction) pbx.Resync {
	t.Helper()
	out, err := r.add(t.Context(), []pbx.Resync{{Tenant: "default", MAC: "001565aabbcc", Action: action, Reason: reasonRequest, Endpoint: "dabc"}})
	if err != nil {
		t.Fatal(err)
	}
	return out[0]
}

// sentAt makes an order look as if it was sent.
func (r *resyncer) sentAt(id int64, at time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.orders[id].SentAt = at
	r.move(r.orders[id], pbx.ResyncSent)
}

func stateOf(t *testing.T, r *resyncer, id int64) pbx.Resync {
	t.Helper()
	store(t, r.changed)
	all, err := r.db.Resyncs(t.Context(), db.ResyncFilter{})
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
	r := testResyncer(t, openStore(t, filepath.Join(t.TempDir(), "x.db")))
	o := ordered(r, t, pbx.ResyncFiles)
	fetch := pbx.PhoneFetch{MAC: "001565aabbcc", File: "001565aabbcc.cfg", Hash: "aa", Own: true, At: inboxNoon}
	r.fetched(fetch)
	if s := stateOf(t, r, o.ID); s.State != pbx.ResyncQueued {
		t.Errorf("before it was sent: %s", s.State)
	}
	r.sentAt(o.ID, inboxNoon.Add(time.Second))
	early, foreign, other, nothing := fetch, fetch, fetch, fetch
	foreign.Own, other.File, nothing.Hash = false, "001565aabbcc-contact.xml", ""
	foreign.At, other.At, nothing.At = inboxNoon.Add(time.Minute), inboxNoon.Add(time.Minute), inboxNoon.Add(time.Minute)
	for _, f := range []pbx.PhoneFetch{early, foreign, other, nothing} {
		r.fetched(f)
	}
	if s := stateOf(t, r, o.ID); s.State != pbx.ResyncSent {
		t.Errorf("proved by something else: %+v", s)
	}
	fetch.At = inboxNoon.Add(2 * time.Second)
	r.fetched(fetch)
	if s := stateOf(t, r, o.ID); s.State != pbx.ResyncFetched || !s.EndedAt.Equal(fetch.At) || s.Hash != "aa" || s.File != fetch.File {
		t.Errorf("%+v", s)
	}
	if len(r.orders)+len(r.of) != 0 || r.changed.Marked(o.ID) {
		t.Errorf("left in memory: %v %v", r.orders, r.of)
	}
}

func TestOrdersTimeOut(t *testing.T) {
	r := testResyncer(t, openStore(t, filepath.Join(t.TempDir(), "x.db")))
	files, reboot := ordered(r, t, pbx.ResyncFiles), ordered(r, t, pbx.ResyncReboot)
	r.sentAt(files.ID, inboxNoon)
	r.sentAt(reboot.ID, inboxNoon)
	waiting := ordered(r, t, pbx.ResyncFiles)
	r.expire(inboxNoon.Add(resyncWithin - 1))
	if s := stateOf(t, r, files.ID); s.State != pbx.ResyncSent {
		t.Errorf("too early: %s", s.State)
	}
	r.expire(inboxNoon.Add(resyncWithin))
	if s := stateOf(t, r, files.ID); s.State != pbx.ResyncTimedOut || !strings.Contains(s.Error, "3m0s") {
		t.Errorf("%+v", s)
	}
	if s := stateOf(t, r, reboot.ID); s.State != pbx.ResyncSent {
		t.Errorf("a reboot takes longer: %s", s.State)
	}
	r.expire(inboxNoon.Add(rebootWithin))
	if s := stateOf(t, r, reboot.ID); s.State != pbx.ResyncTimedOut {
		t.Errorf("%s", s.State)
	}
	r.expire(inboxNoon.Add(queuedWithin))
	if s := stateOf(t, r, waiting.ID); s.State != pbx.ResyncFailed {
		t.Errorf("%s", s.State)
	}
}

func TestOrdersSurviveARestart(t *testing.T) {
	d := openStore(t, filepath.Join(t.TempDir(), "x.db"))
	r := testResyncer(t, d)
	sent := ordered(r, t, pbx.ResyncFiles)
	r.sentAt(sent.ID, inboxNoon)
	queued := ordered(r, t, pbx.ResyncFiles)
	if twin := ordered(r, t, pbx.ResyncFiles); twin.ID != queued.ID {
		t.Errorf("the same order waits twice: %d and %d", queued.ID, twin.ID)
	}
	store(t, r.changed)
	r = testResyncer(t, d)
	if len(r.orders) != 2 || r.orders[queued.ID].State != pbx.ResyncQueued {
		t.Fatalf("%+v", r.orders)
	}
	r.fetched(pbx.PhoneFetch{MAC: "001565aabbcc", File: "001565aabbcc.cfg", Hash: "aa", Own: true, At: inboxNoon.Add(time.Second)})
	if s := stateOf(t, r, sent.ID); s.State != pbx.ResyncFetched {
		t.Errorf("%+v", s)
	}
	if o := ordered(r, t, pbx.ResyncReboot); o.ID != queued.ID+1 {
		t.Errorf("number %d after %d", o.ID, queued.ID)
	}
}
