package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

func sampleFetch() pbx.PhoneFetch {
	return pbx.PhoneFetch{MAC: "001565aabbcc", File: "001565aabbcc.cfg", Status: 200, Hash: strings.Repeat("ab", 32), Address: netip.MustParseAddr("192.0.2.9"),
		UserAgent: "Yealink SIP-T46U 108.86.0.20 00:15:65:aa:bb:cc", Own: true, Reason: pbx.RefusedFile, At: time.UnixMilli(1700000000123).UTC()}
}

// addFetches adds and does not look at how much waits.
func addFetches(t testing.TB, db *DB, fs ...pbx.PhoneFetch) {
	t.Helper()
	if _, err := db.AddFetches(t.Context(), batchOf(fs...)); err != nil {
		t.Fatal(err)
	}
}

// batchOf is a batch of these requests.
func batchOf(fs ...pbx.PhoneFetch) *FetchBatch {
	b := &FetchBatch{}
	for _, f := range fs {
		b.Add(f)
	}
	return b
}

var compareAddr = cmp.Comparer(func(a, b netip.Addr) bool { return a == b })

func TestFetchRoundTrip(t *testing.T) {
	db := openDB(t, Options{})
	first, second := sampleFetch(), pbx.PhoneFetch{MAC: "001565aabbcc", At: time.UnixMilli(1700000000124).UTC()}
	notStored := first
	notStored.Enrolling, notStored.Former = true, true
	checkEveryFieldSet(t, &notStored)
	addFetches(t, db, first, second)
	got, err := db.Fetches(t.Context(), "001565aabbcc", 10)
	if diff := cmp.Diff([]pbx.PhoneFetch{second, first}, got, compareAddr); diff != "" || err != nil {
		t.Error(err, diff)
	}
	if got, err := db.Fetches(t.Context(), "001565aabbcc", 1); err != nil || len(got) != 1 {
		t.Errorf("limit 1: %d, %v", len(got), err)
	}
}

