package faults

import (
	"fmt"
	"strings"
	"testing"
	"time"

	. "github.com/dialtone-pbx/dialtone/cmd/sandbox/lab"

	"github.com/dialtone-pbx/dialtone/cmd/phonesim/phone"
	"github.com/dialtone-pbx/dialtone/cmd/sandbox/box"
)

// silentWithin is when a call of phones that have lost power is over: rtp_timeout and
// a margin for a busy machine.
const silentWithin = 90 * time.Second

// TestSilenceRealAsterisk takes the power from two phones that talk: their call ends
// without a BYE. Two others that say nothing, and send RTP as phones do, talk on.
func TestSilenceRealAsterisk(t *testing.T) {
	t.Parallel()
	for _, suite := range box.Suites() {
		t.Run(suite.Name, func(t *testing.T) {
			t.Parallel()
			l := openLab(t, suite)
			phones := map[string]*phone.Phone{}
			for _, number := range []string{"101", "102", "103", "104"} {
				l.Extension(t, number, "", nil)
				phones[number] = l.Register(t, l.Device(t, "desk-"+number, number, nil), phone.Options{})
			}
			l.Applied(t)
			quiet, listening := Connect(t, phones["103"], phones["104"], "104")
			Connect(t, phones["101"], phones["102"], "102")
			phones["101"].PowerOff()
			phones["102"].PowerOff()
			Eventually(t, silentWithin, func() string {
				if out := l.Console(t, "core show channels count"); !strings.Contains(out, "2 active channels") {
					return fmt.Sprintf("the call without phones goes on: %s", out)
				}
				return ""
			})
			Talk(t, quiet, listening)
			HangUp(t, quiet, listening)
		})
	}
}
