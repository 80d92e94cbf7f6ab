package fleet

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/dialtone-pbx/dialtone/phoneconf"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

func testUploads(t *testing.T, dir string) *Uploads {
	t.Helper()
	u, err := newUploads(dir)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestUploadsAreKeptWhole(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "phones")
	u := testUploads(t, dir)
	p := &pbx.Phone{Tenant: "default", MAC: "64167f000001", Vendor: pbx.Polycom}
	const name = "64167f000001-app.log"
	for i, body := range []string{"first", "second and longer", "3rd"} {
		replaced, err := u.Keep(p, name, []byte(body))
		if err != nil || replaced != (i > 0) || u.used != int64(len(body)) {
			t.Fatalf("%d: %v %v, %d used", i, replaced, err, u.used)
		}
		if got, err := u.Read(p, name); err != nil || string(got) != body {
			t.Errorf("%d: %q %v", i, got, err)
		}
	}
	entries, err := os.ReadDir(filepath.Join(dir, "default", "64167f000001"))
	if err != nil || len(entries) != 1 {
		t.Fatalf("%v %v", entries, err)
	}
	if info, err := entries[0].Info(); err != nil || info.Mode() != 0o600 {
		t.Errorf("%v %v", info.Mode(), err)
	}
	if again := testUploads(t, dir); again.used != 3 {
		t.Errorf("a restart counts %d bytes", again.used)
	}
	if err := u.clear(p, false); err != nil || u.used != 0 {
		t.Errorf("%v, %d used", err, u.used)
	}
	if got, err := u.Read(p, name); got != nil || err != nil {
		t.Errorf("after clearing: %q %v", got, err)
	}
	if err := u.clear(p, true); err != nil {
		t.Errorf("clearing nothing: %v", err)
	}
	if _, err := u.Keep(p, name, []byte("late")); pbx.KindOf(err) != pbx.NotFound {
		t.Errorf("a deleted phone sends its log: %v", err)
	}
	if err := u.clear(p, false); err != nil {
		t.Error(err)
	}
	if _, err := u.Keep(p, name, []byte("new")); err != nil {
		t.Errorf("a new phone at that address: %v", err)
	}
}

// A file that was being written when the program was killed neither stays nor counts.
func TestUnfinishedUploadsAreRemovedAtTheStart(t *testing.T) {
	dir := t.TempDir()
	folder := filepath.Join(dir, "default", "001565aabbcc")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	kept := filepath.Join(folder, "001565aabbcc-app.log")
	for _, path := range []string{kept, filepath.Join(folder, ".new-123"), filepath.Join(folder, ".new-456")} {
		if err := os.WriteFile(path, []byte("seven b"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	u, err := newUploads(dir)
	if err != nil {
		t.Fatal(err)
	}
	left, err := os.ReadDir(folder)
	if err != nil || len(left) != 1 || left[0].Name() != filepath.Base(kept) || u.used != 7 {
		t.Errorf("%v are left and %d bytes count, %v", left, u.used, err)
	}
}

func TestUploadsKeepToTheirNamesAndRoom(t *testing.T) {
	dir := t.TempDir()
	u := testUploads(t, dir)
	p := &pbx.Phone{Tenant: "default", MAC: "64167f000001", Vendor: pbx.Polycom}
	for _, name := range []phoneconf.FileName{"", "64167f000001.cfg", "../64167f000001-app.log", "64167f000001-app.log/../x", "64167f000002-app.log", "64167f000001-local.cfg", "64167f000001-app.logx"} {
		if _, err := u.Keep(p, name, []byte("x")); pbx.KindOf(err) != pbx.NotFound {
			t.Errorf("%q: %v", name, err)
		}
		if got, err := u.Read(p, name); got != nil || err != nil {
			t.Errorf("%q: %q %v", name, got, err)
		}
	}
	u.used = maxUploaded - 2
	if _, err := u.Keep(p, "64167f000001-app.log", bytes.Repeat([]byte("x"), 3)); err == nil {
		t.Error("more than there is room for")
	}
	files := 0
	_ = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, _ error) error {
		if !d.IsDir() {
			files++
		}
		return nil
	})
	if files != 0 || u.used != maxUploaded-2 {
		t.Errorf("%d files, %d used", files, u.used)
	}
	if _, err := testUploads(t, "").Keep(p, "64167f000001-app.log", nil); pbx.KindOf(err) != pbx.NotFound {
		t.Errorf("without a folder: %v", err)
	}
}

// A Polycom that has sent no settings of its own gets an empty file for them, and people do
// not see that; without a folder it keeps what it has.
func TestPolycomsGetNoOverridesOfOthers(t *testing.T) {
	u := testUploads(t, filepath.Join(t.TempDir(), "phones"))
	p := &pbx.Phone{Tenant: "default", MAC: "64167f000001", Vendor: pbx.Polycom}
	const name = "64167f000001-phone.cfg"
	empty := func(when string) {
		t.Helper()
		if got, err := u.Read(p, name); err != nil || !bytes.Contains(got, []byte("<OVERRIDES/>")) {
			t.Errorf("%s: %q %v", when, got, err)
		}
		if _, err := u.Get(p, name); pbx.KindOf(err) != pbx.NotFound {
			t.Errorf("%s: people get %v", when, err)
		}
	}
	empty("at first")
	if _, err := u.Keep(p, name, []byte("<own/>")); err != nil {
		t.Fatal(err)
	}
	if got, err := u.Read(p, name); err != nil || string(got) != "<own/>" {
		t.Errorf("its own: %q %v", got, err)
	}
	if err := u.Remove(p, name); err != nil {
		t.Fatal(err)
	}
	empty("after a delete")
	if got, err := testUploads(t, "").Read(p, name); got != nil || err != nil {
		t.Errorf("without a folder: %q %v", got, err)
	}
}
