package outside

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	. "github.com/dialtone-pbx/dialtone/cmd/sandbox/lab"

	"github.com/dialtone-pbx/dialtone/cmd/phonesim/phone"
	"github.com/dialtone-pbx/dialtone/cmd/sandbox/box"
)

// TestAnonymousRealAsterisk: no header of the INVITE that the callee gets names
// an anonymous caller, nor does the envelope of the message he leaves; decided
// by the controller and by the fallback, on both generations.
func TestAnonymousRealAsterisk(t *testing.T) {
	t.Parallel()
	for _, suite := range box.Suites() {
		t.Run(suite.Name, func(t *testing.T) {
			t.Parallel()
			l := openLab(t, suite)
			// No port number holds six digits by chance.
			l.Extension(t, "987654", "", Object{"name": "Shy Sheila", "anonymous": true})
			l.Extension(t, "101", "", Object{"name": "Open Otto"})
			l.Extension(t, "102", "4711", nil)
			shy := l.Register(t, l.Device(t, "shy", "987654", nil), phone.Options{})
			open := l.Register(t, l.Device(t, "open", "101", nil), phone.Options{})
			callee := l.Register(t, l.Device(t, "callee", "102", nil), phone.Options{})
			check := func(t *testing.T) {
				out, in := Connect(t, shy, callee, "102")
				if who := Identity(in); strings.Contains(who, "987654") || strings.Contains(who, "Sheila") || !strings.Contains(strings.ToLower(who), "anonymous") {
					t.Errorf("the callee sees %s", who)
				}
				Talk(t, out, in)
				HangUp(t, out, in)
				out, in = Connect(t, open, callee, "102")
				if who := Identity(in); !strings.Contains(who, `"Open Otto" <sip:101@`) {
					t.Errorf("the callee does not see 101 but %s", who)
				}
				HangUp(t, out, in)
				l.leavesNoName(t, shy, callee)
			}
			t.Run("decided", check)
			l.Kill(t)
			t.Run("fallback", check)
			l.Restart(t)
		})
	}
}

// leavesNoName leaves a message as an anonymous caller and reads its envelope.
func (l *lab) leavesNoName(t *testing.T, shy, callee *phone.Phone) {
	t.Helper()
	before := callee.Voicemail()
	out := Dial(t, shy, "102")
	if err := Rings(t, out, callee).Reject(486); err != nil {
		t.Fatal(err)
	}
	LeaveMessage(t, out, callee, before)
	envelopes, err := filepath.Glob(filepath.Join(l.Asterisk.Dir(), "spool", "voicemail", "default", "102", "INBOX", "*.txt"))
	if err != nil || len(envelopes) == 0 {
		t.Fatalf("no message: %v", err)
	}
	for _, name := range envelopes {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			if strings.HasPrefix(line, "callerid=") && (strings.Contains(line, "987654") || strings.Contains(line, "Sheila")) {
				t.Errorf("the envelope says %s", line)
			}
		}
	}
}
