package lab

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dialtone-pbx/dialtone/provisioner/manual"
)

// Programs returns the commands that run the programs of a page of the manual, in Python and in Go.
func Programs(t *testing.T, topic string) (python, golang []string) {
	t.Helper()
	dir := t.TempDir()
	for name, language := range map[string]string{"program.py": "python", "program.go": "go"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(Printed(t, topic, language)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	built := filepath.Join(dir, "program")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", built,
		filepath.Join(dir, "program.go")).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return []string{"python3", filepath.Join(dir, "program.py")}, []string{built}
}

// Printed is the first text in a language that a page of the manual prints.
func Printed(t *testing.T, topic, language string) string {
	t.Helper()
	page, err := manual.Find(topic)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(page.Text, "```"+language+"\n")
	text, _, ended := strings.Cut(rest, "```")
	if !found || !ended {
		t.Fatalf("page %s has nothing in %s", topic, language)
	}
	return text
}

// RunProgram runs a program with a port and a secret, until the test ends, and returns its address
// and what it prints.
func RunProgram(t *testing.T, secret string, command ...string) (at string, printed *Output) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	_, port, _ := net.SplitHostPort(address)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	printed = &Output{}
	cmd := exec.CommandContext(t.Context(), command[0], append(command[1:], port, secret)...)
	cmd.Stdout, cmd.Stderr = printed, printed
	if err := cmd.Start(); err != nil {
		t.Fatalf("the programs of the manual need python3 and go: %v", err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	Eventually(t, Patience, func() string {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			return err.Error() + "\n" + printed.String()
		}
		_ = conn.Close()
		return ""
	})
	return "http://" + address + "/", printed
}
