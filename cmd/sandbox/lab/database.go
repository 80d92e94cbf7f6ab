package lab

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// writeDatabase writes an empty database for a controller to find. To make one with all
// migrations takes most of the processor time of a controller's start under the race
// detector; the sandbox's offices and the tests of package db make theirs.
func writeDatabase(t *testing.T, path string) {
	t.Helper()
	content, err := migrated()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

// migrated is an empty database as the program under test makes it.
var migrated = sync.OnceValues(func() ([]byte, error) {
	binary, err := build()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "dialtone-lab-")
	if err != nil {
		return nil, fmt.Errorf("making a folder for the database to copy: %w", err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "dialtone.db")
	if err := os.WriteFile(path, nil, 0o600); err != nil { // an empty database; it is asked to be there
		return nil, err
	}
	if out, err := exec.Command(binary, "token", "list", "--db", path).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("making a database: %w\n%s", err, out)
	}
	return os.ReadFile(path)
})
