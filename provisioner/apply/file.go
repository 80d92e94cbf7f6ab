package apply

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/dialtone-pbx/dialtone/provisioner/asteriskconf"
	"github.com/dialtone-pbx/dialtone/provisioner/wholefile"
)

// fileMode: Asterisk may run as another user of our group; others must not read secrets.
const fileMode = 0o640

// write puts the files that differ on disk, all of them or not one. A file edited by hand
// is kept aside.
func (l *Loop) write(files *asteriskconf.Files) (err error) {
	l.remember(files)
	var ready [][2]string // where the new content is, name of the file
	defer func() {
		for _, r := range ready {
			_ = os.Remove(r[0]) // gone already when it was renamed
		}
	}()
	must := make([]onDisk, len(files.List))
	for i, f := range files.List {
		must[i] = onDisk{f.Name, sha256.Sum256(f.Content)}
		path := l.path(f.Name)
		if sum, err := sumOf(path); err == nil && sum == must[i].sum {
			continue
		}
		tmp, err := wholefile.Stage(path, f.Content, fileMode)
		if err != nil {
			return err
		}
		ready = append(ready, [2]string{tmp, f.Name})
	}
	for _, r := range ready {
		if err := l.replace(r[0], r[1]); err != nil {
			return err
		}
	}
	l.disk = must
	if len(ready) == 0 {
		return nil
	}
	return wholefile.SyncDir(l.o.Dir)
}

// replace puts a finished temporary file in the place of a file of ours.
func (l *Loop) replace(tmp, name string) error {
	path := l.path(name)
	if err := l.keepHandEdit(name, path); err != nil {
		return err
	}
	delete(l.acked, name) // whatever stood there may be loaded by now: ask again
	if err := os.Rename(tmp, path); err != nil {
		return fmt.Errorf("renaming onto %s: %w", path, err)
	}
	return nil
}

// path is where a file of ours lies.
func (l *Loop) path(name string) string { return filepath.Join(l.o.Dir, filepath.Base(name)) }

// onDisk is what a file must hold.
type onDisk struct {
	name string
	sum  [sha256.Size]byte
}

// sumOf hashes a file without keeping it in memory.
func sumOf(path string) (sum [sha256.Size]byte, err error) {
	file, err := os.Open(path)
	if err != nil {
		return sum, err
	}
	defer func() { _ = file.Close() }() // it was only read
	hash := sha256.New()
	if _, err := io.Copy(hash, file); err != nil {
		return sum, fmt.Errorf("reading %s: %w", path, err)
	}
	return [sha256.Size]byte(hash.Sum(nil)), nil
}

// removeLeftovers removes the files that a crash in the middle of a write left.
func (l *Loop) removeLeftovers() {
	left, _ := filepath.Glob(filepath.Join(l.o.Dir, wholefile.Temporary+"*")) // the pattern is well-formed
	for _, path := range left {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			l.o.Log.Warn("removing an unfinished file", "file", path, "error", err)
		}
	}
}
