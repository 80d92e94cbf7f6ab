package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/dialtone-pbx/dialtone/cmd/sandbox/box"
	"github.com/dialtone-pbx/dialtone/cmd/sandbox/office"
)

// controller is a dialtone without an office: its AMI is somebody else's.
type controller struct {
	*process
	*room
	log *os.File
}

// startController runs dialtone in front of the AMI at address, with the database
// in dir, and returns when everything is applied.
func (b *bench) startController(ctx context.Context, dir, address string) (*controller, error) {
	ports, err := box.FreePorts("tcp", 3)
	if err != nil {
		return nil, err
	}
	places := office.Places{API: fmt.Sprintf("http://127.0.0.1:%d", ports[0]), TokenFile: filepath.Join(dir, "token")}
	c := &controller{}
	if c.log, err = os.Create(filepath.Join(dir, "log")); err != nil {
		return nil, fmt.Errorf("log of the controller: %w", err)
	}
	cmd := exec.Command(b.Binary, "serve", "--db", filepath.Join(dir, "dialtone.db"), "--token-file", places.TokenFile,
		"--listen", fmt.Sprintf("127.0.0.1:%d", ports[0]), "--phone-listen", fmt.Sprintf("127.0.0.1:%d", ports[1]),
		"--sip-server", "127.0.0.1",
		"--asterisk-etc", filepath.Join(dir, "etc"), "--asterisk-spool", "", "--asterisk-log", "", "--ami-address", address,
		"--ari-url", fmt.Sprintf("http://127.0.0.1:%d/ari", ports[2])) // nobody is there, and nobody calls
	cmd.Env = append(os.Environ(), "DIALTONE_AMI_SECRET=anything", "DIALTONE_ARI_SECRET=anything")
	cmd.Stdout, cmd.Stderr = c.log, c.log
	if c.process, err = start(cmd); err != nil {
		return nil, errors.Join(err, c.log.Close())
	}
	r := &room{Office: &office.Office{Places: places}}
	c.room = r
	limit, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	err = waitUntil(limit, 20*time.Millisecond, "the controller", func() (bool, error) {
		select {
		case <-c.done:
			return false, errors.New("the controller ended at its start")
		default:
		}
		r.client, err = office.NewClient(places)
		return err == nil && r.waitApplied(limit) == nil, nil
	})
	if err != nil {
		return nil, errors.Join(err, c.stop())
	}
	return c, nil
}

// stop ends the controller in order.
func (c *controller) stop() error { return errors.Join(c.process.stop(), c.log.Close()) }
