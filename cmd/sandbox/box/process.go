package box

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"
)

// process is one run of Asterisk under bubblewrap: a session of its own, so
// that it and all it starts can be ended by one signal.
type process struct {
	cmd  *exec.Cmd
	out  *tail
	done chan struct{} // closed when all of the session is gone; err is set before
	err  error
}

// startProcess starts argv and the goroutine that waits for it. That goroutine
// keeps its thread: --die-with-parent means the thread that forked, and Go may
// end an idle one.
func startProcess(argv []string, dir string, log io.Writer) (*process, error) {
	p := &process{cmd: exec.Command(argv[0], argv[1:]...), out: &tail{to: log}, done: make(chan struct{})}
	p.cmd.Env, p.cmd.Dir = boxEnv, dir
	p.cmd.Stdout, p.cmd.Stderr = p.out, p.out
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	p.cmd.WaitDelay = 5 * time.Second
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := p.cmd.Start()
		started <- err
		if err != nil {
			return
		}
		p.err = p.cmd.Wait()
		waitSession(p.cmd.Process.Pid, killGrace)
		close(p.done)
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("starting %s: %w", argv[0], err)
	}
	return p, nil
}

// killGrace is how long bubblewrap may take to notice that Asterisk is dead,
// and the rest of the session to follow bubblewrap.
const killGrace = 2 * time.Second

// kill ends all of it at once and waits until it is gone. Asterisk goes first:
// bubblewrap then ends its process namespace, all of it, before it ends
// itself. Killed together, its children would be left to some init to reap.
func (p *process) kill() {
	if p.ended() {
		return
	}
	// Errors of kill mean that it is gone already, which the waits see as well.
	if pid := p.asteriskPID(); pid > 0 {
		_ = syscall.Kill(pid, syscall.SIGKILL)
		late := time.NewTimer(killGrace)
		defer late.Stop()
		select {
		case <-p.done:
			return
		case <-late.C:
		}
	}
	_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
	<-p.done
}

// ended reports whether the process is gone.
func (p *process) ended() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// result is how it ended; never nil, because a caller who asks did not expect it.
func (p *process) result() error {
	if p.err == nil {
		return errors.New("exit status 0")
	}
	return p.err
}

// tailSize is how much of the last output is kept for error messages.
const tailSize = 4 << 10

// tail passes everything on and remembers the end of it.
type tail struct {
	to  io.Writer
	mu  sync.Mutex
	end []byte
}

// Write never fails: a broken log is no reason to stop Asterisk.
func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.end = append(t.end, b...)
	t.end = t.end[max(0, len(t.end)-tailSize):]
	_, _ = t.to.Write(b)
	return len(b), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.end)
}

// words collects what Asterisk said of this run: its output and the warnings
// and errors at the end of the logs it wrote since began.
func words(p *process, dir string, began time.Time) string {
	said := []string{strings.TrimSpace(p.out.String())}
	logs, _ := filepath.Glob(filepath.Join(dir, "log", "*"))
	for _, path := range logs {
		st, err := os.Stat(path)
		if err != nil || !st.Mode().IsRegular() || st.ModTime().Before(began) {
			continue
		}
		b, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(b[max(0, len(b)-tailSize):])) {
			if strings.Contains(line, "ERROR[") || strings.Contains(line, "WARNING[") {
				said = append(said, strings.TrimSpace(line))
			}
		}
	}
	return strings.Join(said, "\n")
}
