package fleet

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/dialtone-pbx/dialtone/phoneconf"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
	"github.com/dialtone-pbx/dialtone/provisioner/wholefile"
)

// maxUploaded bounds the bytes of all files of all phones together. phoneconf bounds the
// names and sizes of one phone's files. A file beyond that is refused.
const maxUploaded = 4 << 30

// Uploads keeps the files that phones send, in a folder for each: dir/tenant/mac.
//
// They may hold passwords. Only the user of this program can read them, and the code here
// reads no more than the names of parameters.
type Uploads struct {
	dir string // "" keeps no files

	mu   sync.Mutex
	used int64
	// gone are the folders of phones that were deleted since the start. A file that such
	// a phone was sending must not stay behind.
	gone map[string]bool
}

// UploadedFile is a file that a phone sent.
type UploadedFile struct {
	Name     string
	Size     int64
	Modified time.Time
}

// newUploads measures the files that are there. It removes those whose writing was cut off
// when the program ended.
func newUploads(dir string) (*Uploads, error) {
	u := &Uploads{dir: dir, gone: map[string]bool{}}
	if dir == "" {
		return u, nil
	}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) || err == nil && d.IsDir() {
			return nil
		}
		if err != nil {
			return err
		}
		if strings.HasPrefix(d.Name(), wholefile.Temporary) {
			return os.Remove(path)
		}
		info, err := d.Info()
		if err == nil {
			u.used += info.Size()
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("measuring the files of phones: %w", err)
	}
	return u, nil
}

// path returns the path of a phone's file, or a NotFound error. Tenant and MAC are in
// their checked forms, and phoneconf.UploadOf knows every name, so no path leads out.
func (u *Uploads) path(p *pbx.Phone, name phoneconf.FileName) (string, error) {
	if _, ok := phoneconf.UploadOf(p, name); !ok || u.dir == "" {
		return "", pbx.NotFoundf("phone %s has no file %q", p.MAC.Colons(), name)
	}
	return filepath.Join(u.folder(p), string(name)), nil
}

func (u *Uploads) folder(p *pbx.Phone) string { return filepath.Join(u.dir, p.Tenant, string(p.MAC)) }

// Keep stores a file that a phone sent, whole or not at all. It reports whether it
// replaced an earlier file of that name. An unknown name is a NotFound error.
func (u *Uploads) Keep(p *pbx.Phone, name phoneconf.FileName, body []byte) (replaced bool, err error) {
	path, err := u.path(p, name)
	if err != nil {
		return false, err
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.gone[u.folder(p)] {
		return false, pbx.NotFoundf("phone %s was deleted", p.MAC.Colons())
	}
	var before int64
	if info, err := os.Lstat(path); err == nil {
		replaced, before = true, info.Size()
	}
	if u.used-before+int64(len(body)) > maxUploaded {
		return replaced, fmt.Errorf("keeping %s: the files of all phones take %d bytes, which is the most", name, u.used)
	}
	err = os.MkdirAll(filepath.Dir(path), 0o700)
	if err == nil {
		err = wholefile.Replace(path, body, 0o600)
	}
	if err != nil {
		return replaced, fmt.Errorf("keeping %s: %w", name, err)
	}
	u.used += int64(len(body)) - before
	return replaced, nil
}

// Read returns what a phone gets back of a file that it sent: nothing, or what stands for that,
// if there is no such file. Without a folder a phone keeps what it has.
func (u *Uploads) Read(p *pbx.Phone, name phoneconf.FileName) ([]byte, error) {
	body, err := u.sent(p, name)
	if body == nil && err == nil && u.dir != "" {
		body = phoneconf.NoOverrides(p, name)
	}
	return body, err
}

// sent returns a file that a phone sent. It is nil if there is no such file.
func (u *Uploads) sent(p *pbx.Phone, name phoneconf.FileName) ([]byte, error) {
	path, err := u.path(p, name)
	if err != nil {
		return nil, nil //nolint:nilerr // a name that no phone sends is a file that is not there
	}
	body, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", name, err)
	}
	return body, nil
}

