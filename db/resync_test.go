package db

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

func sampleResync() pbx.Resync {
	at := time.UnixMilli(1700000000123).UTC()
	return pbx.Resync{ID: 7, Batch: "b1", Tenant: "default", MAC: "001565aabbcc", Action: pbx.ResyncFiles, Reason: "request", Endpoint: "dabc", State: pbx.ResyncFetched, Error: "none",
		QueuedAt: at, DueAt: at.Add(1e9), SentAt: at.Add(2e9), EndedAt: at.Add(3e9), File: "001565aabbcc.cfg", Hash: "abcd"}
}

func TestResyncRoundTrip(t *testing.T) {
	db := openDB(t, Options{})
	first := sampleResync()
	checkEveryFieldSet(t, &first)
	second := pbx.Resync{ID: 8, Tenant: "acme", MAC: "64167f000001", State: pbx.ResyncQueued}
	if err := db.WriteResyncs(t.Context(), []pbx.Resync{first, second}); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		f    ResyncFilter
		want []pbx.Resync
	}{
		"all": {ResyncFilter{}, []pbx.Resync{second, first}}, "tenant": {ResyncFilter{Tenant: "acme"}, []pbx.Resync{second}}, "mac": {ResyncFilter{MAC: first.MAC}, []pbx.Resync{first}},
		"batch": {ResyncFilter{Batch: "b1"}, []pbx.Resync{first}}, "state": {ResyncFilter{State: "fetched"}, []pbx.Resync{first}}, "active": {ResyncFilter{Active: true}, []pbx.Resync{second}},
		"older": {ResyncFilter{BeforeID: 8}, []pbx.Resync{first}}, "limit": {ResyncFilter{Limit: 1}, []pbx.Resync{second}},
	} {
		got, err := db.Resyncs(t.Context(), c.f)
		if diff := cmp.Diff(c.want, got); diff != "" || err != nil {
			t.Errorf("%s: %v %s", name, err, diff)
		}
	}
	counts, err := db.ResyncCounts(t.Context(), "", "b1")
	last, err2 := db.LastResync(t.Context())
	if err != nil || err2 != nil || counts[pbx.ResyncFetched] != 1 || len(counts) != 1 || last != 8 {
		t.Errorf("%v %v %v %v", counts, last, err, err2)
	}
}

func TestOldResyncsAreForgotten(t *testing.T) {
	db := openDB(t, Options{})
	active := pbx.Resync{ID: 1, MAC: "001565aabbcc", State: pbx.ResyncSent}
	rs := []pbx.Resync{active}
	for i := range 3 * resyncsPerMAC {
		r := sampleResync()
		r.ID = int64(2 + i)
		rs = append(rs, r)
	}
	if err := db.WriteResyncs(t.Context(), rs); err != nil {
		t.Fatal(err)
	}
	got, err := db.Resyncs(t.Context(), ResyncFilter{})
	if err != nil || len(got) != resyncsPerMAC+1 || got[len(got)-1].ID != 1 || got[0].ID != int64(1+3*resyncsPerMAC) {
		t.Errorf("%d left, %v", len(got), err)
	}
}
