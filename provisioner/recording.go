package provisioner

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// spool is the folders that Asterisk fills: recorded calls and voicemail.
type spool struct {
	recorded  string // as Options.RecordingDir
	voicemail string // as Options.VoicemailDir
	log       *slog.Logger
}

// recordings opens the folder of a tenant's recordings; nil when there is none yet.
func (s *spool) recordings(tenant string) (*os.Root, error) {
	if s.recorded == "" {
		return nil, &pbx.Error{Kind: pbx.Unavailable, Message: "this machine does not see Asterisk's spool, where recordings are"}
	}
	all, err := os.OpenRoot(s.recorded)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil //nolint:nilnil // absence is one of the two answers asked for
	}
	if err != nil {
		return nil, fmt.Errorf("opening the folder of recordings: %w", err)
	}
	defer all.Close()
	own, err := all.OpenRoot(tenant)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil //nolint:nilnil // as above
	}
	if err != nil {
		return nil, fmt.Errorf("opening the recordings of tenant %s: %w", tenant, err)
	}
	return own, nil
}

// Recordings returns a tenant's recorded calls by name, and so by time; only those
// whose name pleases want, unless it is nil.
func (c *Controller) Recordings(ctx context.Context, tenant string, o db.ListOptions, want func(name string) bool) ([]*pbx.Recording, error) {
	if _, err := c.Tenants.Get(ctx, "", tenant); err != nil {
		return nil, err
	}
	return c.spool.list(tenant, o, want)
}

// list returns a tenant's recordings by name; want may be nil.
func (s *spool) list(tenant string, o db.ListOptions, want func(string) bool) ([]*pbx.Recording, error) {
	folder, err := s.recordings(tenant)
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
		if isWAV && name > o.After && strings.Contains(name, o.Contains) && (want == nil || want(name)) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	var out []*pbx.Recording
	for _, name := range names { // only as many files are opened as are listed
		if o.Limit > 0 && len(out) == o.Limit {
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

// silenceFor is how long a file without sound is left alone: its call may still
// ring, at several places one after the other.
const silenceFor = time.Hour

// sweepSilence removes the file that Asterisk began for a call that nobody took.
func (s *spool) sweepSilence(folder *os.Root, file string) {
	info, err := folder.Lstat(file)
	if err != nil || time.Since(info.ModTime()) < silenceFor {
		return
	}
	if err := folder.Remove(file); err != nil {
		s.log.Warn("removing a recording without sound", "file", file, "error", err)
	}
}

// stat describes one recording.
func stat(folder *os.Root, tenant, name string) (*pbx.Recording, error) {
	r, perr := pbx.ParseRecording(tenant, name)
	if perr != nil {
		return nil, perr
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

// nothingRecorded refuses while a tenant has recordings: one of the same name
// would inherit them.
func (s *spool) nothingRecorded(tenant string) error {
	if s.recorded == "" {
		return nil
	}
	left, err := s.list(tenant, db.ListOptions{Limit: 100}, nil)
	if err != nil || len(left) == 0 {
		return err
	}
	refused := &pbx.Error{Kind: pbx.InUse, Message: "tenant " + tenant + " still has"}
	for _, r := range left {
		refused.Refs = append(refused.Refs, pbx.Ref{Kind: "recording", Key: r.Name})
	}
	return refused
}

// OpenRecording opens the WAV file of one recorded call.
func (c *Controller) OpenRecording(ctx context.Context, tenant, name string) (*pbx.Recording, io.ReadSeekCloser, error) {
	folder, r, err := c.findRecording(ctx, tenant, name)
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

// DeleteRecording removes the file of one recorded call; the log tells by whom.
func (c *Controller) DeleteRecording(ctx context.Context, by pbx.Author, tenant, name string) error {
	folder, _, err := c.findRecording(ctx, tenant, name)
	if err != nil {
		return err
	}
	defer folder.Close()
	if err := folder.Remove(name + pbx.RecordingSuffix); err != nil {
		return fmt.Errorf("deleting recording %s: %w", name, err)
	}
	c.log.Info("recording deleted", "tenant", tenant, "recording", name, "actor", by.Actor, "address", by.Address)
	return nil
}

// findRecording returns a tenant's folder and a recording in it, or NotFound.
func (c *Controller) findRecording(ctx context.Context, tenant, name string) (*os.Root, *pbx.Recording, error) {
	if _, err := pbx.ParseRecording(tenant, name); err != nil {
		return nil, nil, err
	}
	if _, err := c.Tenants.Get(ctx, "", tenant); err != nil {
		return nil, nil, err
	}
	return c.spool.find(tenant, name)
}

func (s *spool) find(tenant, name string) (*os.Root, *pbx.Recording, error) {
	missing := pbx.NotFoundf("recording %s does not exist in tenant %s", name, tenant)
	folder, err := s.recordings(tenant)
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
