package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/dialtone-pbx/dialtone/db"
)

type backupCmd struct {
	dbFlag
	To string `arg:"" help:"File to write; it must not exist." type:"path"`
}

// Run copies the database as of one moment.
func (b *backupCmd) Run(ctx context.Context) error {
	store, err := b.open(ctx)
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
	return nil
}

type restoreCmd struct {
	dbFlag
	From string `arg:"" help:"A file that backup wrote." type:"existingfile"`
}

// Run checks the backup by opening a copy of it, then swaps it in and keeps the
// database that was there beside it.
func (r *restoreCmd) Run(ctx context.Context) error {
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
