package spool

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// Filter chooses recordings by their names, which begin with the time.
type Filter struct {
	After    string                 // only names behind this one: the last of the page before
	Contains string                 // only names that contain this
	Want     func(name string) bool // only names for which it returns true; nil wants all
	Limit    int                    // at most so many; 0 is all
}

func (f Filter) wants(name string) bool {
	return name > f.After && strings.Contains(name, f.Contains) && (f.Want == nil || f.Want(name))
}

// folder opens the folder of a tenant's recordings. It is nil if the folder does not exist
// yet.
func (s *Spool) folder(tenant string) (*os.Root, error) {
	if s.o.Recordings == "" {
		return nil, &pbx.Error{Kind: pbx.Unavailable,
			Message: "this machine does not see Asterisk's spool, where recordings are"}
	}
	all, err := os.OpenRoot(s.o.Recordings)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil //nolint:nilnil // absence is one of the two answers asked for
	}
	if err != nil {
		return nil, fmt.Errorf("opening the folder of recordings: %w", err)
	}
	defer all.Close()
	if info, err := all.Lstat(tenant); err == nil && !info.IsDir() {
		s.o.Log.Warn("the recordings of a tenant are not shown: links are not followed", "tenant", tenant)
		return nil, nil //nolint:nilnil // as above
	}
	own, err := all.OpenRoot(tenant)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil //nolint:nilnil // as above
	}
	if err != nil {
		return nil, fmt.Errorf("opening the recordings of tenant %s: %w", tenant, err)
	}
	return own, nil
}

// Recordings returns a tenant's recorded calls by name, and so by time. The error is
// NotFound without the tenant, Unavailable when the folder cannot be seen.
func (s *Spool) Recordings(ctx context.Context, tenant string, f Filter) ([]*pbx.Recording, error) {
	if err := s.o.Tenant(ctx, tenant); err != nil {
		return nil, err
	}
	return s.List(tenant, f)
}

// List is Recordings for a tenant that is known to exist.
func (s *Spool) List(tenant string, f Filter) ([]*pbx.Recording, error) {
	folder, err := s.folder(tenant)
	if err != nil || folder == nil {
		return nil, err
	}
	defer folder.Close()
	entries, err := fs.ReadDir(folder.FS(), ".")
	if err != nil {
		return nil, fmt.Errorf("listing recordings: %w", err)
	}
	var names []string
	for _, e := range entries {
		name, isWAV := strings.CutSuffix(e.Name(), pbx.RecordingSuffix)
		if isWAV && f.wants(name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	var out []*pbx.Recording
	for _, name := range names { // only as many files are opened as are listed
		if f.Limit > 0 && len(out) == f.Limit {
			break
		}
		switch r, err := stat(folder, tenant, name); {
		case err != nil: // gone meanwhile, or no file of Asterisk's
		case r.Bytes > 0:
			out = append(out, r)
		default:
			s.sweepSilence(folder, name+pbx.RecordingSuffix)
		}
	}
	return out, nil
}

// silenceFor is how long a file without sound is kept. Its call may still ring, at several
// places one after the other.
const silenceFor = time.Hour

// sweepSilence removes the file that Asterisk began for a call without an answer.
func (s *Spool) sweepSilence(folder *os.Root, file string) {
	info, err := folder.Lstat(file)
	if err != nil || time.Since(info.ModTime()) < silenceFor {
		return
	}
	if err := folder.Remove(file); err != nil {
		s.o.Log.Warn("removing a recording without sound", "file", file, "error", err)
	}
}

// stat describes one recording.
func stat(folder *os.Root, tenant, name string) (*pbx.Recording, error) {
	r, perr := pbx.ParseRecording(tenant, name)
	if perr != nil {
		return nil, perr
	}
	// Asterisk makes plain files. A link is not followed, and opening a pipe would wait.
	if info, err := folder.Lstat(name + pbx.RecordingSuffix); err != nil || !info.Mode().IsRegular() {
		return nil, cmp.Or(err, fs.ErrNotExist)
	}
	f, err := folder.Open(name + pbx.RecordingSuffix)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return r, measure(f, r)
}

// measure reads size and header. Asterisk writes the length of the sound into the
// header when it closes the file. A file without sound has 0 bytes for us.
func measure(f *os.File, r *pbx.Recording) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return fs.ErrNotExist
	}
	var header [44]byte
	if info.Size() <= int64(len(header)) {
		return nil
	}
	r.Bytes = info.Size()
	if _, err := f.ReadAt(header[:], 0); err != nil {
		return err
	}
	r.Finished = int64(binary.LittleEndian.Uint32(header[40:])) == r.Bytes-int64(len(header))
	return nil
}

// NothingRecorded returns an InUse error while a tenant has recordings. A later tenant of
// the same name would inherit them.
func (s *Spool) NothingRecorded(tenant string) error {
	if s.o.Recordings == "" {
		return nil
	}
	left, err := s.List(tenant, Filter{Limit: 100})
	if err != nil || len(left) == 0 {
		return err
	}
	refused := &pbx.Error{Kind: pbx.InUse, Message: "tenant " + tenant + " still has"}
	for _, r := range left {
		refused.Refs = append(refused.Refs, pbx.Ref{Kind: "recording", Key: r.Name})
	}
	return refused
}

// Open opens the WAV file of one recorded call, or returns a NotFound error.
func (s *Spool) Open(ctx context.Context, tenant, name string) (*pbx.Recording, io.ReadSeekCloser, error) {
	folder, r, err := s.find(ctx, tenant, name)
	if err != nil {
		return nil, nil, err
	}
	defer folder.Close()
	f, err := folder.Open(name + pbx.RecordingSuffix)
	if err != nil {
		return nil, nil, fmt.Errorf("opening recording %s: %w", name, err)
	}
	return r, f, nil
}

// Delete removes the file of one recorded call; the log names the author.
func (s *Spool) Delete(ctx context.Context, by pbx.Author, tenant, name string) error {
	folder, _, err := s.find(ctx, tenant, name)
	if err != nil {
		return err
	}
	defer folder.Close()
	if err := folder.Remove(name + pbx.RecordingSuffix); err != nil {
		return fmt.Errorf("deleting recording %s: %w", name, err)
	}
	s.o.Log.Info("recording deleted", "tenant", tenant, "recording", name, "actor", by.Actor, "address", by.Address)
	return nil
}

// find returns a tenant's folder and a recording in it, or a NotFound error.
func (s *Spool) find(ctx context.Context, tenant, name string) (*os.Root, *pbx.Recording, error) {
	if _, err := pbx.ParseRecording(tenant, name); err != nil {
		return nil, nil, err
	}
	if err := s.o.Tenant(ctx, tenant); err != nil {
		return nil, nil, err
	}
	missing := pbx.NotFoundf("recording %s does not exist in tenant %s", name, tenant)
	folder, err := s.folder(tenant)
	if err != nil {
		return nil, nil, err
	}
	if folder == nil {
		return nil, nil, missing
	}
	r, err := stat(folder, tenant, name)
	if err == nil && r.Bytes == 0 {
		err = fs.ErrNotExist
	}
	if err == nil {
		return folder, r, nil
	}
	err = errors.Join(err, folder.Close())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, missing
	}
	return nil, nil, fmt.Errorf("reading recording %s: %w", name, err)
}
