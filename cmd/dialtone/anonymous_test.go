package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

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
			l.extension(t, "987654", "", object{"name": "Shy Sheila", "anonymous": true})
			l.extension(t, "101", "", object{"name": "Open Otto"})
			l.extension(t, "102", "4711", nil)
			shy := l.register(t, l.device(t, "shy", "987654", nil), phone.Options{})
			open := l.register(t, l.device(t, "open", "101", nil), phone.Options{})
			callee := l.register(t, l.device(t, "callee", "102", nil), phone.Options{})
			check := func(t *testing.T) {
				out, in := connect(t, shy, callee, "102")
				if who := identity(in); strings.Contains(who, "987654") || strings.Contains(who, "Sheila") || !strings.Contains(strings.ToLower(who), "anonymous") {
					t.Errorf("the callee sees %s", who)
				}
				talk(t, out, in)
				hangUp(t, out, in)
				out, in = connect(t, open, callee, "102")
				if who := identity(in); !strings.Contains(who, `"Open Otto" <sip:101@`) {
					t.Errorf("the callee does not see 101 but %s", who)
				}
				hangUp(t, out, in)
				l.leavesNoName(t, shy, callee)
			}
			t.Run("decided", check)
			l.kill(t)
			t.Run("fallback", check)
			l.restart(t)
		})
	}
}

// identity is every header in which an INVITE may tell who calls.
func identity(c *phone.Call) string {
	var all []string
	for _, name := range []string{"From", "P-Asserted-Identity", "P-Preferred-Identity", "Remote-Party-ID", "Contact", "Call-Info", "Subject", "Diversion"} {
		for _, value := range c.Headers(name) {
			address, _, _ := strings.Cut(value, ";tag=") // a tag may hold any digits
			all = append(all, name+": "+address)
		}
	}
	return strings.Join(all, "; ")
}

// leavesNoName leaves a message as an anonymous caller and reads its envelope.
func (l *lab) leavesNoName(t *testing.T, shy, callee *phone.Phone) {
	t.Helper()
	before := callee.Voicemail()
	out := dial(t, shy, "102")
	if err := rings(t, out, callee).Reject(486); err != nil {
		t.Fatal(err)
	}
	leaveMessage(t, out, callee, before)
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
