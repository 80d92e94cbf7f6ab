package provisioner

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/dialtone-pbx/dialtone/phoneconf"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// firmwarePause is how often the folder is looked at.
const firmwarePause = 10 * time.Second

// firmwareName is what a file must be called to be served: phones put it into
// their own logs and flash.
var firmwareName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$`)

// FirmwareFile is a file of the firmware folder.
type FirmwareFile struct {
	Name     string
	Size     int64
	SHA256   string // in hexadecimal
	Modified time.Time
	Path     string
}

// firmware knows the files of a folder by their hash: the address of a file names
// its bytes, so a phone gets what was meant or nothing.
type firmware struct {
	dir string // "" serves nothing
	log *slog.Logger

	mu    sync.Mutex
	files map[string]FirmwareFile // by name
}

// FirmwareFiles lists what the folder has now, by name.
func (c *Controller) FirmwareFiles() []FirmwareFile { return c.firmware.list() }

func (f *firmware) list() (out []FirmwareFile) {
	f.scan()
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, f := range f.files {
		out = append(out, f)
	}
	slices.SortFunc(out, func(a, b FirmwareFile) int { return cmp.Compare(a.Name, b.Name) })
	return out
}

// Firmware returns a file by name and hash, as it was when it was last looked at.
func (c *Controller) Firmware(sum, name string) (path string, size int64, modified time.Time, ok bool) {
	return c.firmware.find(sum, name)
}

func (f *firmware) find(sum, name string) (path string, size int64, modified time.Time, ok bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	file, ok := f.files[name]
	if !ok || file.SHA256 != sum {
		return "", 0, time.Time{}, false
	}
	return file.Path, file.Size, file.Modified, true
}

// run looks at the folder until ctx ends.
func (f *firmware) run(ctx context.Context) error {
	tick := time.NewTicker(firmwarePause)
	defer tick.Stop()
	for {
		f.scan()
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// scan hashes what is new or changed by size or time.
func (f *firmware) scan() {
	if f.dir == "" {
		return
	}
	entries, err := os.ReadDir(f.dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		f.log.Error("looking at the firmware folder", "error", err)
		return
	}
	found := map[string]FirmwareFile{}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || !info.Mode().IsRegular() || !firmwareName.MatchString(e.Name()) {
			continue
		}
		file := FirmwareFile{Name: e.Name(), Size: info.Size(), Modified: info.ModTime().UTC(), Path: filepath.Join(f.dir, e.Name())}
		f.mu.Lock()
		known := f.files[e.Name()]
		f.mu.Unlock()
		if file.SHA256 = known.SHA256; known.Size != file.Size || !known.Modified.Equal(file.Modified) {
			if file.SHA256, err = hashOf(file.Path); err != nil {
				f.log.Error("reading a firmware file", "error", err)
				continue
			}
		}
		found[file.Name] = file
	}
	f.mu.Lock()
	f.files = found
	f.mu.Unlock()
}

func hashOf(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	h := sha256.New()
	if _, err := io.Copy(h, file); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// ResolveFirmware finds the firmware that models are to run: by the name of a file
// of the folder, which becomes the hash it has now, or by hash and name, which stay
// as they are though the file be gone. Models are spelled as the tables do.
func (c *Controller) ResolveFirmware(files map[string]string) ([]pbx.PhoneFirmware, error) {
	var out []pbx.PhoneFirmware
	var es pbx.Errors
	present := c.FirmwareFiles()
	for model, file := range files {
		m, ok := phoneconf.LookupAny(model)
		if !ok {
			es.Add(phoneconf.UnknownModel("firmware", "", model))
			continue
		}
		if !strings.Contains(file, "/") {
			i := slices.IndexFunc(present, func(f FirmwareFile) bool { return f.Name == file })
			if i < 0 {
				es.Add(pbx.Refusedf("firmware."+m.Name, "the firmware folder has no file %.100q: GET /v1/firmware lists what it has", file))
				continue
			}
			file = present[i].SHA256 + "/" + file
		}
		f, bad := pbx.ParsePhoneFirmware(m.Name, file)
		es.Add(bad)
		out = append(out, f)
	}
	slices.SortFunc(out, func(a, b pbx.PhoneFirmware) int { return cmp.Compare(a.Model, b.Model) })
	return out, es.Err()
}
