package webhook

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dialtone-pbx/dialtone/provisioner/manual"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// program writes the program in a language that the manual's page prints into a file.
func program(t *testing.T, language, name string) string {
	t.Helper()
	page, err := manual.Find("webhooks")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(page.Text, "```"+language+"\n")
	text, _, ended := strings.Cut(rest, "```")
	if !found || !ended {
		t.Fatalf("the page has no program in %s", language)
	}
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// listen runs a receiver and returns its address; what it prints goes to a file.
func listen(t *testing.T, secret string, command ...string) (at, printed string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	at = l.Addr().String()
	_, port, _ := net.SplitHostPort(at)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	out, err := os.Create(filepath.Join(t.TempDir(), "printed"))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), command[0], append(command[1:], port, secret)...)
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		t.Fatalf("the receivers of the manual need python3 and go: %v", err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		_ = out.Close()
	})
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); <-time.After(10 * time.Millisecond) {
		if conn, err := net.Dial("tcp", at); err == nil {
			_ = conn.Close()
			return "http://" + at + "/", out.Name()
		}
	}
	t.Fatalf("%v does not listen", command)
	return "", ""
}

// The receivers that the manual prints take an event once, and none that another secret signs.
func TestReceiversOfTheManual(t *testing.T) {
	built := filepath.Join(t.TempDir(), "receiver")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", built, program(t, "go", "main.go")).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for name, command := range map[string][]string{"go": {built}, "python": {"python3", program(t, "python", "receiver.py")}} {
		t.Run(name, func(t *testing.T) {
			o := newOffice(t)
			good, printed := listen(t, testSecret, command...)
			bad, nothing := listen(t, "whsec_"+strings.Repeat("A", 32), command...)
			o.hook("good", good)
			o.hook("bad", bad)
			o.happen()
			d := o.until("good", "ends", func(ds []*pbx.Delivery) bool { return ds[0].State == pbx.DeliveryDelivered })[0]
			if d := o.until("bad", "is attempted", attempted)[0]; d.Status != 401 {
				t.Errorf("with another secret: %+v", d)
			}
			if _, err := o.db.Replay(t.Context(), "default", "good", d.ID); err != nil {
				t.Fatal(err)
			}
			o.sender.Nudge()
			o.until("good", "ends again", func(ds []*pbx.Delivery) bool { return ds[0].Attempts == 1 && ds[0].State == pbx.DeliveryDelivered })
			o.happen()
			o.until("good", "ends", func(ds []*pbx.Delivery) bool { return ds[0].Message == "evt_2" && ds[0].State == pbx.DeliveryDelivered })
			text, err := os.ReadFile(printed)
			if lines := strings.Split(strings.TrimSpace(string(text)), "\n"); err != nil || len(lines) != 2 ||
				!strings.HasPrefix(lines[0], `evt_1 {"type":"call",`) || !strings.HasPrefix(lines[1], `evt_2 {"type":"call",`) {
				t.Errorf("it prints %s, %v", text, err)
			}
			if text, err := os.ReadFile(nothing); err != nil || len(text) > 0 {
				t.Errorf("the other one prints %s, %v", text, err)
			}
		})
	}
}
