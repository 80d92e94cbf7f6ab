package box

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// Tool is something the machine must have, and the Debian package that brings it.
type Tool struct {
	Package string
	Paths   []string // any one of these; a bare name is looked up in PATH and the sbin folders
}

// Base is what preparing and running an Asterisk needs.
var Base = []Tool{
	{"mmdebstrap", []string{"mmdebstrap"}},
	{"bubblewrap", []string{"bwrap"}},
	{"uidmap", []string{"newuidmap"}},
	{"debian-archive-keyring", []string{
		"/usr/share/keyrings/debian-archive-keyring.gpg", "/usr/share/keyrings/debian-archive-keyring.pgp"}},
}

// Tests is what the tests need on top of Base: they run the manual's examples.
var Tests = []Tool{
	{"python3", []string{"python3"}},
}

// Load is what the load tests and benchmarks need on top of Base.
var Load = []Tool{
	{"sip-tester", []string{"sipp"}},
	{"nginx-light", []string{"nginx"}},
}

// Require makes sure that Base and the extra tools are installed. What is
// missing it installs with apt-get, as root or through a sudo that asks for no
// password; where neither is possible the error names every missing package
// and the command to paste. apt-get's own output goes to log. It also makes
// sure that this machine lets bubblewrap work.
func Require(ctx context.Context, log io.Writer, extra ...Tool) error {
	tools := append(append([]Tool{}, Base...), extra...)
	packages := missing(tools)
	if len(packages) == 0 {
		return probe(ctx)
	}
	prefix, ok := rootPrefix(ctx)
	if !ok {
		return missingError(packages)
	}
	fmt.Fprintf(log, "installing %s\n", strings.Join(packages, " "))
	if err := aptInstall(ctx, log, prefix, packages); err != nil {
		return fmt.Errorf("%w; %w", missingError(packages), err)
	}
	if left := missing(tools); len(left) > 0 {
		return missingError(left)
	}
	return probe(ctx)
}

// missing returns the packages of the tools that are not there.
func missing(tools []Tool) []string {
	var packages []string
	for _, t := range tools {
		if t.path() == "" {
			packages = append(packages, t.Package)
		}
	}
	return packages
}

// path returns where the tool is, or "".
func (t Tool) path() string {
	for _, p := range t.Paths {
		if found := lookPath(p); found != "" {
			return found
		}
	}
	return ""
}

// lookPath is exec.LookPath that also knows the sbin folders, which are not in
// an ordinary user's PATH on Debian.
func lookPath(name string) string {
	if found, err := exec.LookPath(name); err == nil {
		return found
	}
	for _, dir := range []string{"/usr/sbin", "/sbin", "/usr/local/sbin", "/"} {
		p := filepath.Join(dir, name)
		if st, err := os.Stat(p); err == nil && st.Mode().IsRegular() {
			return p
		}
	}
	return ""
}

// missingError is one sentence, with the command to paste at its end.
func missingError(packages []string) error {
	sudo := "sudo "
	if os.Geteuid() == 0 {
		sudo = ""
	}
	list := strings.Join(packages, " ")
	return fmt.Errorf("these Debian packages are needed and not installed: %s; install them with: %sapt-get update && %sapt-get install -y %s",
		strings.ReplaceAll(list, " ", ", "), sudo, sudo, list)
}

// rootPrefix says how to run a command as root here without asking anybody.
func rootPrefix(ctx context.Context) (prefix []string, ok bool) {
	if lookPath("apt-get") == "" {
		return nil, false
	}
	if os.Geteuid() == 0 {
		return nil, true
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	if exec.CommandContext(ctx, "sudo", "-n", "true").Run() != nil {
		return nil, false
	}
	return []string{"sudo", "-n"}, true
}

// aptInstall refreshes the package lists and installs. A failing refresh alone
// is no reason to stop: the lists at hand may do. It waits up to five minutes
// for another apt-get to finish.
func aptInstall(ctx context.Context, log io.Writer, prefix, packages []string) error {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Minute)
	defer cancel()
	apt := append(prefix, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q", "-o", "DPkg::Lock::Timeout=300")
	if err := runLogged(ctx, log, append(append([]string{}, apt...), "update")); err != nil {
		fmt.Fprintf(log, "refreshing the package lists: %v\n", err)
	}
	return runLogged(ctx, log, append(append(append([]string{}, apt...), "install", "-y", "--no-install-recommends"),
		packages...))
}

// runLogged runs a command with its output in log and ends it politely.
func runLogged(ctx context.Context, log io.Writer, argv []string) error {
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 10 * time.Second
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("running %s: %w", strings.Join(argv, " "), err)
	}
	return nil
}
