// Package bench measures what Dialtone promises and prints one table. Absolute
// times say more about a machine than about a program, so each row sets a figure
// beside a reference that was measured in the same run on the same machine: the
// same bytes from nginx, the same calls through native Dial(), Asterisk's own
// reload of the same file. What is promised is the ratio.
//
// Each row opens an office of its own in a folder below Options.Dir, so any of
// them can be run alone. It may import everything of ours that measuring needs.
package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"time"

	"github.com/dialtone-pbx/dialtone/cmd/sandbox/box"
)

// Options say what to measure.
type Options struct {
	Binary string // the built dialtone
	Suite  box.Suite
	Root   string    // the suite's prepared root
	Dir    string    // offices live below it; it must be on the disk that is to be measured
	Only   string    // name of the one experiment to run, "" for all
	Short  bool      // fewer rounds: quick, and for eyes only
	Out    io.Writer // the table
	Log    io.Writer // progress
}

// experiment yields rows of the table.
type experiment struct {
	name  string
	limit time.Duration // ends it when something hangs
	run   func(*bench, context.Context) ([]row, error)
}

// experiments are in the order of the table.
var experiments = []experiment{
	{"create", 3 * time.Minute, (*bench).create},
	{"change", 3 * time.Minute, (*bench).change},
	{"live", 9 * time.Minute, (*bench).live},
	{"render", 2 * time.Minute, (*bench).render},
	{"phone", 8 * time.Minute, (*bench).phoneFiles},
	{"call", 5 * time.Minute, (*bench).calls},
	{"outside", 5 * time.Minute, (*bench).outside},
	{"overload", time.Minute, (*bench).overload},
	{"edit", 2 * time.Minute, (*bench).edit},
	{"numbers", 3 * time.Minute, (*bench).numbers},
	{"storm", 3 * time.Minute, (*bench).storm},
}

// Names lists the experiments.
func Names() []string {
	names := make([]string, len(experiments))
	for i, e := range experiments {
		names[i] = e.name
	}
	return names
}

// bench is one run.
type bench struct {
	Options
}

// Run measures and prints the table. An experiment that fails is an error at the
// end, after the rows of the others; a target that is missed is only a row.
func Run(ctx context.Context, o Options) error {
	if o.Only != "" && !slices.Contains(Names(), o.Only) {
		return fmt.Errorf("no experiment %q: choose one of %v", o.Only, Names())
	}
	b := &bench{o}
	head, err := b.headline()
	if err != nil {
		return err
	}
	var rows []row
	var errs []error
	for _, e := range experiments {
		if o.Only != "" && o.Only != e.name {
			continue
		}
		got, err := b.try(ctx, e)
		if err != nil {
			errs = append(errs, fmt.Errorf("measuring %s: %w", e.name, err))
			b.say("%s failed: %v", e.name, err)
		}
		rows = append(rows, got...)
		if ctx.Err() != nil {
			break
		}
	}
	if err := printTable(o.Out, head, rows); err != nil {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

func (b *bench) try(ctx context.Context, e experiment) ([]row, error) {
	ctx, cancel := context.WithTimeout(ctx, e.limit)
	defer cancel()
	start := time.Now()
	b.say("%s …", e.name)
	rows, err := e.run(b, ctx)
	b.say("%s took %.0f s", e.name, time.Since(start).Seconds())
	return rows, err
}

// headline says what was measured where.
func (b *bench) headline() (string, error) {
	version, err := box.Version(b.Root)
	if err != nil {
		return "", err
	}
	short := ""
	if b.Short {
		short = ", short run"
	}
	return fmt.Sprintf("%s, %d cores, %s, %s%s", time.Now().UTC().Format(time.DateOnly), runtime.NumCPU(),
		runtime.Version(), version, short), nil
}

// say tells a person who waits how it goes on.
func (b *bench) say(format string, args ...any) {
	fmt.Fprintf(b.Log, "bench: "+format+"\n", args...)
}

// rounds picks the full or the short number.
func (b *bench) rounds(full, short int) int {
	if b.Short {
		return short
	}
	return full
}

// closeWithin bounds the end of what an experiment started.
const closeWithin = 30 * time.Second

// removeAll drops an experiment's folder: ten thousand phones are many files.
func (b *bench) removeAll(dir string) {
	if err := os.RemoveAll(dir); err != nil {
		b.say("%v", err)
	}
}
