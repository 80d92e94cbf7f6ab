package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/dialtone-pbx/dialtone/cmd/sandbox/box"
	"github.com/dialtone-pbx/dialtone/cmd/sandbox/office"
)

// controller is a dialtone without an office: its AMI is somebody else's.
type controller struct {
	cmd  *exec.Cmd
	log  *os.File
	done chan error
}

// startController runs dialtone in front of the AMI at address, with the database
// in dir, and returns when everything is applied.
func (b *bench) startController(ctx context.Context, dir, address string) (*controller, error) {
	ports, err := box.FreePorts("tcp", 3)
	if err != nil {
		return nil, err
	}
	places := office.Places{API: fmt.Sprintf("http://127.0.0.1:%d", ports[0]), TokenFile: filepath.Join(dir, "token")}
	c := &controller{done: make(chan error, 1)}
	if c.log, err = os.Create(filepath.Join(dir, "log")); err != nil {
		return nil, fmt.Errorf("log of the controller: %w", err)
	}
	c.cmd = exec.Command(b.Binary, "serve", "--db", filepath.Join(dir, "dialtone.db"), "--token-file", places.TokenFile,
		"--listen", fmt.Sprintf("127.0.0.1:%d", ports[0]), "--phone-listen", fmt.Sprintf("127.0.0.1:%d", ports[1]), "--sip-server", "127.0.0.1",
		"--asterisk-etc", filepath.Join(dir, "etc"), "--asterisk-spool", "", "--ami-address", address,
		"--ari-url", fmt.Sprintf("http://127.0.0.1:%d/ari", ports[2])) // nobody is there, and nobody calls
	c.cmd.Env = append(os.Environ(), "DIALTONE_AMI_SECRET=anything", "DIALTONE_ARI_SECRET=anything")
	c.cmd.Stdout, c.cmd.Stderr = c.log, c.log
	c.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if err := c.cmd.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("starting the controller: %w", err), c.log.Close())
	}
	go func() { c.done <- c.cmd.Wait() }()
	r := &room{Office: &office.Office{Places: places}}
	limit, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	err = waitUntil(limit, 20*time.Millisecond, "the controller", func() (bool, error) {
		r.client, err = office.NewClient(places)
		return err == nil && r.waitApplied(limit) == nil, nil
	})
	if err != nil {
		return nil, errors.Join(err, c.stop())
	}
	return c, nil
}

// stop ends the controller in order, or after a while at once.
func (c *controller) stop() error {
	defer c.log.Close()
	_ = c.cmd.Process.Signal(syscall.SIGTERM) // it may have ended already
	select {
	case err := <-c.done:
		return err
	case <-time.After(closeWithin):
		_ = c.cmd.Process.Kill()
		return errors.Join(errors.New("the controller did not end in time"), <-c.done)
	}
}
