package asteriskconf_test

import (
	"regexp"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/dialtone-pbx/dialtone/templates"
)

// byNumber finds a jump to a priority in the middle of an extension.
var byNumber = regexp.MustCompile(`\b(?:Goto|GotoIf|Gosub|GosubIf)\(.*,([2-9]|[1-9]\d+)\)$`)

// A line that is put into an extension must not move where others jump to: they name
// labels.
func TestNoJumpCountsLines(t *testing.T) {
	e := templates.MustNew()
	goldens(t, func(t *testing.T, _ string, _ *txtar.Archive, o office) {
		lines := regexp.MustCompile(`(?m)^.*$`).FindAll(render(t, e, o.snapshot(1, false)).Named("dialtone/extensions.conf").Content, -1)
		for _, line := range lines {
			if byNumber.Match(line) {
				t.Errorf("%s", line)
			}
		}
	})
}
