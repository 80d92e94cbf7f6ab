package box

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// recipe is how mmdebstrap is called, without mode, target and mirror.
// Signatures are always verified. Validity dates are not: archived releases
// and slow mirrors are past theirs.
func recipe(s Suite) []string {
	return []string{
		"--variant=apt",
		"--include=" + strings.Join(s.Packages, ","),
		`--aptopt=Acquire::Check-Valid-Until "false"`,
		`--aptopt=Acquire::Retries "3"`,
		"--dpkgopt=path-exclude=/usr/share/doc/*",
		"--dpkgopt=path-exclude=/usr/share/man/*",
		"--dpkgopt=path-exclude=/usr/share/locale/*",
		// The main archive only: it is complete for good, while security
		// updates of a release at its end of life lose their packages.
		`--setup-hook=sed -i -e "/-security/d" -e "/-updates/d" "$1/etc/apt/sources.list"`,
	}
}

// bootstrap fills root, an existing empty folder. Root does it directly; an
// ordinary user lets mmdebstrap work under his subordinate ids, takes the
// result as a tar and unpacks it as himself, without the device nodes. The
// tools hold the lock as well: should this process be killed, the next one
// waits for them and finds no writer in the folder.
func bootstrap(ctx context.Context, s Suite, mirror, root string, lock *os.File) error {
	args := recipe(s)
	target := root
	if os.Geteuid() != 0 {
		args, target = append(args, "--mode=unshare", "--format=tar"), "-"
	}
	args = append(args, s.Debian, target)
	if mirror != "" {
		args = append(args, mirror)
	}
	tool := command(ctx, "mmdebstrap", args...)
	tool.ExtraFiles = []*os.File{lock}
	var words bytes.Buffer
	tool.Stderr = &words
	if target != "-" {
		tool.Stdout = &words
		// As root it mounts /proc, /sys and the host's /dev/shm into the
		// target, on the host. In a namespace of its own the mounts end with
		// it, however it ends, and no clean-up can walk into them.
		tool.SysProcAttr.Unshareflags = syscall.CLONE_NEWNS
		return toolError(tool.Run(), "mmdebstrap", words.String())
	}
	return bootstrapTar(ctx, tool, &words, root, lock)
}

// bootstrapTar runs mmdebstrap into tar.
func bootstrapTar(ctx context.Context, tool *exec.Cmd, words *bytes.Buffer, root string, lock *os.File) error {
	r, w, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("making a pipe: %w", err)
	}
	var tarWords bytes.Buffer
	tar := command(ctx, "tar", "-x", "-C", root, "--no-same-owner", "--exclude=./dev", "-f", "-")
	tar.Stdin, tar.Stderr = r, &tarWords
	tar.ExtraFiles = []*os.File{lock}
	tool.Stdout = w
	err = tar.Start()
	r.Close() // only tar reads: if it dies, the writer must notice
	if err != nil {
		w.Close()
		return fmt.Errorf("unpacking the root: %w", err)
	}
	madeErr := tool.Run()
	w.Close() // the end of file that lets tar finish
	tarErr := tar.Wait()
	return errors.Join(toolError(madeErr, "mmdebstrap", words.String()), toolError(tarErr, "tar", tarWords.String()))
}

// removeTree is os.RemoveAll that refuses to cross into anything mounted below
// dir: that could be the host's own /dev/shm.
func removeTree(dir string) error {
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return fmt.Errorf("looking for mounts below %s: %w", dir, err)
	}
	if at := mountBelow(string(mounts), dir); at != "" {
		return fmt.Errorf("not removing %s: %s is mounted; unmount it first", dir, at)
	}
	return os.RemoveAll(dir)
}

// mountBelow returns a mount point at or below dir in the text of a mountinfo
// file (proc_pid_mountinfo(5): the fifth field, spaces as \040), or "".
func mountBelow(mountinfo, dir string) string {
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		dir = real
	}
	escaped := strings.NewReplacer(`\`, `\134`, " ", `\040`, "\t", `\011`, "\n", `\012`).Replace(dir)
	for line := range strings.Lines(mountinfo) {
		f := strings.Fields(line)
		if len(f) > 4 && (f[4] == escaped || strings.HasPrefix(f[4], escaped+"/")) {
			return f[4]
		}
	}
	return ""
}

// command makes a process group of its own that is ended as a whole: a killed
// mmdebstrap would leave apt running, a terminated one cleans up.
func command(ctx context.Context, name string, args ...string) *exec.Cmd {
	path := lookPath(name)
	if path == "" {
		path = name
	}
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	cmd.WaitDelay = 20 * time.Second
	return cmd
}

// toolError adds the last words of a tool to its failure.
func toolError(err error, tool, words string) error {
	if err == nil {
		return nil
	}
	lines := strings.Split(strings.TrimSpace(words), "\n")
	lines = lines[max(0, len(lines)-12):]
	return fmt.Errorf("running %s: %w:\n%s", tool, err, strings.Join(lines, "\n"))
}

// mirrors lists where to try, best first: what the suite names, or else what
// this machine's own apt uses for its main archive, then "" for the tool's default.
func mirrors(ctx context.Context, s Suite) []string {
	if s.Mirror != "" {
		return []string{s.Mirror}
	}
	out, err := command(ctx, "apt-get", "indextargets",
		"--format", "$(COMPONENT) $(RELEASE) $(REPO_URI)", "Identifier: Packages").Output()
	if err != nil {
		return []string{""} // no apt here: nothing to learn from it
	}
	return append(parseMirrors(string(out), osCodename()), "")
}

// parseMirrors takes lines "component release uri" and keeps the addresses
// that carry the machine's own release.
func parseMirrors(targets, codename string) []string {
	var found []string
	for line := range strings.Lines(targets) {
		f := strings.Fields(line)
		if len(f) == 3 && f[0] == "main" && f[1] == codename && !slices.Contains(found, f[2]) {
			found = append(found, f[2])
		}
	}
	return found
}

// osCodename is VERSION_CODENAME of /etc/os-release, or "".
func osCodename() string {
	f, err := os.Open("/etc/os-release")
	if err != nil {
		return ""
	}
	defer f.Close()
	for sc := bufio.NewScanner(f); sc.Scan(); {
		if v, ok := strings.CutPrefix(sc.Text(), "VERSION_CODENAME="); ok {
			return strings.Trim(v, `"`)
		}
	}
	return ""
}
