package soundfile

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/dialtone-pbx/dialtone/provisioner/wholefile"
)

// Arrange places every sound that a row names and that Asterisk would not find, and removes files
// that no row has named for keptFor. A sound that is kept nowhere is an error; the others are
// placed all the same.
func (f *Files) Arrange(ctx context.Context) error {
	if err := os.MkdirAll(f.o.Dir, dirMode); err != nil {
		return fmt.Errorf("making the folder of sounds: %w", err)
	}
	named, err := f.o.Named(ctx)
	if err != nil {
		return err
	}
	var all []error
	for _, hash := range slices.Sorted(maps.Keys(named)) {
		if err := ctx.Err(); err != nil {
			return err
		}
		f.mu.Lock() // for one sound: those that come in need not wait for all others
		err := f.place(hash)
		f.mu.Unlock()
		all = append(all, err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.sums.forget(named)
	return errors.Join(append(all, sweep(f.o.Dir, named), sweep(f.o.Asterisk, named))...)
}

// place lets Asterisk find a sound. A kept file that says something else than its name is not
// placed.
func (f *Files) place(hash string) error {
	if err := os.MkdirAll(f.o.Asterisk, dirMode); err != nil {
		return fmt.Errorf("making the folder of sounds for Asterisk: %w", err)
	}
	if sum, err := f.sums.of(f.kept(hash, wideSuffix)); err != nil || sum != hash {
		return fmt.Errorf("the file of sound %s is damaged or missing in the folder of sounds: upload it again: %w", hash,
			cmp.Or(err, errDamaged))
	}
	placed := false
	for _, suffix := range []string{narrowSuffix, wideSuffix} {
		from, to := f.kept(hash, suffix), f.placed(hash, suffix)
		if f.sums.same(from, to) {
			continue
		}
		if err := copyFile(from, to); err != nil {
			return fmt.Errorf("placing sound %s for Asterisk: %w", hash, err)
		}
		placed = true
	}
	if !placed {
		return nil
	}
	return wholefile.SyncDir(f.o.Asterisk)
}

// copyFile writes a file whole.
func copyFile(from, to string) error {
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer source.Close()
	target, err := os.CreateTemp(filepath.Dir(to), wholefile.Temporary+"*")
	if err != nil {
		return err
	}
	defer discard(target)
	_, err = io.Copy(target, source)
	if err = errors.Join(err, target.Chmod(fileMode), target.Sync(), target.Close()); err != nil {
		return err
	}
	return os.Rename(target.Name(), to)
}

// sweep removes old files of a folder that nothing names, and what a crash left half written.
func sweep(dir string, named map[string]bool) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("looking for sounds that are not needed: %w", err)
	}
	for _, e := range entries {
		found := soundName.FindStringSubmatch(e.Name())
		if found == nil && !strings.HasPrefix(e.Name(), wholefile.Temporary) || found != nil && named[found[1]] {
			continue
		}
		info, err := e.Info()
		if err != nil || time.Since(info.ModTime()) < keptFor {
			continue
		}
		if err := os.Remove(filepath.Join(dir, e.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("removing a sound that is not needed: %w", err)
		}
	}
	return nil
}
