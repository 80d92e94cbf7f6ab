package asteriskconf_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/dialtone-pbx/dialtone/cmd/sandbox/box"
)

// What chan_iax2 and chan_dahdi read is documented in their sample files only: each
// option that we render is in them, on both versions.
func TestRealAsteriskSamplesShowEveryOption(t *testing.T) {
	for _, suite := range box.Suites() {
		t.Run(suite.Name, func(t *testing.T) {
			root, err := box.Prepare(t.Context(), suite, t.Output())
			if err != nil {
				t.Fatal(err)
			}
			for _, file := range []string{"iax.conf", "chan_dahdi.conf"} {
				sample, err := os.ReadFile(filepath.Join(root, "etc/asterisk", file))
				if err != nil {
					t.Fatal(err)
				}
				shown := map[string]bool{}
				for _, m := range regexp.MustCompile(`(?m)^[; \t]*([a-z]+)[ \t]*=`).FindAllSubmatch(sample, -1) {
					shown[string(m[1])] = true
				}
				if shown["no_such_option"] || !shown["context"] {
					t.Fatalf("%s is not read right", file)
				}
				goldens(t, func(t *testing.T, _ string, a *txtar.Archive, _ office) {
					for _, f := range a.Files {
						if f.Name == "dialtone/"+file {
							checkShown(t, shown, string(f.Data))
						}
					}
				})
			}
		})
	}
}

func checkShown(t *testing.T, shown map[string]bool, text string) {
	t.Helper()
	for line := range strings.Lines(text) {
		option, _, found := strings.Cut(line, " =")
		if found && line[0] != ';' && !shown[option] {
			t.Errorf("the sample does not show option %s", option)
		}
	}
}
