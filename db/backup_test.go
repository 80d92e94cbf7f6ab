package db

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestBackupRoundTrip(t *testing.T) {
	dir := t.TempDir()
	path, copied := filepath.Join(dir, "x.db"), filepath.Join(dir, "backup.db")
	db := openAt(t, path, Options{})
	fillEverything(t, db)
	if err := os.WriteFile(copied, []byte("the backup of yesterday"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := db.Backup(t.Context(), copied); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(copied); err != nil || info.Mode() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	restored := openAt(t, copied, Options{})
	if diff := cmp.Diff(dump(t, db), dump(t, restored)); diff != "" {
		t.Errorf("the copy differs:\n%s", diff)
	}
	checkFilled(t, restored)
	fillStillWorks(t, restored)
}

// fillStillWorks checks that a database takes writes: the tenant in it is changed.
func fillStillWorks(t *testing.T, db *DB) {
	t.Helper()
	before, err := db.Revision(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	_, err = db.Update(t.Context(), tester, func(tx *Tx) error {
		d, err := tx.Tenant(t.Context(), "default")
		if err != nil {
			return err
		}
		d.Title += "+"
		return tx.PutTenant(t.Context(), d)
	})
	if after, err2 := db.Revision(t.Context()); err != nil || err2 != nil || after != before+1 {
		t.Errorf("revision %d after %d: %v, %v", after, before, err, err2)
	}
}

func TestBackupRefusesItsOwnFiles(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "x.db")
	db := openAt(t, path, Options{})
	fillEverything(t, db)
	link := filepath.Join(dir, "link.db")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	for _, to := range []string{path, path + "-wal", path + "-shm", link} {
		if err := db.Backup(t.Context(), to); err == nil || !strings.Contains(err.Error(), "the database itself") {
			t.Errorf("%s: %v", to, err)
		}
	}
	checkFilled(t, db)
}

func TestFailedBackupLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	db := openAt(t, filepath.Join(dir, "x.db"), Options{})
	target := filepath.Join(dir, "target")
	if err := os.MkdirAll(filepath.Join(target, "in the way"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := db.Backup(t.Context(), target); err == nil {
		t.Error("a directory was replaced")
	}
	if err := db.Backup(t.Context(), filepath.Join(dir, "no", "x")); err == nil {
		t.Error("a missing directory was accepted")
	}
	if left, err := filepath.Glob(filepath.Join(dir, ".dialtone-backup-*")); err != nil || len(left) != 0 {
		t.Errorf("left %v, %v", left, err)
	}
}
