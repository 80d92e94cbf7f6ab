package box

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// bootLimit bounds Start beyond the caller's context. 20,000 extensions take
// Asterisk 18 s to load on two cores.
const bootLimit = 2 * time.Minute

// Options say which Asterisk runs where.
type Options struct {
	Suite Suite             // prepared if needed, unless Root is given
	Root  string            // a root that Prepare returned
	Dir   string            // the instance's folder; inside it is /i as well as its own name
	Files map[string][]byte // written below Dir/etc, over what is there; see BaseFiles for the rest
	DNS   bool              // names resolve as on this machine; otherwise only those of Dir/hosts
	Log   io.Writer         // what Asterisk prints, and progress; nil: nowhere
}

// Instance is one Asterisk in its folder. Its methods may be called from
// several goroutines.
type Instance struct {
	options Options
	root    string
	lock    *os.File

	mu      sync.Mutex
	current *process
}

// Start runs an Asterisk and returns once it is fully booted. If it ends or
// ctx does before that, the error carries Asterisk's own last words. The
// instance outlives ctx; whoever starts one must Stop or Kill it, and it
// never outlives this process.
func Start(ctx context.Context, o Options) (*Instance, error) {
	if o.Log == nil {
		o.Log = io.Discard
	}
	dir, err := instanceDir(o.Dir)
	if err != nil {
		return nil, err
	}
	o.Dir = dir
	root := o.Root
	if root == "" {
		if root, err = Prepare(ctx, o.Suite, o.Log); err != nil {
			return nil, err
		}
	}
	lock, err := lockFile(filepath.Join(dir, ".lock"))
	if err != nil {
		return nil, err
	}
	if lock == nil {
		return nil, fmt.Errorf("another Asterisk runs in %s", dir)
	}
	in := &Instance{options: o, root: root, lock: lock}
	if err := in.boot(ctx); err != nil {
		lock.Close()
		return nil, err
	}
	return in, nil
}

// instanceDir makes the folder and returns its real, absolute name.
func instanceDir(dir string) (string, error) {
	if dir == "" {
		return "", errors.New("starting Asterisk: no folder given")
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("making the instance's folder: %w", err)
	}
	dir, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return "", fmt.Errorf("resolving the instance's folder: %w", err)
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return "", fmt.Errorf("resolving the instance's folder: %w", err)
	}
	return dir, nil
}

// boot writes the files, starts the process and waits for it to be ready.
func (in *Instance) boot(ctx context.Context) error {
	in.mu.Lock()
	defer in.mu.Unlock()
	o := in.options
	if err := layOut(in.root, o.Dir, o.Files, o.DNS); err != nil {
		return err
	}
	// A killed Asterisk leaves its socket; the lock says nobody listens on it.
	if err := os.RemoveAll(filepath.Join(o.Dir, "run", "asterisk.ctl")); err != nil {
		return fmt.Errorf("removing a dead control socket: %w", err)
	}
	if err := os.WriteFile(filepath.Join(o.Dir, rootFile), []byte(in.root+"\n"), 0o600); err != nil {
		return fmt.Errorf("recording the root: %w", err)
	}
	argv, err := bwrapArgs(in.root, o.Dir, asteriskBinary, "-f", "-n", "-C", inside+"/etc/asterisk.conf")
	if err != nil {
		return err
	}
	began := time.Now()
	p, err := startProcess(argv, o.Dir, o.Log)
	if err != nil {
		return err
	}
	if err := in.ready(ctx, p); err != nil {
		p.kill()
		return fmt.Errorf("starting Asterisk in %s: %w\n%s", o.Dir, err, words(p, o.Dir, began))
	}
	in.current = p
	return nil
}

// ready waits until the control socket is there and Asterisk says that it is
// fully booted, or until it ends.
func (in *Instance) ready(ctx context.Context, p *process) error {
	ctx, cancel := context.WithTimeout(ctx, bootLimit)
	var watch sync.WaitGroup
	defer watch.Wait()
	defer cancel()
	watch.Go(func() { // a question to an Asterisk that has ended must not wait for its deadline
		select {
		case <-p.done:
			cancel()
		case <-ctx.Done():
		}
	})
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-p.done:
			return fmt.Errorf("it ended: %w", p.result())
		case <-ctx.Done():
			if p.ended() {
				return fmt.Errorf("it ended: %w", p.result())
			}
			return fmt.Errorf("it was not ready: %w", ctx.Err())
		case <-tick.C:
		}
		if _, err := os.Stat(filepath.Join(in.options.Dir, "run", "asterisk.ctl")); err != nil {
			continue
		}
		out, err := cli(ctx, in.root, in.options.Dir, "core waitfullybooted")
		if err == nil && strings.Contains(out, "fully booted") {
			return nil
		}
	}
}
