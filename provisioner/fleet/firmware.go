package fleet

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

// firmwarePause is the pause between two looks at the folder.
const firmwarePause = 10 * time.Second

// firmwareName matches the names of files that are served. Phones put the name into
// their own logs and flash.
var firmwareName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$`)

// firmwareEnds are the ends of the names of firmware files. One file of a Yealink serves several
// models, so the name of a model in it decides nothing.
var firmwareEnds = map[pbx.Vendor]string{pbx.Yealink: ".rom", pbx.Polycom: ".ld"}

// FirmwareFile is a file of the firmware folder.
type FirmwareFile struct {
	Name     string
	Size     int64
	SHA256   string // in hexadecimal
	Modified time.Time
	Path     string
}

// Firmware knows the files of the firmware folder by their hash. The URL of a file
// contains it, so a phone gets the bytes that were meant, or a 404.
type Firmware struct {
	dir string // "" serves no firmware
	log *slog.Logger

	mu    sync.Mutex
	files map[string]FirmwareFile // by name
}

// Files looks at the folder and lists its files by name.
func (f *Firmware) Files() (out []FirmwareFile) {
	f.scan()
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, f := range f.files {
		out = append(out, f)
	}
	slices.SortFunc(out, func(a, b FirmwareFile) int { return cmp.Compare(a.Name, b.Name) })
	return out
}

// Find returns a file by its hash (hexadecimal) and name, as of the last look. size is
// in bytes.
func (f *Firmware) Find(sum, name string) (path string, size int64, modified time.Time, ok bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	file, ok := f.files[name]
	if !ok || file.SHA256 != sum {
		return "", 0, time.Time{}, false
	}
	return file.Path, file.Size, file.Modified, true
}

// run looks at the folder until ctx ends.
func (f *Firmware) run(ctx context.Context) error {
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

// scan hashes files that are new, or whose size or time changed.
func (f *Firmware) scan() {
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
		file := FirmwareFile{Name: e.Name(), Size: info.Size(), Modified: info.ModTime().UTC(),
			Path: filepath.Join(f.dir, e.Name())}
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

// Resolve finds the firmware that each model is to run; files are by model.
//
// A file is named alone, which stands for the bytes that the folder has now, or as
// hash/name. The latter is kept even if the file no longer exists. Models are returned
// as the tables spell them. Errors are about the field firmware.
func (f *Firmware) Resolve(files map[string]string) ([]pbx.PhoneFirmware, error) {
	var out []pbx.PhoneFirmware
	var es pbx.Errors
	present := f.Files()
	for model, file := range files {
		m, ok := phoneconf.LookupAny(model)
		if !ok {
			es.Add(phoneconf.UnknownModel("firmware", "", model))
			continue
		}
		if !strings.Contains(file, "/") {
			i := slices.IndexFunc(present, func(f FirmwareFile) bool { return f.Name == file })
			if i < 0 {
				es.Add(pbx.Refusedf("firmware."+m.Name,
					"the firmware folder has no file %.100q: GET /v1/firmware lists what it has", file))
				continue
			}
			file = present[i].SHA256 + "/" + file
		}
		row, bad := pbx.ParsePhoneFirmware(m.Name, file)
		if ends := firmwareEnds[m.Vendor]; bad == nil && !strings.HasSuffix(strings.ToLower(row.Name), ends) {
			bad = pbx.Refusedf("firmware."+m.Name, "%.100q is no firmware of a %s: its files end in %s", row.Name, m.Vendor,
				ends)
		}
		es.Add(bad)
		out = append(out, row)
	}
	slices.SortFunc(out, func(a, b pbx.PhoneFirmware) int { return cmp.Compare(a.Model, b.Model) })
	return out, es.Err()
}
