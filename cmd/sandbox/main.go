// Command sandbox runs a real Asterisk in a folder: for `make run`, the tests
// and CI, on any Debian-like machine, without root. It owns only the command
// line; package box does the work.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/alecthomas/kong"

	"github.com/dialtone-pbx/dialtone/cmd/sandbox/box"
)

// commands is the command line; each has a Run method below.
type commands struct {
	Require requireCommand `cmd:"" help:"Install the Debian packages that the sandbox and the tests need, or say which are missing."`
	Prepare prepareCommand `cmd:"" help:"Make the Asterisk root in this user's cache, once; takes about 40 s and 300 MB each."`
	Run     runCommand     `cmd:"" help:"Run an Asterisk from the files in DIR/etc until Ctrl-C."`
	Office  officeCommand  `cmd:"" help:"Run Asterisk and Dialtone in DIR until Ctrl-C."`
	Demo    demoCommand    `cmd:"" help:"Two people, two phones, a call and a voicemail in the office in DIR."`
	Bench   benchCommand   `cmd:"" help:"Measure this machine's Dialtone against references and print a table."`
	CLI     cliCommand     `cmd:"" name:"cli" help:"Run one console command in the Asterisk that runs in DIR."`
}

// outside is what commands may touch of the world.
type outside struct {
	out, log io.Writer
}

type requireCommand struct {
	Load bool `help:"Also what the load tests need: sipp, and nginx, whose package may start a web server on port 80."`
}

// Run installs what is missing.
func (c *requireCommand) Run(ctx context.Context, o outside) error {
	extra := box.Tests
	if c.Load {
		extra = slices.Concat(extra, box.Load)
	}
	return box.Require(ctx, o.log, extra...)
}

type prepareCommand struct {
	Suite  string `enum:"22,16,all" default:"22" help:"Which Asterisk: 22 (Debian sid), 16 (Debian 11), or all."`
	Mirror string `placeholder:"URL" help:"Debian mirror to use, an archive for one; default: this machine's own."`
}

// Run prepares the suites and prints version and root of each.
func (c *prepareCommand) Run(ctx context.Context, o outside) error {
	suites := box.Suites()
	if c.Suite != "all" {
		s, err := box.SuiteNamed(c.Suite)
		if err != nil {
			return err
		}
		suites = []box.Suite{s}
	}
	for _, s := range suites {
		s.Mirror = c.Mirror
		root, err := box.Prepare(ctx, s, o.log)
		if err != nil {
			return err
		}
		version, err := box.Version(root)
		if err != nil {
			return err
		}
		fmt.Fprintf(o.out, "%s\t%s\n", version, root)
	}
	return nil
}

type runCommand struct {
	Dir   string `arg:"" help:"Folder of the instance. DIR/etc holds its configuration; what it lacks of the basics is added."`
	Suite string `enum:"22,16" default:"22" help:"Which Asterisk: 22 (Debian sid) or 16 (Debian 11)."`
	DNS   bool   `name:"dns" help:"Resolve names as this machine does, for real trunks; without it only DIR/hosts counts."`
}

// Run returns when Asterisk ends or the user interrupts.
func (c *runCommand) Run(ctx context.Context, o outside) error {
	suite, err := box.SuiteNamed(c.Suite)
	if err != nil {
		return err
	}
	in, err := box.Start(ctx, box.Options{Suite: suite, Dir: c.Dir, DNS: c.DNS, Log: o.log})
	if err != nil {
		return err
	}
	fmt.Fprintf(o.out, "%s runs in %s, process %d; Ctrl-C ends it\n", suite, in.Dir(), in.PID())
	select {
	case <-in.Done():
		return fmt.Errorf("asterisk ended by itself: %v", in.Wait())
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 15*time.Second)
	defer cancel()
	return in.Stop(grace)
}

type cliCommand struct {
	Dir     string   `arg:"" help:"Folder of a running instance."`
	Command []string `arg:"" passthrough:"" help:"Console command, such as: pjsip show endpoints"`
}

// Run prints what the console says.
func (c *cliCommand) Run(ctx context.Context, o outside) error {
	out, err := box.CLI(ctx, c.Dir, strings.Join(c.Command, " "))
	if err != nil {
		return err
	}
	_, err = io.WriteString(o.out, out)
	return err
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	k := kong.Parse(&commands{}, kong.Name("sandbox"), kong.UsageOnError(),
		kong.Description("A real Asterisk in a folder, without root. Roots are shared and read-only, instances are separate."),
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Bind(outside{out: os.Stdout, log: os.Stderr}))
	k.FatalIfErrorf(k.Run())
}
