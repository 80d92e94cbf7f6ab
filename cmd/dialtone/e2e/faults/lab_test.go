// Package faults has the whole-program tests of what breaks: controllers that are
// killed, an Asterisk that restarts or is away, cut connections, bursts.
package faults

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
