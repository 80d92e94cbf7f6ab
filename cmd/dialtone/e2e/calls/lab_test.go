// Package calls has the whole-program tests of calls inside: how they ring, are answered, shown,
// recorded and listed.
package calls

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

// outdoors is the office with a trunk with the checks of this package.
type outdoors struct{ *Outdoors }

func openOutdoors(t *testing.T, suite box.Suite) *outdoors {
	t.Helper()
	return &outdoors{OpenOutdoors(t, suite)}
}
