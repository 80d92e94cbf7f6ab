package calls

import (
	"strings"
	"testing"

	. "github.com/dialtone-pbx/dialtone/cmd/sandbox/lab"

	"github.com/dialtone-pbx/dialtone/cmd/phonesim/phone"
	"github.com/dialtone-pbx/dialtone/cmd/sandbox/box"
)

// TestWebRTCRealAsterisk: a browser registers over a WebSocket and is offered
// media as browsers take it: DTLS with a fingerprint, ICE, one port for RTCP.
func TestWebRTCRealAsterisk(t *testing.T) {
	t.Parallel()
	for _, suite := range box.Suites() {
		t.Run(suite.Name, func(t *testing.T) {
			t.Parallel()
			l := openLab(t, suite)
			l.Extension(t, "100", "", nil)
			l.Extension(t, "101", "", nil)
			caller := l.Register(t, l.Device(t, "caller", "100", nil), phone.Options{})
			account := l.Device(t, "browser", "101", Object{"class": "webrtc"})
			l.Applied(t)
			b := l.Browse(t, account)
			b.Register(t)
			out := Dial(t, caller, "101")
			invite := b.Next(t, "INVITE ")
			for _, want := range []string{"m=audio ", " UDP/TLS/RTP/SAVPF ", "a=fingerprint:SHA-256 ", "a=setup:actpass", "a=ice-ufrag:", "a=candidate:", "a=rtcp-mux"} {
				if !strings.Contains(invite, want) {
					t.Errorf("the browser's INVITE does not say %q:\n%s", want, invite)
				}
			}
			b.Answer(t, invite, "486 Busy Here")
			if got := StatusOf(t, out.WaitAnswer()); got != 486 {
				t.Errorf("the caller gets %d", got)
			}
		})
	}
}
