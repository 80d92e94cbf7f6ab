package box

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// rootFile in an instance's folder names its root, for CLI from elsewhere.
const rootFile = ".root"

// stopGrace is how long Asterisk may take to end in order.
const stopGrace = 10 * time.Second

// CLI runs one console command in the instance and returns what it printed.
func (in *Instance) CLI(ctx context.Context, command string) (string, error) {
	return cli(ctx, in.root, in.options.Dir, command)
}

// CLI runs one console command in the instance that runs in dir, started by
// this or another process of this user.
func CLI(ctx context.Context, dir, command string) (string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", fmt.Errorf("resolving the instance's folder: %w", err)
	}
	b, err := os.ReadFile(filepath.Join(dir, rootFile))
	if err != nil {
		return "", fmt.Errorf("finding the Asterisk of %s: %w", dir, err)
	}
	return cli(ctx, strings.TrimSpace(string(b)), dir, command)
}

// cli runs `asterisk -rx` beside the instance: same root, same folder.
func cli(ctx context.Context, root, dir, command string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, bootLimit)
	defer cancel()
	argv, err := bwrapArgs(root, dir, asteriskBinary, "-C", inside+"/etc/asterisk.conf", "-rx", command)
	if err != nil {
		return "", err
	}
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Env = boxEnv
	cmd.WaitDelay = 20 * time.Second // a busy machine ends the processes around it late
	var out, complaint strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &complaint
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("running the console command %q: %w: %s", command, err,
			strings.TrimSpace(complaint.String()+out.String()))
	}
	return out.String(), nil
}

// Dir is the instance's folder, absolute.
func (in *Instance) Dir() string { return in.options.Dir }

// PID is Asterisk's own process, as this machine numbers it, or 0 when it does not run.
func (in *Instance) PID() int {
	p := in.running()
	if p.ended() {
		return 0
	}
	return p.asteriskPID()
}

// Wait returns when Asterisk has ended, with how: nil after an orderly end.
func (in *Instance) Wait() error {
	p := in.running()
	<-p.done
	return p.err
}

// Done is closed when the present run of Asterisk has ended.
func (in *Instance) Done() <-chan struct{} { return in.running().done }

// Stop ends Asterisk in order and gives up the folder: after it, Start and not
// Restart. After ten seconds, or with ctx, Asterisk is killed and that is the
// error. Stopping what has ended is none.
func (in *Instance) Stop(ctx context.Context) error {
	defer in.lock.Close()
	return in.end(ctx)
}

// Kill ends Asterisk and all it started as kill -9 does, and waits until they
// are gone. The folder stays this instance's: Restart or Stop should follow.
func (in *Instance) Kill() { in.running().kill() }

// Restart ends Asterisk in order, unless it has ended, and starts it again
// with the same options. Files are written again.
func (in *Instance) Restart(ctx context.Context) error {
	if err := in.end(ctx); err != nil {
		return err
	}
	return in.boot(ctx)
}

// end is Stop without giving up the folder.
func (in *Instance) end(ctx context.Context) error {
	p := in.running()
	if p.ended() {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, stopGrace)
	defer cancel()
	if pid := p.asteriskPID(); pid > 0 {
		if err := syscall.Kill(pid, syscall.SIGTERM); err != nil && !errors.Is(err, syscall.ESRCH) {
			return fmt.Errorf("stopping Asterisk: %w", err)
		}
		select {
		case <-p.done:
			return nil
		case <-ctx.Done():
		}
	}
	p.kill()
	return fmt.Errorf("stopping Asterisk in %s: killed, it did not end in order", in.options.Dir)
}

// running is the present or last run.
func (in *Instance) running() *process {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.current
}
