package templates

import (
	"strings"
	"testing"
	"testing/fstest"
	"text/template"
)

func parseShared(t *testing.T, main, part string) *Engine {
	t.Helper()
	e := &Engine{byName: map[string]*template.Template{}, texts: map[string]string{}}
	if err := e.parse(fstest.MapFS{"x/main.tmpl": {Data: []byte(main)}, "x/part.tmpl": {Data: []byte(part)}}, "x"); err != nil {
		t.Fatal(err)
	}
	return e
}

// A shared text is what the template prints, for each view its own, and what is
// kept of them is bounded.
func TestSharedIsWhatTemplatePrints(t *testing.T) {
	e := parseShared(t, `{{ range until . }}{{ shared "part" . }}{{ end }}`, `<{{ . }}>`)
	for range 2 {
		b, err := e.Render("x/main", 3*sharedMost)
		if err != nil || !strings.HasPrefix(string(b), "<0><1><2>") || !strings.HasSuffix(string(b), "<12287>") {
			t.Fatalf("%.20s, %v", b, err)
		}
	}
}

func TestSharedRefusesWhatItCannotKeep(t *testing.T) {
	e := parseShared(t, `{{ shared "part" . }}`, `{{ . }}`)
	if _, err := e.Render("x/main", []int{1}); err == nil || !strings.Contains(err.Error(), "cannot be shared") {
		t.Errorf("a list: %v", err)
	}
	if _, err := parseShared(t, `{{ shared "nothing" . }}`, ``).Render("x/main", 1); err == nil {
		t.Error("a template that is not there renders")
	}
}
