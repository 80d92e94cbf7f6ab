// Package dbtest owns how tests come by a database: the first one that a test
// program opens is migrated, all others are copies of it. Reading and carrying out
// every migration was a third of the time of db's tests.
//
// It may import the standard library only, so that db's own tests can use it.
package dbtest

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// Open opens a database with open, which is db.Open, and closes it with the test.
// One that does not exist yet begins as a migrated copy; tests of migrating and of
// making the file call db.Open themselves.
func Open[D io.Closer, O any](t testing.TB, path string, open func(context.Context, string, O) (D, error), opts O) D {
	t.Helper()
	if _, err := os.Stat(path); os.IsNotExist(err) {
		content, err := migrated(func(path string) (io.Closer, error) { return open(context.Background(), path, opts) })
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	d, err := open(context.Background(), path, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

var template struct {
	once    sync.Once
	content []byte
	err     error
}

// migrated returns the bytes of an empty database of the current version.
func migrated(open func(path string) (io.Closer, error)) ([]byte, error) {
	template.once.Do(func() { template.content, template.err = migrate(open) })
	return template.content, template.err
}

func migrate(open func(path string) (io.Closer, error)) (content []byte, err error) {
	dir, err := os.MkdirTemp("", "dialtone-dbtest-")
	if err != nil {
		return nil, fmt.Errorf("making a folder for the database to copy: %w", err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "template.db")
	d, err := open(path)
	if err != nil {
		return nil, err
	}
	if err := d.Close(); err != nil { // moves the write-ahead log into the file
		return nil, err
	}
	return os.ReadFile(path)
}
