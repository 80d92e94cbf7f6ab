package box

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

const (
	asteriskBinary = "/usr/sbin/asterisk"
	inside         = "/i" // where an instance finds its folder
)

// Etc is where an instance finds its configuration.
const Etc = inside + "/etc"

// boundFiles are the files of /etc that each instance brings itself.
var boundFiles = []string{"hosts", "resolv.conf"}

// boxEnv is all of the environment an instance gets: nothing of the caller's.
var boxEnv = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=" + inside, "LANG=C.UTF-8", "TERM=dumb"}

// bwrapArgs is the command line that runs argv in the root with dir as its
// folder: own user and process namespace, no capabilities, the host's network,
// everything but dir read-only or gone at the end. The top of the tree is
// bubblewrap's own tmpfs, so mount points need not exist in the root.
func bwrapArgs(root, dir string, argv ...string) ([]string, error) {
	bwrap := lookPath("bwrap")
	if bwrap == "" {
		return nil, missingError([]string{"bubblewrap"})
	}
	args := []string{bwrap, "--unshare-user", "--unshare-pid", "--die-with-parent", "--cap-drop", "ALL",
		"--dev", "/dev", "--proc", "/proc", "--tmpfs", "/tmp", "--tmpfs", "/run",
		"--ro-bind", root + "/usr", "/usr", "--ro-bind", root + "/etc", "/etc",
		"--ro-bind", root + "/var/lib/asterisk", "/var/lib/asterisk"}
	// Debian 11 made without merged /usr has folders where later ones have links.
	for _, name := range []string{"bin", "sbin", "lib", "lib64"} {
		at := filepath.Join(root, name)
		if to, err := os.Readlink(at); err == nil {
			args = append(args, "--symlink", to, "/"+name)
		} else if _, err := os.Stat(at); err == nil {
			args = append(args, "--ro-bind", at, "/"+name)
		}
	}
	for _, name := range boundFiles {
		args = append(args, "--ro-bind", filepath.Join(dir, name), "/etc/"+name)
	}
	args = append(args, "--bind", dir, inside)
	if !covered(dir) {
		args = append(args, "--bind", dir, dir)
	}
	return append(append(args, "--chdir", inside, "--"), argv...), nil
}

// probe finds out whether this machine lets bubblewrap work at all, which
// hardened kernels and plain containers do not.
func probe(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	cmd := command(ctx, "bwrap", "--unshare-user", "--unshare-pid", "--ro-bind", "/", "/",
		"--dev", "/dev", "--proc", "/proc", "true")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("this machine does not let bubblewrap make user namespaces "+
			"(a container must be started with that allowed): %w: %s", err, strings.TrimSpace(string(out)))
	}
	return nil
}

// covered reports whether dir lies where the read-only root is, so that it
// cannot be bound under its own name as well.
func covered(dir string) bool {
	for _, top := range []string{"usr", "etc", "bin", "sbin", "lib", "lib64", "dev", "proc", "i", "var/lib/asterisk"} {
		if dir == "/"+top || strings.HasPrefix(dir, "/"+top+"/") {
			return true
		}
	}
	return false
}

// writeHosts writes the instance's hosts and resolv.conf. Asterisk looks up
// the host's own name and A.ROOT-SERVERS.NET for every SDP it writes; with
// either missing each call waits for a resolver. Without dns, the only
// resolver is a loopback port that nobody serves: other names fail at once.
func writeHosts(dir string, dns bool) error {
	name, err := os.Hostname()
	if err != nil {
		return fmt.Errorf("asking the host its name: %w", err)
	}
	hosts, resolv := fmt.Sprintf("127.0.0.1 localhost %s A.ROOT-SERVERS.NET\n::1 localhost\n", name),
		[]byte("nameserver 127.0.0.1\noptions timeout:1 attempts:1\n")
	if dns {
		if own, err := os.ReadFile("/etc/resolv.conf"); err == nil {
			resolv = own
		}
		if own, err := os.ReadFile("/etc/hosts"); err == nil {
			hosts += string(own)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "hosts"), []byte(hosts), 0o644); err != nil {
		return fmt.Errorf("writing the instance's hosts: %w", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "resolv.conf"), resolv, 0o644); err != nil {
		return fmt.Errorf("writing the instance's resolv.conf: %w", err)
	}
	return nil
}
