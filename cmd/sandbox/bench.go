package main

import (
	"context"
	"fmt"
	"os"

	"github.com/dialtone-pbx/dialtone/cmd/sandbox/bench"
	"github.com/dialtone-pbx/dialtone/cmd/sandbox/box"
)

type benchCommand struct {
	Binary string `required:"" type:"existingfile" help:"The built dialtone."`
	Only   string `placeholder:"NAME" help:"Measure one thing: create, change, live, render, phone, call, outside, overload, edit, numbers or storm."`
	Short  bool   `help:"Fewer rounds, about three minutes; the figures are rough."`
	Dir    string `placeholder:"DIR" type:"path" help:"Where the offices live meanwhile, on the disk to measure; default: the system's folder for temporary files."`
	Suite  string `enum:"22,16" default:"22" help:"Which Asterisk: 22 (Debian sid) or 16 (Debian 11)."`
}

// Run measures and prints the table; progress goes to standard error.
func (c *benchCommand) Run(ctx context.Context, o outside) error {
	suite, err := box.SuiteNamed(c.Suite)
	if err != nil {
		return err
	}
	root, err := box.Prepare(ctx, suite, o.log)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp(c.Dir, "dialtone-bench-")
	if err != nil {
		return fmt.Errorf("folder of the benchmark: %w", err)
	}
	err = bench.Run(ctx, bench.Options{Binary: c.Binary, Suite: suite, Root: root, Dir: dir, Only: c.Only, Short: c.Short,
		Out: o.out, Log: o.log})
	if err == nil {
		err = os.RemoveAll(dir)
	}
	return err
}
