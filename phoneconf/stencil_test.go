package phoneconf

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
	"github.com/dialtone-pbx/dialtone/templates"
)

// plainEngine runs the shipped templates without stencils: it takes each for a
// site's own.
func plainEngine(t testing.TB) *templates.Engine {
	t.Helper()
	dir := t.TempDir()
	for name, text := range engine.Texts() {
		path := filepath.Join(dir, filepath.FromSlash(name)+".tmpl")
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	e := engine.WithSite(dir)
	if changed, err := e.Rescan(); err != nil || !changed {
		t.Fatal(changed, err)
	}
	return e
}

// A stencil prints what its template prints: for every model, whatever stands in a
// text, or does not.
func TestStencilsPrintWhatTemplatesDo(t *testing.T) {
	plain := plainEngine(t)
	for _, m := range Models() {
		fields := textFields()
		if !slices.Contains(smallModels, m.Name) {
			fields = fields[:1]
		}
		for _, f := range fields {
			for _, text := range []string{"", "x1", "*&%<\"'", "Amélie #1", "a%NULL%"} {
				in, s := fullInput(m)
				f.set(in, s, text)
				sameFiles(t, plain, m, in, s, f.name+" = "+text)
			}
		}
	}
}

func sameFiles(t *testing.T, plain *templates.Engine, m Model, in *input, s *pbx.Snapshot, what string) {
	t.Helper()
	p := &pbx.Phone{Tenant: "default", MAC: in.mac, Vendor: m.Vendor, Model: m.Name, URLSecret: pbx.NewSecret(in.urlSecret)}
	for _, name := range Files(s, p) {
		got, err := in.render(engine, s, "default", name)
		want, plainErr := in.render(plain.For(PlaceOf(p)), s, "default", name)
		if (err == nil) != (plainErr == nil) || string(got) != string(want) {
			t.Errorf("%s %s, %s: by stencil (%v)\n%s\nby template (%v)\n%s", m.Name, name, what, err, got, plainErr, want)
		}
	}
}
