package provisioner

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dialtone-pbx/dialtone/db"
)

// indexLeaf begins a page of an index, or of a table without row ids
// (https://www.sqlite.org/fileformat2.html#b_tree_pages).
const indexLeaf = 0x0a

// A damage that no request has met is in the log and in what health shows.
func TestDamagedDatabaseIsReported(t *testing.T) {
	path := filepath.Join(t.TempDir(), "dialtone.db")
	store, err := db.Open(t.Context(), path, db.Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	whole := &Controller{db: openStore(t, path), log: slog.New(slog.DiscardHandler)}
	report(t, whole)
	if got := whole.Damages(); len(got) > 0 {
		t.Errorf("a whole database: %v", got)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	last := len(content) - 4096
	for content[last] != indexLeaf { // others may hold the schema, without which nothing opens
		last -= 4096
	}
	clear(content[last : last+4096])
	damaged := filepath.Join(t.TempDir(), "damaged.db")
	if err := os.WriteFile(damaged, content, 0o600); err != nil {
		t.Fatal(err)
	}
	var log safeBuffer
	c := &Controller{db: openStore(t, damaged), log: slog.New(slog.NewTextHandler(&log, nil))}
	report(t, c)
	if got := c.Damages(); len(got) == 0 || !strings.Contains(log.String(), "dialtone restore") {
		t.Errorf("damages %v, log %s", got, &log)
	}
}

// report waits for the first check.
func report(t *testing.T, c *Controller) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- c.checkDatabase(ctx) }()
	deadline := time.Now().Add(10 * time.Second)
	for c.damages.Load() == nil && time.Now().Before(deadline) {
		select {
		case err := <-done:
			t.Fatal(err)
		case <-time.After(time.Millisecond):
		}
	}
	cancel()
	<-done
}
