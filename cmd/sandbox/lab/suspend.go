package lab

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// Suspend stops the controller with SIGSTOP and waits until each of its threads stands
// still. The signal goes to one thread. Until the kernel has run that one, the others go
// on, and a controller that has been told to stop can still decide a call. It goes on
// when the test ends, so that it can be ended in order.
func (l *Lab) Suspend(t *testing.T) {
	t.Helper()
	pid := l.ControllerPID()
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		t.Fatalf("stopping the controller, process %d: %v", pid, err)
	}
	t.Cleanup(func() {
		if l.ControllerPID() == pid { // else it has been killed
			_ = syscall.Kill(pid, syscall.SIGCONT)
		}
	})
	Eventually(t, 10*time.Second, func() string { return running(pid) })
}

// running names a thread of a process that is not stopped, "" when all are.
func running(pid int) string {
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", pid))
	if err != nil || len(threads) == 0 {
		return fmt.Sprintf("no threads of process %d: %v", pid, err)
	}
	for _, path := range threads {
		stat, err := os.ReadFile(path)
		if err != nil {
			return err.Error()
		}
		// proc_pid_stat(5): the state stands behind the name, whose parentheses may hold any.
		_, after, _ := bytes.Cut(stat[bytes.LastIndexByte(stat, ')'):], []byte(" "))
		if !bytes.HasPrefix(after, []byte("T")) {
			return fmt.Sprintf("%s is in state %.1s", path, after)
		}
	}
	return ""
}
