package lab

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/dialtone-pbx/dialtone/cmd/phonesim/phone"
)

// Feature gives Asterisk a features.conf of one line.
func (l *Lab) Feature(t *testing.T, line string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(l.Asterisk.Dir(), "etc", "features.conf"),
		[]byte("[general]\n"+line+"\n\n#tryinclude dialtone/features.conf\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	l.Console(t, "module reload features")
	_, value, _ := strings.Cut(line, "= ")
	Eventually(t, 5*time.Second, func() string {
		if out := l.Console(t, "features show"); !strings.Contains(out, value) {
			return out
		}
		return ""
	})
}

// Shows waits for a state of a lamp.
func Shows(t *testing.T, lamp *phone.Subscription, want string) {
	t.Helper()
	ctx := Within(t, Patience)
	for got := ""; got != want; {
		select {
		case s := <-lamp.States():
			got = s.State
		case <-ctx.Done():
			t.Fatalf("the lamp shows %q, not %q", got, want)
		}
	}
}

// evilEndpoint is what a hostile name tries to add. A random name may have the letters.
var evilEndpoint = regexp.MustCompile(`(?m)^ *Endpoint: +evil\b`)

// NothingElse counts what Asterisk has: our devices, the marker, and the endpoint at which
// nobody registers.
func (l *Lab) NothingElse(t *testing.T, devices int) {
	t.Helper()
	found := func(n int) string { return fmt.Sprintf("Objects found: %d", n) }
	endpoints, auths := found(devices+2), found(devices+1)
	if out := l.Console(t, "pjsip show endpoints"); !strings.Contains(out, endpoints+"\n") ||
		evilEndpoint.MatchString(out) {
		t.Errorf("Asterisk does not show %s endpoints:\n%s", endpoints, out)
	}
	if out := l.Console(t, "pjsip show auths"); !strings.Contains(out, auths+"\n") {
		t.Errorf("Asterisk does not show %s auths:\n%s", auths, out)
	}
}
