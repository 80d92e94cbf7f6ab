// Package phones has the whole-program tests of desk phones and the devices behind
// them: their files, their life, their keys, their status.
package phones

import (
	"testing"

	"github.com/dialtone-pbx/dialtone/cmd/sandbox/box"
	. "github.com/dialtone-pbx/dialtone/cmd/sandbox/lab"
)

func TestMain(m *testing.M) { Main(m) }

// lab is the office under test with the checks of this package.
type lab struct{ *Lab }

func openLab(t *testing.T, suite box.Suite, flags ...string) *lab {
	t.Helper()
	return &lab{Open(t, suite, flags...)}
}

// onBoth runs a test on both generations of Asterisk.
func onBoth(t *testing.T, test func(*testing.T, *lab)) {
	t.Helper()
	OnBoth(t, func(t *testing.T, l *Lab) { test(t, &lab{l}) })
}
