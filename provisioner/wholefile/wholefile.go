// Package wholefile writes files so that they are whole and outlast a crash.
//
// A file is written and synced beside its place under a temporary name (Stage), moved
// there, and its folder is synced (SyncDir). Replace does all of that for one file.
// Create is for a file that must not exist yet. It may import nothing of ours.
package wholefile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Temporary is how the names of files begin that are still being written.
const Temporary = ".new-"

// Stage writes and syncs content to a new file in the folder of path, and returns its
// path. The caller renames it to path, or removes it, and calls SyncDir.
func Stage(path string, content []byte, mode fs.FileMode) (_ string, err error) {
	tmp, err := os.CreateTemp(filepath.Dir(path), Temporary+"*") // mode 0600
	if err != nil {
		return "", fmt.Errorf("writing %s: %w", path, err)
	}
	defer func() {
		if err != nil {
			_ = tmp.Close()
			_ = os.Remove(tmp.Name())
		}
	}()
	if _, err = tmp.Write(content); err != nil {
		return "", fmt.Errorf("writing %s: %w", path, err)
	}
	if err = tmp.Chmod(mode); err != nil {
		return "", fmt.Errorf("setting the mode of %s: %w", path, err)
	}
	if err = tmp.Sync(); err != nil {
		return "", fmt.Errorf("syncing %s: %w", path, err)
	}
	if err = tmp.Close(); err != nil {
		return "", fmt.Errorf("closing %s: %w", path, err)
	}
	return tmp.Name(), nil
}

// SyncDir makes renames, links and removals in a folder outlast a crash.
func SyncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("opening %s: %w", dir, err)
	}
	defer d.Close()
	if err := d.Sync(); err != nil {
		return fmt.Errorf("syncing %s: %w", dir, err)
	}
	return nil
}

// Replace writes content to path, in place of a file that may be there.
func Replace(path string, content []byte, mode fs.FileMode) error {
	tmp, err := Stage(path, content, mode)
	if err != nil {
		return err
	}
	if err := os.Rename(tmp, path); err != nil {
		return errors.Join(fmt.Errorf("renaming onto %s: %w", path, err), os.Remove(tmp))
	}
	return SyncDir(filepath.Dir(path))
}

// Create writes content to path, with mode 0600. It returns fs.ErrExist if something is
// there. A crash may leave a part of the file, which the next Create does not replace.
func Create(path string, content []byte) (err error) {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = file.Close() // is closed already after a failed SyncDir
			_ = os.Remove(path)
		}
	}()
	if _, err = file.Write(content); err != nil {
		return err
	}
	if err = file.Sync(); err != nil {
		return err
	}
	if err = file.Close(); err != nil {
		return err
	}
	return SyncDir(filepath.Dir(path))
}
