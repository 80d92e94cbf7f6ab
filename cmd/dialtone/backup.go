package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/dialtone-pbx/dialtone/db"
)

type backupCmd struct {
	dbFlag
	To string `arg:"" help:"File to write; an older one of that name is replaced once the copy is complete." type:"path"`
}

// Run copies the database as of one moment.
func (b *backupCmd) Run(ctx context.Context) error {
	store, err := b.openExisting(ctx)
	if err != nil {
		return err
	}
	defer store.Close()
	if err := store.Backup(ctx, b.To); err != nil {
		return err
	}
	revision, err := store.Revision(ctx)
	if err != nil {
		return err
	}
	fmt.Printf("revision %d is in %s\n", revision, b.To)
	for _, name := range []string{phoneFolder, templateFolder, firmwareFolder} {
		if dir := filepath.Join(filepath.Dir(b.DB), name); isFolder(dir) {
			fmt.Printf("not in it: %s; copy that as well, it is made of plain files\n", dir)
		}
	}
	return nil
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

type restoreCmd struct {
	dbFlag
	From string `arg:"" help:"A file that backup wrote." type:"existingfile"`
}

// Run checks the backup by opening a copy of it, then swaps it in and keeps the
// database that was there beside it.
func (r *restoreCmd) Run(ctx context.Context) error {
	busy, err := inUse(r.DB)
	if err != nil {
		return err
	}
	if busy {
		return fmt.Errorf("%s is open in another program: stop the controller first", r.DB)
	}
	fresh := r.DB + ".restoring"
	content, err := os.ReadFile(r.From)
	if err != nil {
		return fmt.Errorf("reading the backup: %w", err)
	}
	if err := os.WriteFile(fresh, content, 0o600); err != nil {
		return fmt.Errorf("copying the backup: %w", err)
	}
	store, err := db.Open(ctx, fresh, db.Options{})
	if err != nil {
		return errors.Join(fmt.Errorf("%s is not a usable backup: %w", r.From, err), os.Remove(fresh))
	}
	revision, err := store.Revision(ctx)
	if err = errors.Join(err, store.Close()); err != nil {
		return err
	}
	for _, suffix := range []string{"-wal", "-shm"} { // empty: the copy is closed
		if err := os.Remove(fresh + suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("tidying up after the copy: %w", err)
		}
	}
	kept := r.DB + ".before-" + time.Now().UTC().Format("20060102T150405")
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := os.Rename(r.DB+suffix, kept+suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("keeping the present database: %w", err)
		}
	}
	if err := os.Rename(fresh, r.DB); err != nil {
		return fmt.Errorf("putting the backup in place: %w", err)
	}
	fmt.Printf("revision %d is in force at the next start; the database before is %s\n", revision, kept)
	return nil
}

// dmsByte is where SQLite holds a shared lock in the -shm file as long as a
// connection is open (WAL_DMS in its wal.c and os_unix.c; the format is fixed).
const dmsByte = 128

// inUse reports whether another process has a database open.
func inUse(path string) (bool, error) {
	f, err := os.Open(path + "-shm")
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("finding out whether the database is in use: %w", err)
	}
	defer f.Close()
	lock := syscall.Flock_t{Type: syscall.F_WRLCK, Whence: io.SeekStart, Start: dmsByte, Len: 1}
	if err := syscall.FcntlFlock(f.Fd(), syscall.F_GETLK, &lock); err != nil {
		return false, fmt.Errorf("finding out whether the database is in use: %w", err)
	}
	return lock.Type != syscall.F_UNLCK, nil
}