// Get returns a file that a phone sent, or a NotFound error.
func (u *Uploads) Get(p *pbx.Phone, name string) ([]byte, error) {
	body, err := u.sent(p, phoneconf.FileName(name))
	if err == nil && body == nil {
		err = pbx.NotFoundf("phone %s has sent no file %q", p.MAC.Colons(), name)
	}
	return body, err
}

// List lists the files that a phone sent, by name.
func (u *Uploads) List(p *pbx.Phone) ([]UploadedFile, error) {
	if u.dir == "" {
		return nil, nil
	}
	entries, err := os.ReadDir(u.folder(p))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("listing the files of phone %s: %w", p.MAC.Colons(), err)
	}
	var out []UploadedFile
	for _, e := range entries {
		if _, ok := phoneconf.UploadOf(p, phoneconf.FileName(e.Name())); !ok {
			continue // its writing was cut off when the program ended
		}
		info, err := e.Info()
		if err == nil {
			out = append(out, UploadedFile{e.Name(), info.Size(), info.ModTime().UTC()})
		}
	}
	return out, nil
}

// Overrides returns the names of the parameters that a phone's own files set, by file.
func (u *Uploads) Overrides(p *pbx.Phone) (map[string][]string, error) {
	list, err := u.List(p)
	if err != nil {
		return nil, err
	}
	out := map[string][]string{}
	for _, f := range list {
		if !phoneconf.Overriding(p, phoneconf.FileName(f.Name)) {
			continue
		}
		body, err := u.sent(p, phoneconf.FileName(f.Name))
		if err != nil {
			return nil, err
		}
		out[f.Name] = phoneconf.Overrides(p.Vendor, body)
	}
	return out, nil
}

// Remove deletes a file that a phone sent, or returns a NotFound error. The phone may send it
// again.
func (u *Uploads) Remove(p *pbx.Phone, name string) error {
	path, err := u.path(p, phoneconf.FileName(name))
	if err != nil {
		return err
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return pbx.NotFoundf("phone %s has sent no file %q", p.MAC.Colons(), name)
	}
	if err == nil {
		err = os.Remove(path)
	}
	if err != nil {
		return fmt.Errorf("removing %s: %w", name, err)
	}
	u.used -= info.Size()
	return nil
}

// drift names what is set at the phone itself. A folder that cannot be read is no drift.
func (u *Uploads) drift(p *pbx.Phone) []DriftReason {
	files, err := u.Overrides(p)
	if err != nil {
		return nil
	}
	var names []string
	for _, file := range slices.Sorted(maps.Keys(files)) {
		names = append(names, files[file]...)
	}
	if len(names) == 0 {
		return nil
	}
	text := strings.Join(names[:min(len(names), maxDriftNames)], ", ")
	if more := len(names) - maxDriftNames; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return reason(DriftOverrides, "set at the phone itself, before what its files say: %s", text)
}

// maxDriftNames bounds the parameters that a drift names.
const maxDriftNames = 20

// inherit copies the files of old that are its user's to p. Another make has other forms.
func (u *Uploads) inherit(old, p *pbx.Phone) error {
	files, err := u.List(old)
	if err != nil || old.Vendor != p.Vendor {
		return err
	}
	for _, file := range files {
		suffix := strings.TrimPrefix(file.Name, string(old.MAC))
		if !phoneconf.OfUser(suffix) {
			continue
		}
		body, err := u.Get(old, file.Name)
		if err == nil {
			_, err = u.Keep(p, phoneconf.FileName(string(p.MAC)+suffix), body)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// clear removes the files of a phone. If it is gone, later files of it are refused.
func (u *Uploads) clear(p *pbx.Phone, gone bool) error {
	if u.dir == "" {
		return nil
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if gone {
		u.gone[u.folder(p)] = true
	} else {
		delete(u.gone, u.folder(p))
	}
	entries, err := os.ReadDir(u.folder(p))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, e := range entries {
		if info, err := e.Info(); err == nil {
			u.used -= info.Size()
		}
	}
	return os.RemoveAll(u.folder(p))
}
