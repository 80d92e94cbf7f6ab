package db

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

func sampleStatus() pbx.EndpointStatus {
	at := time.UnixMilli(1700000000123).UTC()
	return pbx.EndpointStatus{Endpoint: "dabcdefgh", Reach: pbx.ReachOK, Address: netip.MustParseAddrPort("[2001:db8::1]:5060"), RoundTrip: 12345 * time.Microsecond,
		UserAgent: "Yealink SIP-T46U 108.86.0.20", Expires: at.Add(time.Hour), Call: pbx.CallInUse, ReachSince: at.Add(-time.Hour), CallSince: at.Add(-time.Minute), SeenAt: at}
}

var compareAddrs = cmp.Comparer(func(a, b netip.AddrPort) bool { return a == b })

func TestStatusRoundTrip(t *testing.T) {
	db := openDB(t, Options{})
	full, empty := sampleStatus(), pbx.EndpointStatus{Endpoint: "d2"}
	checkEveryFieldSet(t, &full)
	if err := db.PutStatuses(t.Context(), []pbx.EndpointStatus{full, empty}); err != nil {
		t.Fatal(err)
	}
	got, err := db.Statuses(t.Context())
	if diff := cmp.Diff(map[string]pbx.EndpointStatus{"dabcdefgh": full, "d2": empty}, got, compareAddrs); diff != "" || err != nil {
		t.Error(err, diff)
	}
	if err := db.DeleteStatuses(t.Context(), []string{"d2", "unknown"}); err != nil {
		t.Fatal(err)
	}
	if got, err := db.Statuses(t.Context()); err != nil || len(got) != 1 {
		t.Errorf("%d left, %v", len(got), err)
	}
	if n, err := db.Revision(t.Context()); n != 1 || err != nil {
		t.Errorf("status made revision %d, %v", n, err)
	}
}

func TestUnchangedStatusWritesNothing(t *testing.T) {
	db := openDB(t, Options{})
	put := func(s pbx.EndpointStatus) func() error {
		return func() error { return db.PutStatuses(t.Context(), []pbx.EndpointStatus{s}) }
	}
	if !wrote(t, db, put(sampleStatus())) {
		t.Fatal("the first was not written")
	}
	with := func(change func(*pbx.EndpointStatus)) pbx.EndpointStatus {
		s := sampleStatus()
		change(&s)
		return s
	}
	for name, c := range map[string]struct {
		status pbx.EndpointStatus
		want   bool
	}{
		"same":               {sampleStatus(), false},
		"confirmed":          {with(func(s *pbx.EndpointStatus) { s.SeenAt = s.SeenAt.Add(59 * time.Second) }), false},
		"confirmed later":    {with(func(s *pbx.EndpointStatus) { s.SeenAt = s.SeenAt.Add(time.Minute) }), true},
		"clock stepped back": {with(func(s *pbx.EndpointStatus) { s.SeenAt = s.SeenAt.Add(-time.Hour) }), true},
		"reach":              {with(func(s *pbx.EndpointStatus) { s.Reach = pbx.ReachUnknown }), true},
		"address":            {with(func(s *pbx.EndpointStatus) { s.Address = netip.AddrPort{} }), true},
		"round trip":         {with(func(s *pbx.EndpointStatus) { s.RoundTrip++; s.RoundTrip *= 2 }), true},
		"user agent":         {with(func(s *pbx.EndpointStatus) { s.UserAgent = "" }), true},
		"expires":            {with(func(s *pbx.EndpointStatus) { s.Expires = time.Time{} }), true},
		"call":               {with(func(s *pbx.EndpointStatus) { s.Call = pbx.CallIdle }), true},
		"reach since":        {with(func(s *pbx.EndpointStatus) { s.ReachSince = s.SeenAt }), true},
		"call since":         {with(func(s *pbx.EndpointStatus) { s.CallSince = s.SeenAt }), true},
	} {
		t.Run(name, func(t *testing.T) {
			if got := wrote(t, db, put(c.status)); got != c.want {
				t.Errorf("wrote: %v, want %v", got, c.want)
			}
			if err := put(sampleStatus())(); err != nil {
				t.Fatal(err)
			}
		})
	}
}

func TestStatusBatchIsAllOrNothing(t *testing.T) {
	db := openDB(t, Options{})
	err := db.PutStatuses(t.Context(), []pbx.EndpointStatus{sampleStatus(), {Endpoint: "d2", Reach: "WHAT"}})
	if pbx.KindOf(err) != pbx.Invalid {
		t.Errorf("got %v", err)
	}
	if got, err := db.Statuses(t.Context()); err != nil || len(got) != 0 {
		t.Errorf("%d written, %v", len(got), err)
	}
}

func BenchmarkPutStatuses(b *testing.B) {
	db := openNew(b, Options{})
	batch := make([]pbx.EndpointStatus, 1000)
	for b.Loop() {
		for i := range batch {
			batch[i] = sampleStatus()
			batch[i].Endpoint, batch[i].RoundTrip = fmt.Sprintf("d%d", i), time.Duration(b.Elapsed().Microseconds())*time.Microsecond
		}
		if err := db.PutStatuses(b.Context(), batch); err != nil {
			b.Fatal(err)
		}
	}
}