// Requests that differ in their time alone are one row, with the last 20 of their
// times, and each is there when the phone is looked at.
func TestEqualFetchesAreOneRow(t *testing.T) {
	db := openDB(t, Options{})
	var fs []pbx.PhoneFetch
	for i := range 75 {
		f := sampleFetch()
		f.At = f.At.Add(time.Duration(i) * time.Second)
		fs = append(fs, f)
	}
	other := sampleFetch()
	other.Status, other.At = 304, fs[60].At.Add(time.Millisecond)
	for _, b := range []*FetchBatch{batchOf(fs[:60]...), batchOf(append(fs[60:], other)...)} {
		if _, err := db.AddFetches(t.Context(), b); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.SortFetches(t.Context()); err != nil {
		t.Fatal(err)
	}
	rows := rawQuery(t, db, `SELECT status || ' ' || (length(times) / 13) || ' ' || at FROM phone_fetches ORDER BY status`)
	if want := []string{fmt.Sprintf("200 20 %d", fs[74].At.UnixMilli()), fmt.Sprintf("304 1 %d", other.At.UnixMilli())}; !cmp.Equal(rows, want) {
		t.Errorf("the rows are %v, want %v", rows, want)
	}
	got, err := db.Fetches(t.Context(), "001565aabbcc", 50)
	if err != nil || len(got) != 21 || !got[0].At.Equal(fs[74].At) || got[14].Status != 304 || !got[15].At.Equal(fs[60].At) {
		t.Fatalf("%d requests, %v", len(got), err)
	}
	for i := 1; i < len(got); i++ {
		if got[i].At.After(got[i-1].At) {
			t.Errorf("request %d is out of order", i)
		}
	}
}

func TestFetchTextsAreCut(t *testing.T) {
	db := openDB(t, Options{})
	f := sampleFetch()
	f.File, f.UserAgent = strings.Repeat("x", 300), strings.Repeat("x", 199)+"äöü"
	addFetches(t, db, f)
	got, err := db.Fetches(t.Context(), f.MAC, 1)
	if err != nil || len(got[0].File) != 200 || len(got[0].UserAgent) != 199 || !utf8.ValidString(got[0].UserAgent) {
		t.Errorf("%+v, %v", got, err)
	}
}

// strangers returns n fetches by as many invented MACs.
func strangers(n int) []pbx.PhoneFetch {
	fs := make([]pbx.PhoneFetch, n)
	for i := range fs {
		fs[i] = pbx.PhoneFetch{MAC: pbx.MAC(fmt.Sprintf("02%010x", i)), File: "y000000000000.cfg", Status: 404, At: time.UnixMilli(int64(1800000000000 + i))}
	}
	return fs
}

func TestFetchesAreBounded(t *testing.T) {
	db := openDB(t, Options{})
	fill(t, db)
	var fs []pbx.PhoneFetch
	for i := range 120 {
		f := sampleFetch()
		f.Status, f.At = i, f.At.Add(time.Duration(i)*time.Millisecond)
		fs = append(fs, f)
	}
	add := func(fs []pbx.PhoneFetch) {
		t.Helper()
		addFetches(t, db, fs...)
		if err := db.SortFetches(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	add(fs[:70])
	add(fs[70:])
	add(strangers(strangersFetches))
	add([]pbx.PhoneFetch{{MAC: "02ffffffffff", At: time.UnixMilli(1900000000000)}})
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
	add([]pbx.PhoneFetch{{MAC: "02fffffffffe", At: time.UnixMilli(1900000000001)}})
	kept(0)
}

func BenchmarkAddFetches(b *testing.B) {
	db := openNew(b, Options{})
	addFetches(b, db, strangers(strangersFetches)...)
	fs := strangers(100)
	for b.Loop() {
		addFetches(b, db, fs...)
	}
}

// BenchmarkFetchStorm is all phones of a large site fetching again and again: a
// batch of 2,000 records of 10,000 phones that have their 50 rows already. The
// phone listener shares its processors with this.
func BenchmarkFetchStorm(b *testing.B) {
	db := openNew(b, Options{})
	const phones, batch = 10_000, 2_000
	fs := make([]pbx.PhoneFetch, phones)
	for i := range fs {
		fs[i] = sampleFetch()
		fs[i].MAC = pbx.MAC(fmt.Sprintf("001565%06x", i))
	}
	for range fetchesPerMAC {
		addFetches(b, db, fs...)
	}
	i := 0
	for b.Loop() {
		full, err := db.AddFetches(b.Context(), batchOf(fs[i:i+batch]...))
		if full {
			err = errors.Join(err, db.SortFetches(b.Context()))
		}
		if err != nil {
			b.Fatal(err)
		}
		i = (i + batch) % phones
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*batch), "µs/row")
}

// Batches that were cut short or made up are refused, not guessed at.
func FuzzFetchBatch(f *testing.F) {
	f.Add(batchOf(sampleFetch(), pbx.PhoneFetch{MAC: "001565aabbcc"}).content)
	f.Add([]byte{0x90, 0x03})
	f.Fuzz(func(t *testing.T, content []byte) {
		s := newSortedFetches()
		if !s.take(content) {
			return
		}
		again := &FetchBatch{}
		for row, times := range s.rows {
			for _, at := range times {
				row.At = fromMillis(at)
				again.Add(row)
			}
		}
		if !newSortedFetches().take(again.content) {
			t.Error("what was written again cannot be read")
		}
	})
}

// Whoever adds is told when much waits to be sorted, and a batch that cannot be
// read does not keep the others.
func TestManyFetchesAreToBeSorted(t *testing.T) {
	db := openDB(t, Options{})
	b := batchOf(sampleFetch())
	broken := &FetchBatch{content: b.content[:len(b.content)-1], n: 1}
	if full, err := db.AddFetches(t.Context(), broken); full || err != nil {
		t.Errorf("full %v, %v", full, err)
	}
	for b.Size() <= unsortedBytes {
		b.Add(sampleFetch())
	}
	if full, err := db.AddFetches(t.Context(), b); !full || err != nil {
		t.Errorf("full %v, %v", full, err)
	}
	if err := db.SortFetches(t.Context()); err != nil {
		t.Fatal(err)
	}
	if rows := rawQuery(t, db, `SELECT (SELECT count(*) FROM phone_fetch_batches) || ' ' || (SELECT count(*) FROM phone_fetches)`); rows[0] != "0 1" {
		t.Errorf("batches and rows: %s", rows[0])
	}
}

// Requests that the version before has stored, sorted or not, are there without a reason.
func TestFetchesFromBeforeReasons(t *testing.T) {
	path := filepath.Join(t.TempDir(), "old.db")
	load(t, "testdata/version-21.sql", path)
	raw, err := sql.Open("sqlite3", path)
	if err != nil {
		t.Fatal(err)
	}
	own := sampleFetch()
	own.Reason, own.Status = "", 404
	if _, err := raw.Exec(`INSERT INTO phone_fetch_batches (content) VALUES (?)`, batchOf(own).content); err != nil {
		t.Fatal(err)
	}
	if err := raw.Close(); err != nil {
		t.Fatal(err)
	}
	db := openAt(t, path, Options{})
	refused := own
	refused.At, refused.Reason = own.At.Add(time.Hour), pbx.RefusedWindow
	addFetches(t, db, refused)
	got, err := db.Fetches(t.Context(), own.MAC, 0)
	if err != nil || len(got) != 3 {
		t.Fatalf("%+v %v", got, err)
	}
	for i, want := range []pbx.Refusal{pbx.RefusedWindow, "", ""} {
		if got[i].Reason != want || !got[i].Own {
			t.Errorf("request %d: %+v", i, got[i])
		}
	}
}
