package asteriskconf_test

import (
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
	"github.com/dialtone-pbx/dialtone/templates"
)

// Files that an Asterisk may lack the module of are known to be empty when nothing
// needs them, and only then: that decides whether people hear of it.
func TestFilesThatNothingNeedsAreEmpty(t *testing.T) {
	e := templates.MustNew()
	optional := map[string]bool{}
	for _, f := range render(t, e, pbx.NewSnapshot(1, pbx.Rows{})).List {
		optional[f.Name] = f.Needs != ""
		if wantEmpty := f.Needs != "" && !f.Starts; f.Empty != wantEmpty {
			t.Errorf("of nothing, %s is empty: %v", f.Name, f.Empty)
		}
	}
	seen := map[string]bool{}
	goldens(t, func(t *testing.T, _ string, _ *txtar.Archive, o office) {
		for _, f := range render(t, e, o.snapshot(1, false)).List {
			if optional[f.Name] && !f.Empty {
				seen[f.Name] = true
			}
		}
	})
	for name, is := range optional {
		if is && !seen[name] {
			t.Errorf("%s is empty in every golden", name)
		}
	}
}
