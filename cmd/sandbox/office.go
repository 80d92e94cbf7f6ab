package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/dialtone-pbx/dialtone/cmd/sandbox/box"
	"github.com/dialtone-pbx/dialtone/cmd/sandbox/demo"
	"github.com/dialtone-pbx/dialtone/cmd/sandbox/office"
)

type officeCommand struct {
	Dir    string `arg:"" help:"Folder of the office; it is kept, and found again at the next start."`
	Binary string `required:"" type:"existingfile" help:"The built dialtone."`
	Suite  string `enum:"22,16" default:"22" help:"Which Asterisk: 22 (Debian sid) or 16 (Debian 11)."`
}

// closeWithin bounds the end of an office.
const closeWithin = 20 * time.Second

// Run opens an office, says how to go on, and closes it on Ctrl-C.
func (c *officeCommand) Run(ctx context.Context, o outside) (err error) {
	if err := box.Require(ctx, o.log); err != nil {
		return err
	}
	suite, err := box.SuiteNamed(c.Suite)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(c.Dir, 0o700); err != nil {
		return err
	}
	log, err := os.OpenFile(filepath.Join(c.Dir, "log"), os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	root, err := box.Prepare(ctx, suite, o.log)
	if err != nil {
		return err
	}
	of, err := office.Open(ctx, office.Options{Dir: c.Dir, Binary: c.Binary, Suite: suite, Root: root, WellKnown: true,
		Log: log})
	if err != nil {
		return fmt.Errorf("%w\nThe log is %s", err, log.Name())
	}
	defer func() {
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeWithin)
		defer cancel()
		err = errors.Join(err, of.Close(end))
		fmt.Fprintln(o.out, "The office is closed.")
	}()
	welcome(o.out, suite, of, c.Dir)
	select {
	case <-ctx.Done():
		return nil
	case <-of.Asterisk.Done():
		return fmt.Errorf("the office's Asterisk ended by itself; the log is %s", log.Name())
	case <-of.ControllerDone():
		return fmt.Errorf("the controller ended by itself; the log is %s", log.Name())
	}
}

func welcome(w io.Writer, suite box.Suite, of *office.Office, dir string) {
	fmt.Fprintf(w, `
The office is open.
  admin API   %[2]s   (pages: %[2]s/docs)
  phones      %[3]s/
  SIP         %[4]s   (%[1]s)
  token       %[5]s
  log         %[6]s

Go on in a second terminal:
  make demo
  curl -sS -H "Authorization: Bearer $(cat %[5]s)" %[2]s/v1/health

Ctrl-C closes the office; its data stays in %[7]s.
`, suite, of.API, of.Phones, of.SIP, of.TokenFile, filepath.Join(dir, "log"), dir)
}

type demoCommand struct {
	Dir string `arg:"" help:"Folder of the office that make run opened."`
}

// Run walks through the office.
func (c *demoCommand) Run(ctx context.Context, o outside) error {
	places, err := office.Find(c.Dir)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 3*time.Minute)
	defer cancel()
	return demo.Run(ctx, places, o.out)
}
