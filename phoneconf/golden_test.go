package phoneconf

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"
)

var update = flag.Bool("update", false, "rewrite the files that goldens expect")

// Each golden holds a sentence, a snapshot and what its phones get: own/ on their
// own URL, generic/ in the enrolment window.
func TestGoldens(t *testing.T) {
	names, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(names) < 3 {
		t.Fatalf("goldens found: %d, %v", len(names), err)
	}
	for _, name := range names {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) { checkGolden(t, name) })
	}
}

func checkGolden(t *testing.T, name string) {
	ar, err := txtar.ParseFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if len(bytes.TrimSpace(ar.Comment)) == 0 || ar.Files[0].Name != "snapshot.json" {
		t.Fatal("a golden starts with a sentence and snapshot.json")
	}
	got := renderAll(t, ar.Files[0].Data, nil)
	if *update {
		out := &txtar.Archive{Comment: ar.Comment, Files: append(ar.Files[:1:1], got...)}
		if err := os.WriteFile(name, txtar.Format(out), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(asText(ar.Files[1:]), asText(got)); diff != "" {
		t.Errorf("files differ from the golden (-want +got), -update rewrites it:\n%s", diff)
	}
	for i := range uint64(5) {
		again := renderAll(t, ar.Files[0].Data, rand.New(rand.NewPCG(i, 1)))
		if diff := cmp.Diff(asText(got), asText(again)); diff != "" {
			t.Fatalf("a shuffled snapshot gives other bytes:\n%s", diff)
		}
	}
}

// renderAll renders every file of every phone, in the order of the fixture.
func renderAll(t *testing.T, text []byte, shuffle *rand.Rand) []txtar.File {
	t.Helper()
	var f fixture
	if err := json.Unmarshal(text, &f); err != nil {
		t.Fatal(err)
	}
	s := f.snapshot(shuffle)
	var out []txtar.File
	add := func(name string, b []byte, err error) {
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		out = append(out, txtar.File{Name: name, Data: folded(t, b)})
	}
	for _, p := range s.Phones {
		for _, name := range EnrolFiles(p) {
			b, _, err := RenderEnrol(engine, p, f.Site, name)
			add("generic/"+string(name), b, err)
		}
		for _, name := range Files(s, p) {
			b, _, err := Render(engine, s, p, f.Site, name)
			add("own/"+string(name), b, err)
		}
	}
	return out
}

func asText(files []txtar.File) map[string]string {
	out := map[string]string{}
	for _, f := range files {
		out[f.Name] = string(f.Data)
	}
	return out
}

// idleKey is one of the lines that a key has which does nothing, or takes back what
// another system left.
var idleKey = regexp.MustCompile(`^(action_url\.\w+|remote_phonebook\.data\.[2-5]\.\w+|dialplan\.\w+\.\w+\.\d+|forward\.\w+\.\w+|features\.dnd\.\w+_code|call_waiting\.\w+_code) = %NULL%$|^(softkey|account)\.\d+\.enable = 0$|^(linekey\.\d+|memorykey\.\d+|expansion_module\.\d+\.key\.\d+)\.(type = 0|line = %NULL%|value = %NULL%|label = %NULL%)$|^(lineKey\.\d+)\.(category="Unassigned"|index="0")$`)

// folded shortens runs of keys that do nothing, of which a phone has up to 300, to
// one line that names the first and the last, so that goldens stay readable.
func folded(t *testing.T, b []byte) []byte {
	t.Helper()
	var out, run []string
	flush := func() {
		if len(run) > 12 {
			first, _, _ := strings.Cut(run[0], " ")
			last, _, _ := strings.Cut(run[len(run)-1], " ")
			run = []string{fmt.Sprintf("[%d lines that do nothing, %s to %s]\n", len(run), first, strings.TrimSpace(last))}
		}
		out, run = append(out, run...), nil
	}
	for line := range strings.Lines(string(b)) {
		if idleKey.MatchString(strings.TrimSuffix(line, "\n")) {
			run = append(run, line)
			continue
		}
		flush()
		out = append(out, line)
	}
	flush()
	return []byte(strings.Join(out, ""))
}

// family is what a name begins with: T4, W, VVX, EdgeE.
var family = regexp.MustCompile(`^(T\d|Trio|[A-Za-z]+)`)

// Each family of each make has a golden in each of its eras.
func TestEveryFamilyAndEraHasAGolden(t *testing.T) {
	have := map[string]bool{}
	kind := func(m Model) string {
		return fmt.Sprintf("%s %s of era %s", m.Vendor, family.FindString(m.Name), m.Era)
	}
	names, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		ar, err := txtar.ParseFile(name)
		if err != nil {
			t.Fatal(err)
		}
		s, _ := parseFixture(t, ar.Files[0].Data)
		for _, p := range s.Phones {
			m, ok := Lookup(p.Vendor, p.Model)
			if !ok || len(ar.Files) < 3 {
				t.Errorf("%s: a %s with %d files", name, p.Model, len(ar.Files))
			}
			have[kind(m)] = true
		}
		if n := bytes.Count(txtar.Format(ar), []byte("\n")); n > 400 {
			t.Errorf("%s has %d lines: nobody reads that", name, n)
		}
	}
	for _, m := range Models() {
		if !have[kind(m)] {
			t.Errorf("no golden shows a %s, such as the %s", kind(m), m.Name)
			have[kind(m)] = true
		}
	}
}
