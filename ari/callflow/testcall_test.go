package callflow

import (
	"fmt"
	"strings"
	"testing"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// TestTested: the end of a test call is told with its id, and the channel goes on to its hangup.
func TestTested(t *testing.T) {
	told := ""
	r := newRig(t, func(o *Options) {
		o.Tested = func(id string, end pbx.TestEnd) {
			told = fmt.Sprint(id, " ", end.Outcome, " ", end.Cause, " ", end.Answer)
		}
	}).run()
	r.enters(caller("1", "s"), "test", "test-a", "BUSY", "17", "486")
	if v := r.verdict(); v != Decided || told != "test-a BUSY 17 486" {
		t.Errorf("verdict %s, told %q", v, told)
	}
	if trace := r.trace(); len(trace) != 1 || !strings.HasPrefix(trace[0], "POST 1/continue") {
		t.Errorf("Asterisk was told %q", trace)
	}
}
