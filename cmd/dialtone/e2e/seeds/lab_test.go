// Package seeds is the table of the documents that asked for settings: each is written
// and seen.
package seeds

import (
	"testing"

	. "github.com/dialtone-pbx/dialtone/cmd/sandbox/lab"
)

func TestMain(m *testing.M) { Main(m) }
