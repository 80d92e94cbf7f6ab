package bench

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

const (
	uploadRows   = 100_000
	uploadMemory = 64 << 20 // what a file of that many rows may cost beside what there is
	searchP95    = 20 * time.Millisecond
)

// numbers uploads a file of 100,000 numbers and searches among 200,000, both through the API, and
// asks for ways of calls among them. The references are bare inserts of SQLite on this disk,
// reading one number through the API, and the same decisions among a thousandth of the numbers.
func (b *bench) numbers(ctx context.Context) (rows []row, err error) {
	dir := filepath.Join(b.Dir, "numbers")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("folder of numbers: %w", err)
	}
	fake := newAsterisk()
	defer fake.close()
	fake.follow(filepath.Join(dir, "etc", "dialtone"))
	c, err := b.startController(ctx, dir, fake.address())
	if err != nil {
		return nil, err
	}
	defer func() {
		if err = errors.Join(err, c.stop()); err == nil {
			b.removeAll(dir)
		}
	}()
	n := b.rounds(uploadRows, uploadRows/10)
	upload, err := b.upload(ctx, c, dir, n)
	if err != nil {
		return nil, err
	}
	if err := c.upload(ctx, n, n); err != nil { // as many again, to be searched
		return nil, err
	}
	search, err := b.search(ctx, c, 2*n)
	if err != nil {
		return nil, err
	}
	ways, err := b.ways(2 * n)
	return []row{upload, search, ways}, err
}

// numberFile is a CSV file of n numbers from the given one on.
func numberFile(from, n int) []byte {
	var text bytes.Buffer
	text.WriteString("Country Code,Phone Number,Voice,SMS,Fax\n")
	for i := from; i < from+n; i++ {
		fmt.Fprintf(&text, "49,%s,TRUE,FALSE,FALSE\n", benchNumber(i))
	}
	return text.Bytes()
}

// benchNumber is the i-th number, of Berlin.
func benchNumber(i int) string { return fmt.Sprintf("+4930%08d", 20_000_000+i) }

// upload sends a file of numbers.
func (c *controller) upload(ctx context.Context, from, n int) error {
	var done struct{ Added int }
	err := c.client.Do(ctx, "POST", "/v1/numbers/upload", numberFile(from, n), &done, "Content-Type", "text/csv")
	if err == nil && done.Added != n {
		err = fmt.Errorf("%d of %d numbers were added", done.Added, n)
	}
	return err
}

func (b *bench) upload(ctx context.Context, c *controller, dir string, n int) (row, error) {
	raw, err := rawInserts(ctx, filepath.Join(dir, "raw.db"), n)
	if err != nil {
		return row{}, err
	}
	if err := forgetPeak(c.pid()); err != nil {
		return row{}, err
	}
	before, _, err := memory(c.pid())
	if err != nil {
		return row{}, err
	}
	start := time.Now()
	if err := c.upload(ctx, 0, n); err != nil {
		return row{}, err
	}
	took := time.Since(start)
	_, peak, err := memory(c.pid())
	if err != nil {
		return row{}, err
	}
	perSecond, more := float64(n)/took.Seconds(), max(peak-before, 0)
	return row{
		what: fmt.Sprintf("upload a file of %d numbers by API", n),
		result: fmt.Sprintf("%.0f rows/s; memory %d MB above the %d MB before", perSecond, more>>20,
			before>>20),
		reference: fmt.Sprintf("%.0f rows/s of bare SQLite, one transaction", raw),
		ratio:     times(perSecond, raw), target: fmt.Sprintf("≤ %d MB more", uploadMemory>>20),
		holds: more <= uploadMemory,
	}, nil
}

// forgetPeak makes what a process has now its peak.
func forgetPeak(pid int) error {
	if err := os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", pid), []byte("5"), 0); err != nil {
		return fmt.Errorf("forgetting how large process %d was: %w", pid, err)
	}
	return nil
}

// rawInserts returns how many rows a second a bare SQLite inserts in one transaction.
func rawInserts(ctx context.Context, path string, n int) (perSecond float64, err error) {
	raw, err := sql.Open("sqlite3", "file:"+path+"?_journal_mode=WAL&_synchronous=FULL")
	if err != nil {
		return 0, fmt.Errorf("opening a bare SQLite: %w", err)
	}
	defer func() { err = errors.Join(err, raw.Close()) }()
	raw.SetMaxOpenConns(1)
	if _, err := raw.ExecContext(ctx, "CREATE TABLE t (number TEXT PRIMARY KEY, kind TEXT, voice INTEGER, sms INTEGER, "+
		"fax INTEGER) STRICT, WITHOUT ROWID"); err != nil {
		return 0, fmt.Errorf("preparing a bare SQLite: %w", err)
	}
	start := time.Now()
	tx, err := raw.BeginTx(ctx, nil)
	if err != nil {
		return 0, fmt.Errorf("inserting into a bare SQLite: %w", err)
	}
	insert, err := tx.PrepareContext(ctx, "INSERT INTO t VALUES (?, 'local', 1, 0, 0)")
	if err != nil {
		return 0, errors.Join(fmt.Errorf("inserting into a bare SQLite: %w", err), tx.Rollback())
	}
	for i := range n {
		if _, err := insert.ExecContext(ctx, benchNumber(i)); err != nil {
			return 0, errors.Join(fmt.Errorf("inserting into a bare SQLite: %w", err), tx.Rollback())
		}
	}
	if err := tx.Commit(); err != nil {
		return 0, fmt.Errorf("inserting into a bare SQLite: %w", err)
	}
	return float64(n) / time.Since(start).Seconds(), nil
}

// search looks for digits in the middle of the numbers: no index helps.
func (b *bench) search(ctx context.Context, c *controller, n int) (row, error) {
	var took, plain []time.Duration
	for i := range b.rounds(200, 50) {
		var found struct{ Items []struct{ Number string } }
		digits := benchNumber(n * (2*i + 1) / 400)[6:]
		start := time.Now()
		if err := c.client.Do(ctx, "GET", "/v1/numbers?limit=20&contains="+digits, nil, &found); err != nil {
			return row{}, err
		}
		took = append(took, time.Since(start))
		if len(found.Items) == 0 {
			return row{}, fmt.Errorf("no number has %s in it", digits)
		}
		start = time.Now()
		if err := c.client.Do(ctx, "GET", "/v1/numbers/"+found.Items[0].Number, nil, nil); err != nil {
			return row{}, err
		}
		plain = append(plain, time.Since(start))
	}
	p95, one := quantile(took, .95), quantile(plain, .95)
	return row{
		what:      fmt.Sprintf("search %d numbers by digits in their middle, by API", n),
		result:    fmt.Sprintf("p50 %s, p95 %s", ms(quantile(took, .5)), ms(p95)),
		reference: fmt.Sprintf("reading one number by API: p95 %s", ms(one)),
		ratio:     times(float64(p95), float64(one)), target: "p95 ≤ " + ms(searchP95), holds: p95 <= searchP95,
	}, nil
}
