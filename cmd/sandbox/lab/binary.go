package lab

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/dialtone-pbx/dialtone/cmd/phonesim/phone"
)

// Main runs the tests of a package and removes the binary under test, if one was built.
func Main(m *testing.M) {
	phone.SendWhole()
	go machine.run()
	code := m.Run()
	if own := built.Load(); own != nil {
		_ = os.Remove(*own)
	}
	os.Exit(code)
}

// built is where this process has the binary under test.
var built atomic.Pointer[string]

// build makes the program with the race detector: what it finds is in the log, which
// every lab looks through at its end.
var build = sync.OnceValues(func() (string, error) {
	module, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}").Output()
	if err != nil {
		return "", fmt.Errorf("finding the sources: %w", err)
	}
	root := strings.TrimSpace(string(module))
	return buildIn(filepath.Join(root, ".build", "race"), root)
})

// buildIn makes the program in a folder that all test processes of this checkout
// share, one at a time: go build leaves it as it is while nothing that it is made of
// has changed. This process gets a name of its own for it, which keeps the file when
// another process builds it anew.
func buildIn(dir, root string) (string, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("making the folder of the binary: %w", err)
	}
	lock, err := os.Create(filepath.Join(dir, "lock"))
	if err != nil {
		return "", fmt.Errorf("locking the binary: %w", err)
	}
	defer lock.Close()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return "", fmt.Errorf("locking the binary: %w", err)
	}
	shared, own := filepath.Join(dir, "dialtone"), filepath.Join(dir, fmt.Sprintf("dialtone-%d", os.Getpid()))
	cmd := exec.Command("go", "build", "-race", "-o", shared, "./cmd/dialtone")
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building dialtone: %w\n%s", err, out)
	}
	removeDead(shared)
	built.Store(&own)
	return own, os.Link(shared, own)
}

// removeDead removes the names of processes that were killed before they could.
func removeDead(shared string) {
	names, _ := filepath.Glob(shared + "-*") // the pattern is a good one
	for _, name := range names {
		pid, err := strconv.Atoi(strings.TrimPrefix(name, shared+"-"))
		if err == nil && (pid == os.Getpid() || errors.Is(syscall.Kill(pid, 0), syscall.ESRCH)) {
			_ = os.Remove(name)
		}
	}
}

// Binary is the program under test.
func Binary(t *testing.T) string {
	t.Helper()
	path, err := build()
	if err != nil {
		t.Fatal(err)
	}
	return path
}
