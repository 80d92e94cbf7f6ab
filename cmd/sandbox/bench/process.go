package bench

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// process is a program that this one has started and will end.
type process struct {
	cmd  *exec.Cmd
	done chan struct{} // closed when it has ended
	err  error
}

// start runs cmd in a group of its own, so that Ctrl-C reaches this program
// first; it never outlives this program. The goroutine keeps its thread, because
// the kernel takes the end of the thread that forked for the end of the parent.
func start(cmd *exec.Cmd) (*process, error) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	p := &process{cmd: cmd, done: make(chan struct{})}
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			p.err = cmd.Wait()
			close(p.done)
		}
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("starting %s: %w", filepath.Base(cmd.Path), err)
	}
	return p, nil
}

func (p *process) pid() int { return p.cmd.Process.Pid }

// stop ends the process in order, or after a while at once, and returns what it
// ended with.
func (p *process) stop() error {
	_ = p.cmd.Process.Signal(syscall.SIGTERM) // it may have ended already
	select {
	case <-p.done:
		return p.err
	case <-time.After(closeWithin):
		_ = p.cmd.Process.Kill()
		<-p.done
		return fmt.Errorf("%s did not end in time", filepath.Base(p.cmd.Path))
	}
}

// cpuList is how taskset takes processors.
func cpuList(cpus []int) string {
	words := make([]string, len(cpus))
	for i, c := range cpus {
		words[i] = strconv.Itoa(c)
	}
	return strings.Join(words, ",")
}

// pinnedBinary writes a script that runs the program on these processors from its
// first instruction on, under its own process id: Go counts them at the start.
func pinnedBinary(dir, binary string, cpus []int) (string, error) {
	binary, err := filepath.Abs(binary)
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "pinned-"+filepath.Base(binary))
	text := fmt.Sprintf("#!/bin/sh\nexec taskset -c %s '%s' \"$@\"\n", cpuList(cpus),
		strings.ReplaceAll(binary, "'", `'\''`))
	if err := os.WriteFile(path, []byte(text), 0o700); err != nil {
		return "", fmt.Errorf("choosing processors for %s: %w", binary, err)
	}
	return path, nil
}
