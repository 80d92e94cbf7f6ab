package asteriskconf_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/dialtone-pbx/dialtone/provisioner/asteriskconf"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
	"github.com/dialtone-pbx/dialtone/templates"
)

var update = flag.Bool("update", false, "write the goldens anew")

// goldens calls f for each txtar file of testdata.
func goldens(t *testing.T, f func(t *testing.T, path string, a *txtar.Archive, o office)) {
	t.Helper()
	paths, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(paths) < 5 {
		t.Fatalf("goldens: %d found, %v", len(paths), err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			a, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if len(bytes.TrimSpace(a.Comment)) == 0 || len(a.Files) == 0 || a.Files[0].Name != "snapshot.json" {
				t.Fatal("a golden starts with a sentence and snapshot.json")
			}
			f(t, path, a, readOffice(t, a.Files[0].Data))
		})
	}
}

// TestGoldens compares what a snapshot renders to, byte by byte.
func TestGoldens(t *testing.T) {
	e := templates.MustNew()
	goldens(t, func(t *testing.T, path string, a *txtar.Archive, o office) {
		files := render(t, e, o.snapshot(1, false))
		want := &txtar.Archive{Comment: a.Comment, Files: a.Files[:1:1]}
		for _, f := range files.List {
			want.Files = append(want.Files, txtar.File{Name: f.Name, Data: f.Content})
		}
		got := txtar.Format(want)
		if *update {
			if err := os.WriteFile(path, got, 0o644); err != nil {
				t.Fatal(err)
			}
			return
		}
		if diff := cmp.Diff(string(txtar.Format(a)), string(got)); diff != "" {
			t.Errorf("rendered otherwise (-golden +now; go test -update writes them anew):\n%s", diff)
		}
	})
}

// TestSameStateSameBytes: neither the revision nor the order of rows shows.
func TestSameStateSameBytes(t *testing.T) {
	e := templates.MustNew()
	goldens(t, func(t *testing.T, _ string, _ *txtar.Archive, o office) {
		first := render(t, e, o.snapshot(1, false))
		for revision := range int64(5) {
			again := render(t, e, o.snapshot(revision, true))
			if !reflect.DeepEqual(first, again) { // cmp takes five times as long to find no difference
				t.Fatalf("rendered otherwise:\n%s", cmp.Diff(first, again))
			}
		}
	})
}

func render(t testing.TB, e *templates.Engine, s *pbx.Snapshot) *asteriskconf.Files {
	t.Helper()
	files, err := asteriskconf.Render(e, s, asteriskconf.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func BenchmarkRender(b *testing.B) {
	e := templates.MustNew()
	for _, n := range []int{1000, 10000, 20000} {
		s := bigOffice(n)
		b.Run(pbxSize(n), func(b *testing.B) {
			for b.Loop() {
				render(b, e, s)
			}
		})
	}
}

func pbxSize(n int) string { return map[int]string{1000: "1k", 10000: "10k", 20000: "20k"}[n] }
