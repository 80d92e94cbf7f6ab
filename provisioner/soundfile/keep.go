package soundfile

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync"
	"time"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
	"github.com/dialtone-pbx/dialtone/provisioner/sound"
	"github.com/dialtone-pbx/dialtone/provisioner/wholefile"
)

// fileMode and dirMode: Asterisk may run as another user of our group.
const (
	fileMode = 0o640
	dirMode  = 0o750
)

// Kept is a sound that has come in.
type Kept struct {
	Hash   string
	Length time.Duration
}

// Keep reads a WAV file of a tenant, converts it and puts the results where they are kept and where
// Asterisk finds them. What is wrong with the file is an Invalid error; Unavailable is that too
// many come in at once. The file is stored before it takes its turn, so that a slow sender holds up
// nobody else.
func (f *Files) Keep(ctx context.Context, tenant string, from io.Reader) (Kept, error) {
	if err := f.coming.enter(tenant); err != nil {
		return Kept{}, err
	}
	defer f.coming.leave(tenant)
	if err := os.MkdirAll(f.o.Dir, dirMode); err != nil {
		return Kept{}, fmt.Errorf("making the folder of sounds: %w", err)
	}
	var files [3]*os.File
	for i := range files {
		file, err := os.CreateTemp(f.o.Dir, wholefile.Temporary+"*")
		if err != nil {
			return Kept{}, fmt.Errorf("keeping a sound: %w", err)
		}
		defer discard(file)
		files[i] = file
	}
	brought, narrow, wide := files[0], files[1], files[2]
	if _, err := io.Copy(brought, from); err != nil {
		return Kept{}, fmt.Errorf("reading a sound: %w", err)
	}
	if _, err := brought.Seek(0, io.SeekStart); err != nil {
		return Kept{}, fmt.Errorf("keeping a sound: %w", err)
	}
	select {
	case f.turn <- struct{}{}:
		defer func() { <-f.turn }()
	case <-ctx.Done():
		return Kept{}, &pbx.Error{Kind: pbx.Unavailable, Message: "other sounds are being converted at this moment: try again"}
	}
	made, err := sound.Convert(brought, narrow, wide)
	var wrong *sound.Error
	if errors.As(err, &wrong) {
		return Kept{}, &pbx.Error{Kind: pbx.Invalid, Message: wrong.Error()}
	}
	if err != nil {
		return Kept{}, fmt.Errorf("converting a sound: %w", err)
	}
	kept := Kept{Length: made.Length}
	if kept.Hash, err = hashOf(wide); err != nil {
		return Kept{}, fmt.Errorf("keeping a sound: %w", err)
	}
	return kept, f.put(kept.Hash, narrow, wide)
}

// mostUploads come in at once, so that they cannot fill the disk.
const mostUploads = 8

// uploads are the tenants of which a file comes in.
type uploads struct {
	mu sync.Mutex
	of map[string]bool
}

func (u *uploads) enter(tenant string) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	switch {
	case u.of[tenant]:
		return &pbx.Error{Kind: pbx.Unavailable, Message: "another sound of tenant " + tenant + " comes in at this moment: try again"}
	case len(u.of) >= mostUploads:
		return &pbx.Error{Kind: pbx.Unavailable, Message: "too many sounds come in at this moment: try again"}
	}
	u.of[tenant] = true
	return nil
}

func (u *uploads) leave(tenant string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	delete(u.of, tenant)
}

// discard closes and removes a temporary file; it is gone already when it was put somewhere.
func discard(file *os.File) {
	_ = file.Close()
	_ = os.Remove(file.Name())
}

func hashOf(file *os.File) (string, error) {
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return "", err
	}
	h := sha256.New()
	if _, err := io.Copy(h, file); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// put gives finished files their names, and places them for Asterisk. Files that are there
// already have the same sound; they count as new.
func (f *Files) put(hash string, narrow, wide *os.File) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	for suffix, file := range map[string]*os.File{narrowSuffix: narrow, wideSuffix: wide} {
		err := errors.Join(file.Chmod(fileMode), file.Sync(), file.Close())
		if err == nil {
			err = os.Rename(file.Name(), f.kept(hash, suffix))
		}
		if err != nil {
			return fmt.Errorf("keeping sound %s: %w", hash, err)
		}
	}
	if err := wholefile.SyncDir(f.o.Dir); err != nil {
		return err
	}
	return f.place(hash)
}

// Open opens a sound with 16,000 samples a second, or returns a NotFound error.
func (f *Files) Open(hash string) (io.ReadSeekCloser, error) {
	file, err := os.Open(f.kept(hash, wideSuffix))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, pbx.NotFoundf("the file of the sound is missing in the folder of sounds: upload it again")
	}
	if err != nil {
		return nil, fmt.Errorf("opening sound %s: %w", hash, err)
	}
	return file, nil
}
