// Package truth is the table of what a call does: each row is played by simulated phones
// on a real Asterisk, and the simulator is asked beforehand.
package truth

import (
	"testing"

	. "github.com/dialtone-pbx/dialtone/cmd/sandbox/lab"
)

func TestMain(m *testing.M) { Main(m) }
