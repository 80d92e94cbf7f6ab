package provisioner

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// writeFile replaces path by content so that a crash leaves the old or the new
// file and never half of one: temporary file in the same folder, fsync, rename,
// fsync of the folder.
func writeFile(path string, content []byte) (err error) {
	dir := filepath.Dir(path)
	tmp, err := os.CreateTemp(dir, ".new-*")
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	defer func() {
		if err != nil {
			_ = tmp.Close()
			_ = os.Remove(tmp.Name())
		}
	}()
	if _, err = tmp.Write(content); err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	if err = tmp.Sync(); err != nil {
		return fmt.Errorf("syncing %s: %w", path, err)
	}
	// Asterisk may run as another user of our group; others must not read secrets.
	if err = tmp.Chmod(0o640); err != nil {
		return fmt.Errorf("setting the mode of %s: %w", path, err)
	}
	if err = tmp.Close(); err != nil {
		return fmt.Errorf("closing %s: %w", path, err)
	}
	if err = os.Rename(tmp.Name(), path); err != nil {
		return fmt.Errorf("renaming onto %s: %w", path, err)
	}
	return syncDir(dir)
}

func syncDir(dir string) error {
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

// keepHandEdit moves a file that somebody edited by hand aside, so that writing
// ours loses nothing, and returns where it is now; "" when the file is ours
// (ours reports that) or absent.
func keepHandEdit(path string, ours func([]byte) bool) (string, error) {
	present, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("reading %s: %w", path, err)
	}
	if ours(present) {
		return "", nil
	}
	aside := path + ".edited-" + time.Now().UTC().Format("20060102T150405.000")
	if err := os.Rename(path, aside); err != nil {
		return "", fmt.Errorf("keeping the hand-edited %s: %w", path, err)
	}
	return aside, nil
}

// sameFile reports whether path holds exactly content.
func sameFile(path string, content []byte) bool {
	present, err := os.ReadFile(path)
	return err == nil && bytes.Equal(present, content)
}
