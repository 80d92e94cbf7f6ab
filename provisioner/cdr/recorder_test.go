package cdr

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/db/dbtest"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
	"github.com/dialtone-pbx/dialtone/provisioner/spool"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// people are the extensions and devices of the calls below testdata.
var people = []struct{ device, number string }{{"caller", "101"}, {"bob", "102"}, {"carol", "103"}, {"busy", "105"}, {"desk", "212"}}

// office is the snapshot with these people.
func office() *pbx.Snapshot {
	var extensions []*pbx.Extension
	var devices []*pbx.Device
	for _, p := range people {
		extensions = append(extensions, &pbx.Extension{Tenant: pbx.DefaultTenant, Number: p.number})
		devices = append(devices, &pbx.Device{Tenant: pbx.DefaultTenant, Name: p.device, Extension: p.number, Endpoint: "d" + p.device})
	}
	return pbx.NewSnapshot(1, pbx.Rows{Tenants: []*pbx.Tenant{{Name: pbx.DefaultTenant}}, Extensions: extensions, Devices: devices})
}

// rig is a recorder on a real database that knows these people.
type rig struct {
	*Recorder
	t      *testing.T
	store  *db.DB
	office *pbx.Snapshot
	log    *bytes.Buffer
}

func newRig(t *testing.T) *rig {
	t.Helper()
	r := &rig{t: t, store: dbtest.Open(t, filepath.Join(t.TempDir(), "dialtone.db"), db.Open, db.Options{NoSync: true}), office: office(), log: &bytes.Buffer{}}
	_, err := r.store.Update(t.Context(), pbx.Author{Actor: "tester"}, func(tx *db.Tx) (err error) {
		for _, p := range people {
			err = errors.Join(err, tx.PutExtension(t.Context(), &pbx.Extension{Tenant: pbx.DefaultTenant, Number: p.number, RingSeconds: 20}))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	r.fresh()
	return r
}

// fresh is what a restart of the program does: another recorder on the same database.
func (r *rig) fresh() {
	r.t.Helper()
	var err error
	log := slog.New(slog.NewTextHandler(r.log, nil))
	if r.Recorder, err = New(r.t.Context(), Options{DB: r.store, Log: log, Recordings: spool.New(spool.Options{Log: log}),
		Today: time.Now}); err != nil {
		r.t.Fatal(err)
	}
}

// What extensions have answered survives a restart, records included that still
// waited when it came.
func TestAnsweredSurvivesRestart(t *testing.T) {
	r := newRig(t)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func(running *Recorder) { done <- running.Run(ctx) }(r.Recorder)
	at := time.Now()
	for range 3 {
		r.Count("default", "101", at)
	}
	r.Count("default", "404", at)
	r.Add(&pbx.CDR{CallID: "1.1", Tenant: "default", Started: at, Ended: at, Outcome: pbx.CallBusy})
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	r.fresh()
	if last, count := r.Answered("default", "101"); count != 3 || !last.Equal(pbx.Millis(at)) {
		t.Errorf("101 has answered %d calls, the last at %v", count, last)
	}
	if _, count := r.Answered("default", "404"); count != 0 {
		t.Errorf("an extension that does not exist has answered %d calls", count)
	}
	if rows, err := r.List(t.Context(), "default", db.CDRFilter{}); len(rows) != 1 || err != nil {
		t.Errorf("%d records, %v", len(rows), err)
	}
}

// A full queue loses records and counts them; it holds nobody up.
func TestRecordsOverflow(t *testing.T) {
	r := newRig(t)
	for range recordQueue + 3 {
		r.Add(&pbx.CDR{Tenant: "default"})
	}
	if r.Lost() != 3 {
		t.Errorf("%d records are said to be lost", r.Lost())
	}
}

// The next extension with a number begins anew; one that is renumbered goes on.
func TestCountsFollowTheExtension(t *testing.T) {
	r := newRig(t)
	at := time.Now()
	r.Count("default", "101", at)
	r.Renumber("default", "101", "177")
	if _, count := r.Answered("default", "101"); count != 0 {
		t.Errorf("101 has %d answers of 177", count)
	}
	if _, count := r.Answered("default", "177"); count != 1 {
		t.Errorf("177 has %d answers", count)
	}
	r.Forget("default", "177")
	if _, count := r.Answered("default", "177"); count != 0 {
		t.Errorf("the next 177 has %d answers", count)
	}
}
