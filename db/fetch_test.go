package db

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

func sampleFetch() pbx.PhoneFetch {
	return pbx.PhoneFetch{MAC: "001565aabbcc", File: "001565aabbcc.cfg", Status: 200, Hash: strings.Repeat("ab", 32), Address: netip.MustParseAddr("192.0.2.9"),
		UserAgent: "Yealink SIP-T46U 108.86.0.20 00:15:65:aa:bb:cc", Own: true, At: time.UnixMilli(1700000000123).UTC()}
}

var compareAddr = cmp.Comparer(func(a, b netip.Addr) bool { return a == b })

func TestFetchRoundTrip(t *testing.T) {
	db := openDB(t, Options{})
	first, second := sampleFetch(), pbx.PhoneFetch{MAC: "001565aabbcc"}
	checkEveryFieldSet(t, &first)
	if err := db.AddFetches(t.Context(), []pbx.PhoneFetch{first, second}); err != nil {
		t.Fatal(err)
	}
	got, err := db.Fetches(t.Context(), "001565aabbcc", 10)
	if diff := cmp.Diff([]pbx.PhoneFetch{second, first}, got, compareAddr); diff != "" || err != nil {
		t.Error(err, diff)
	}
	if got, err := db.Fetches(t.Context(), "001565aabbcc", 1); err != nil || len(got) != 1 {
		t.Errorf("limit 1: %d, %v", len(got), err)
	}
}

func TestFetchTextsAreCut(t *testing.T) {
	db := openDB(t, Options{})
	f := sampleFetch()
	f.File, f.UserAgent = strings.Repeat("x", 300), strings.Repeat("x", 199)+"äöü"
	if err := db.AddFetches(t.Context(), []pbx.PhoneFetch{f}); err != nil {
		t.Fatal(err)
	}
	got, err := db.Fetches(t.Context(), f.MAC, 1)
	if err != nil || len(got[0].File) != 200 || len(got[0].UserAgent) != 199 || !utf8.ValidString(got[0].UserAgent) {
		t.Errorf("%+v, %v", got, err)
	}
}

// strangers returns n fetches by as many invented MACs.
func strangers(n int) []pbx.PhoneFetch {
	fs := make([]pbx.PhoneFetch, n)
	for i := range fs {
		fs[i] = pbx.PhoneFetch{MAC: pbx.MAC(fmt.Sprintf("02%010x", i)), File: "y000000000000.cfg", Status: 404}
	}
	return fs
}

func TestFetchesAreBounded(t *testing.T) {
	db := openDB(t, Options{})
	fill(t, db)
	var fs []pbx.PhoneFetch
	for i := range 120 {
		f := sampleFetch()
		f.Status = i
		fs = append(fs, f)
	}
	add := func(fs []pbx.PhoneFetch) {
		t.Helper()
		if err := db.AddFetches(t.Context(), fs); err != nil {
			t.Fatal(err)
		}
	}
	add(fs[:70])
	add(fs[70:])
	add(strangers(strangersFetches))
	add([]pbx.PhoneFetch{{MAC: "02ffffffffff"}})
	kept := func(want int) {
		t.Helper()
		got, err := db.Fetches(t.Context(), "001565aabbcc", 0)
		if err != nil || len(got) != want || want > 0 && (got[0].Status != 119 || got[want-1].Status != 120-want) {
			t.Errorf("%d kept of the phone, %v; want %d", len(got), err, want)
		}
	}
	kept(fetchesPerMAC)
	counts := rawQuery(t, db, `SELECT count(*) || ' ' || (SELECT count(*) FROM phone_fetches WHERE mac = '020000000000') FROM phone_fetches WHERE known = 0`)
	if want := fmt.Sprintf("%d 0", strangersFetches); counts[0] != want {
		t.Errorf("strangers and the oldest of them: %s, want %s", counts[0], want)
	}
	// A deleted phone is a stranger, and its rows are the oldest now.
	update(t, db, func(ctx context.Context, tx *Tx) error { return tx.DeletePhone(ctx, "default", "001565aabbcc") })
	kept(fetchesPerMAC)
	add([]pbx.PhoneFetch{{MAC: "02fffffffffe"}})
	kept(0)
}

func BenchmarkAddFetches(b *testing.B) {
	db := openDB(b, Options{})
	if err := db.AddFetches(b.Context(), strangers(strangersFetches)); err != nil {
		b.Fatal(err)
	}
	fs := strangers(100)
	for b.Loop() {
		if err := db.AddFetches(b.Context(), fs); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkFetchStorm is all phones of a large site fetching again and again: a
// batch of 2,000 records of 10,000 phones that have their 50 rows already. The
// phone listener shares its processors with this.
func BenchmarkFetchStorm(b *testing.B) {
	db := openDB(b, Options{})
	const phones, batch = 10_000, 2_000
	fs := make([]pbx.PhoneFetch, phones)
	for i := range fs {
		fs[i] = sampleFetch()
		fs[i].MAC = pbx.MAC(fmt.Sprintf("001565%06x", i))
	}
	for range fetchesPerMAC {
		if err := db.AddFetches(b.Context(), fs); err != nil {
			b.Fatal(err)
		}
	}
	i := 0
	for b.Loop() {
		if err := db.AddFetches(b.Context(), fs[i:i+batch]); err != nil {
			b.Fatal(err)
		}
		i = (i + batch) % phones
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*batch), "µs/row")
}
