// Command dialtone is the controller in front of Asterisk: one binary, one
// SQLite file. serve runs it; the other commands look at the same database.
// Flags, environment and wiring end here: no package below reads either.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/alecthomas/kong"
)

// version is set by the linker (-X main.version=…).
var version = "dev"

// cli is every command with its flags.
type cli struct {
	Serve    serveCmd    `cmd:"" help:"Run the controller: admin API, phone listener, Asterisk."`
	Simulate simulateCmd `cmd:"" help:"Say what would happen to a call, step by step, with the rule behind each. Needs no Asterisk."`
	Render   renderCmd   `cmd:"" help:"Print Asterisk's files, or one phone's, as they would be written now. Needs no Asterisk."`
	Token    tokenCmd    `cmd:"" help:"Create, list and revoke API tokens."`
	Doctor   doctorCmd   `cmd:"" help:"Look at the Asterisk of this machine and print the exact lines that are missing."`
	Backup   backupCmd   `cmd:"" help:"Copy the database to a file, while it runs or not."`
	Restore  restoreCmd  `cmd:"" help:"Put a backup in the place of the database. The controller must not run."`
	Manual   manualCmd   `cmd:"" help:"Print the manual: the list of its pages, or one of them."`
	Version  versionCmd  `cmd:"" help:"Print the version, or the licences of what the program contains."`
}

func main() {
	var c cli
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	k := kong.Parse(&c, kong.Name("dialtone"), kong.UsageOnError(),
		kong.Description("The controller in front of Asterisk. Every flag can be given in the environment as DIALTONE_… too."),
		kong.DefaultEnvars("DIALTONE"), kong.BindTo(ctx, (*context.Context)(nil)))
	err := k.Run()
	stop()
	if err != nil && !errors.Is(err, context.Canceled) {
		fmt.Fprintln(os.Stderr, "dialtone:", err)
		os.Exit(1)
	}
}

type versionCmd struct {
	Licences bool `help:"Print the licences and notices of all modules in this program."`
}

// Run prints version, commit and Go version, or the licences.
func (c versionCmd) Run() error {
	if c.Licences {
		return printLicences()
	}
	fmt.Println("dialtone", programVersion())
	return nil
}

func programVersion() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return version
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && len(s.Value) > 12 {
			return version + " (" + s.Value[:12] + ", " + info.GoVersion + ")"
		}
	}
	return version + " (" + info.GoVersion + ")"
}
