package fleet

import (
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

func sumOf(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

func TestFirmwareByHash(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "firmware")
	f := &Firmware{dir: dir, log: slog.New(slog.DiscardHandler)}
	if got := f.Files(); len(got) != 0 {
		t.Errorf("no folder: %v", got)
	}
	write := func(name, text string, at time.Time) {
		t.Helper()
		path := filepath.Join(dir, name)
		for _, err := range []error{os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(text), 0o600), os.Chtimes(path, at, at)} {
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	write("T46U-108.87.0.15.rom", "one", noon)
	write(".hidden", "x", noon)
	write("a b", "x", noon)
	write("folder/x.rom", "x", noon)
	if err := os.Symlink("/etc/passwd", filepath.Join(dir, "link.rom")); err != nil {
		t.Fatal(err)
	}
	if got := f.Files(); len(got) != 1 || got[0].Name != "T46U-108.87.0.15.rom" || got[0].SHA256 != sumOf("one") || got[0].Size != 3 {
		t.Errorf("%+v", got)
	}
	if _, _, _, ok := f.Find(sumOf("one"), "T46U-108.87.0.15.rom"); !ok {
		t.Error("not found by its hash")
	}
	write("T46U-108.87.0.15.rom", "two", noon.Add(time.Second))
	f.scan()
	if _, _, _, ok := f.Find(sumOf("one"), "T46U-108.87.0.15.rom"); ok {
		t.Error("other bytes at the old address")
	}
	if _, _, _, ok := f.Find(sumOf("two"), "T46U-108.87.0.15.rom"); !ok {
		t.Error("a changed file is not found")
	}
	// What a model runs is named, and kept by hash.
	name := "T46U-108.87.0.15.rom"
	two := pbx.PhoneFirmware{Model: "T46U", SHA256: sumOf("two"), Name: name}
	for _, file := range []string{name, two.File()} {
		if got, err := f.Resolve(map[string]string{"t46u": file}); err != nil || len(got) != 1 || got[0] != two {
			t.Errorf("%s: %v, %v", file, got, err)
		}
	}
	write(name, "three", noon.Add(2*time.Second))
	if got, err := f.Resolve(map[string]string{"t46u": two.File()}); err != nil || got[0] != two {
		t.Errorf("%v, %v", got, err)
	}
	for _, file := range []string{"none.rom", "", "link.rom", "x/" + name} {
		if got, err := f.Resolve(map[string]string{"t46u": file}); err == nil {
			t.Errorf("%q: %v", file, got)
		}
	}
	for model, file := range map[string]string{"VVX450": two.File(), "T46U": two.SHA256 + "/sip.ld"} {
		if got, err := f.Resolve(map[string]string{model: file}); err == nil || !strings.Contains(err.Error(), "end in") {
			t.Errorf("%s runs %s: %v, %v", model, file, got, err)
		}
	}
	for _, name := range []string{"link.rom", ".hidden", "../x", ""} {
		if _, _, _, ok := f.Find(sumOf("x"), name); ok {
			t.Errorf("%q is found", name)
		}
	}
}
