package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/provisioner/asteriskconf"
	"github.com/dialtone-pbx/dialtone/templates"
)

const (
	renderTarget = 500 * time.Millisecond // of 10,000 extensions
	// Ten times the size may take that much longer and still be linear.
	linearMost = 13.0
)

// render makes all of Asterisk's files from a database that is still to be
// opened. The reference is writing the same bytes to the same disk.
func (b *bench) render(ctx context.Context) (rows []row, err error) {
	var small time.Duration
	for _, n := range []int{1_000, 10_000} {
		took, wrote, size, err := b.renderSize(ctx, n)
		if err != nil {
			return rows, err
		}
		r := row{
			what:      fmt.Sprintf("render every Asterisk file from the database, %d extensions with mailbox", n),
			result:    fmt.Sprintf("%s for %.1f MB", ms(took), float64(size)/1e6),
			reference: "writing the same bytes and fsync: " + ms(wrote), ratio: times(float64(took), float64(wrote)),
			target: "–", holds: true,
		}
		if n == 10_000 {
			growth := float64(took) / float64(small)
			r.result += fmt.Sprintf(", %.1f × the time of 1,000", growth)
			r.target = "≤ " + ms(renderTarget) + ", linear in size"
			r.holds = took <= renderTarget && growth <= linearMost
		}
		small = took
		rows = append(rows, r)
	}
	return rows, nil
}

// renderSize returns the median times of rendering and of writing, and the bytes.
func (b *bench) renderSize(ctx context.Context, n int) (took, wrote time.Duration, size int, err error) {
	dir := filepath.Join(b.Dir, fmt.Sprintf("render-%d", n))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return 0, 0, 0, fmt.Errorf("folder of the rendering: %w", err)
	}
	defer b.removeAll(dir)
	b.say("seeding %d extensions", n)
	path := filepath.Join(dir, "dialtone.db")
	if err := seed(ctx, path, people{count: n, mailboxes: true, phones: true, qualify: 60}); err != nil {
		return 0, 0, 0, err
	}
	var renders, writes []time.Duration
	for range b.rounds(9, 3) {
		start := time.Now()
		files, err := renderFrom(ctx, path)
		if err != nil {
			return 0, 0, 0, err
		}
		renders = append(renders, time.Since(start))
		start = time.Now()
		if size, err = writeAll(dir, files); err != nil {
			return 0, 0, 0, err
		}
		writes = append(writes, time.Since(start))
	}
	return quantile(renders, .5), quantile(writes, .5), size, nil
}

// renderFrom is the whole way from a closed database to bytes.
func renderFrom(ctx context.Context, path string) (_ *asteriskconf.Files, err error) {
	store, err := db.Open(ctx, path, db.Options{})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	s, err := store.Snapshot(ctx)
	if err != nil {
		return nil, err
	}
	engine, err := templates.New()
	if err != nil {
		return nil, err
	}
	return asteriskconf.Render(engine, s, asteriskconf.Options{})
}

func writeAll(dir string, files *asteriskconf.Files) (size int, err error) {
	for _, f := range files.List {
		if err := writeSynced(filepath.Join(dir, filepath.Base(f.Name)), f.Content); err != nil {
			return 0, err
		}
		size += len(f.Content)
	}
	return size, nil
}

func writeSynced(path string, content []byte) (err error) {
	f, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("writing a reference file: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if _, err := f.Write(content); err != nil {
		return fmt.Errorf("writing a reference file: %w", err)
	}
	return f.Sync()
}
