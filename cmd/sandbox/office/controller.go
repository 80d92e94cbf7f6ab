package office

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/dialtone-pbx/dialtone/cmd/sandbox/box"
)

// startWithin bounds the start of the controller, until Asterisk runs its files.
const startWithin = 60 * time.Second

// process is the controller's process; done is closed when it has ended.
type process struct {
	cmd  *exec.Cmd
	done chan struct{}
	err  error
}

// StartController starts dialtone serve and returns when Asterisk has acknowledged
// its configuration.
func (of *Office) StartController(ctx context.Context) error {
	if of.controller != nil {
		return errors.New("the controller runs already")
	}
	cmd := exec.Command(of.options.Binary, of.serveArgs()...)
	cmd.Env = append(os.Environ(), "DIALTONE_AMI_SECRET="+of.ami.Reveal(), "DIALTONE_ARI_SECRET="+of.ari.Reveal())
	for name, value := range of.options.Env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	cmd.Stdout, cmd.Stderr = of.options.Log, of.options.Log
	// A signal for our terminal's group must not reach it before we end it in order.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	p, err := startProcess(cmd)
	if err != nil {
		return fmt.Errorf("starting the controller: %w", err)
	}
	of.controller = p
	ctx, cancel := context.WithTimeout(ctx, startWithin)
	defer cancel()
	return of.ready(ctx, p)
}

// startProcess starts cmd and the goroutine that waits for it. That goroutine
// keeps its thread: Pdeathsig means the thread that forked, and Go may end an
// idle one.
func startProcess(cmd *exec.Cmd) (*process, error) {
	p := &process{cmd: cmd, done: make(chan struct{})}
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err != nil {
			return
		}
		p.err = cmd.Wait()
		close(p.done)
	}()
	return p, <-started
}

func (of *Office) serveArgs() []string {
	host, port, _ := net.SplitHostPort(of.SIP)
	return append([]string{"serve", "--db", of.Database, "--token-file", of.TokenFile,
		"--listen", strings.TrimPrefix(of.API, "http://"), "--phone-listen", strings.TrimPrefix(of.Phones, "http://"),
		"--phone-url", of.Phones, "--sip-server", host, "--sip-port", port,
		"--asterisk-etc", filepath.Join(of.dir, "asterisk", "etc"), "--asterisk-spool",
		filepath.Join(of.dir, "asterisk", "spool"),
		"--asterisk-sounds", box.Etc + "/dialtone/sounds",
		"--asterisk-log", filepath.Join(of.dir, "asterisk", "log"),
		"--ami-address", of.AMI, "--ari-url", "http://" + of.ARI + "/ari"}, of.options.Serve...)
}

// ready polls /v1/health until the newest revision is applied.
func (of *Office) ready(ctx context.Context, p *process) error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		if of.healthy(ctx) {
			return nil
		}
		select {
		case <-p.done:
			of.controller = nil
			return fmt.Errorf("the controller ended at its start: %w", p.err)
		case <-ctx.Done():
			return fmt.Errorf("waiting for the controller: %w", ctx.Err())
		case <-tick.C:
		}
	}
}

// healthy reports whether the controller is connected and has applied all. The carriers of
// trunks need not be there.
func (of *Office) healthy(ctx context.Context) bool {
	token, err := of.Token()
	if err != nil {
		return false
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, of.API+"/v1/health", nil)
	if err != nil {
		return false
	}
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	defer resp.Body.Close()
	var h struct {
		Revision    int64
		Asterisk    struct{ Connected bool }
		CallControl struct{ Connected bool } `json:"call_control"`
		Apply       struct {
			Applied int64
			Error   string
		}
	}
	return json.NewDecoder(resp.Body).Decode(&h) == nil && h.Asterisk.Connected && h.CallControl.Connected &&
		h.Apply.Error == "" && h.Apply.Applied >= h.Revision
}

// ControllerDone is closed when the controller's process has ended.
func (of *Office) ControllerDone() <-chan struct{} { return of.controller.done }

// ControllerPID is the process id of the controller, 0 when none runs.
func (of *Office) ControllerPID() int {
	if of.controller == nil {
		return 0
	}
	return of.controller.cmd.Process.Pid
}

// KillController ends the controller as kill -9 does and waits until it is gone.
func (of *Office) KillController() error {
	p := of.controller
	if p == nil {
		return errors.New("no controller runs")
	}
	of.controller = nil
	if err := p.cmd.Process.Kill(); err != nil {
		return fmt.Errorf("killing the controller, process %s: %w", strconv.Itoa(p.cmd.Process.Pid), err)
	}
	<-p.done
	return nil
}

// StopController ends the controller in order; ctx bounds it, then it is killed.
func (of *Office) StopController(ctx context.Context) error {
	p := of.controller
	if p == nil {
		return nil
	}
	of.controller = nil
	_ = p.cmd.Process.Signal(syscall.SIGTERM) // it may have ended already
	select {
	case <-p.done:
		return p.err
	case <-ctx.Done():
		_ = p.cmd.Process.Kill()
		<-p.done
		return fmt.Errorf("the controller did not end in time: %w", ctx.Err())
	}
}
