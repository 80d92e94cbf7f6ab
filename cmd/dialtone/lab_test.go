package main

import (
	"testing"

	"github.com/dialtone-pbx/dialtone/cmd/sandbox/box"
	. "github.com/dialtone-pbx/dialtone/cmd/sandbox/lab"
	"github.com/dialtone-pbx/dialtone/cmd/sandbox/office"
)

func TestMain(m *testing.M) { Main(m) }

// lab is the office under test with the checks of this package.
type lab struct{ *Lab }

func openLab(t *testing.T, suite box.Suite, flags ...string) *lab {
	t.Helper()
	return &lab{Open(t, suite, flags...)}
}

func openLabWith(t *testing.T, suite box.Suite, o office.Options) *lab {
	t.Helper()
	return &lab{OpenWith(t, suite, o)}
}
