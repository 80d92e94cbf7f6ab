package db

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// backupTimeout bounds Backup when its context has no deadline.
const backupTimeout = 10 * time.Minute

// Backup writes a copy of the database at one moment to path. Everything else goes on
// meanwhile. The copy has mode 0600 and holds the same secrets. It appears under its name
// only when it is complete and on disk, and then replaces a file that had that name; a path
// that is the database itself is refused.
func (db *DB) Backup(ctx context.Context, path string) error {
	ctx, cancel := withDeadline(ctx, backupTimeout)
	defer cancel()
	if err := db.backup(ctx, path); err != nil {
		return fmt.Errorf("backing up to %s: %w", path, translate(err))
	}
	return nil
}

func (db *DB) backup(ctx context.Context, path string) (err error) {
	// Absolute, so that SQLite does not read a name like "file:x" as an address.
	if path, err = filepath.Abs(path); err != nil {
		return err
	}
	if db.isSelf(path) {
		return errors.New("this is the database itself")
	}
	// CreateTemp gives mode 0600; VACUUM INTO accepts an existing empty file.
	f, err := os.CreateTemp(filepath.Dir(path), ".dialtone-backup-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	defer func() { err = errors.Join(err, f.Close()) }()
	if _, err := db.reader.ExecContext(ctx, `VACUUM INTO ?`, f.Name()); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

// isSelf reports whether path is the open database or one of its companions. A backup would
// destroy it.
func (db *DB) isSelf(path string) bool {
	there, err := os.Stat(path)
	if err != nil {
		return false
	}
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if own, err := os.Stat(db.path + suffix); err == nil && os.SameFile(own, there) {
			return true
		}
	}
	return false
}

// syncDir makes a rename in dir survive a power cut.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
