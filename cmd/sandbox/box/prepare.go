package box

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// prepareLimit bounds one bootstrap; it takes 30 to 40 s on two cores.
const prepareLimit = 15 * time.Minute

// versionFile lies beside the root and holds what `asterisk -V` said.
const versionFile = "version"

// Prepare returns the folder with the suite's root, which it makes on the
// first call of this user (30 to 40 s, 300 MB in the user's cache). Two
// processes at once do not clash: the second waits for the first. Progress
// goes to log.
func Prepare(ctx context.Context, suite Suite, log io.Writer) (root string, err error) {
	final, err := suite.cachePath()
	if err != nil {
		return "", err
	}
	root = filepath.Join(final, "root")
	if complete(final) {
		return root, nil
	}
	lock, err := waitLock(ctx, final+".lock", func() {
		fmt.Fprintf(log, "another process prepares %s, waiting for it\n", suite)
	})
	if err != nil {
		return "", err
	}
	defer lock.Close()
	if complete(final) {
		return root, nil
	}
	if err := build(ctx, suite, final, lock, log); err != nil {
		return "", fmt.Errorf("preparing %s: %w", suite, err)
	}
	return root, nil
}

// Version returns what `asterisk -V` said of a root that Prepare made.
func Version(root string) (string, error) {
	b, err := os.ReadFile(filepath.Join(filepath.Dir(root), versionFile))
	if err != nil {
		return "", fmt.Errorf("reading the version of the root: %w", err)
	}
	return strings.TrimSpace(string(b)), nil
}

// complete reports whether the cache entry is usable. It appears by rename, so
// the version file, written last, can miss only if somebody deleted by hand.
func complete(final string) bool {
	_, err := os.Stat(filepath.Join(final, versionFile))
	return err == nil
}

// build makes the cache entry beside its place and renames it there. The
// caller holds the lock, so the work folder can only be a dead run's.
func build(ctx context.Context, suite Suite, final string, lock *os.File, log io.Writer) error {
	if packages := missing(Base); len(packages) > 0 {
		return missingError(packages)
	}
	if err := probe(ctx); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, prepareLimit)
	defer cancel()
	work := final + ".tmp"
	defer func() {
		if failed := removeTree(work); failed != nil {
			fmt.Fprintf(log, "cleaning up: %v\n", failed)
		}
	}()
	start := time.Now()
	fmt.Fprintf(log, "preparing %s once, about 40 s: Debian %s into %s\n", suite, suite.Debian, final)
	if err := bootstrapAny(ctx, suite, work, lock, log); err != nil {
		return err
	}
	root := filepath.Join(work, "root")
	if err := finishRoot(root); err != nil {
		return err
	}
	version, err := askVersion(ctx, root)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(work, versionFile), []byte(version+"\n"), 0o644); err != nil {
		return fmt.Errorf("recording the version: %w", err)
	}
	if err := removeTree(final); err != nil {
		return fmt.Errorf("clearing a damaged cache entry: %w", err)
	}
	if err := os.Rename(work, final); err != nil {
		return fmt.Errorf("putting the root in place: %w", err)
	}
	fmt.Fprintf(log, "%s is ready after %.0f s\n", version, time.Since(start).Seconds())
	return nil
}

// bootstrapAny tries the machine's mirrors in turn: one that does not carry
// the suite says so within a second.
func bootstrapAny(ctx context.Context, suite Suite, work string, lock *os.File, log io.Writer) error {
	var tried error
	for _, mirror := range mirrors(ctx, suite) {
		if err := removeTree(work); err != nil {
			return fmt.Errorf("clearing an unfinished run: %w", err)
		}
		root := filepath.Join(work, "root")
		if err := os.MkdirAll(root, 0o755); err != nil {
			return fmt.Errorf("making the root folder: %w", err)
		}
		err := bootstrap(ctx, suite, mirror, root, lock)
		if err == nil || ctx.Err() != nil {
			return err
		}
		from := mirror
		if from == "" {
			from = "the default mirror"
		}
		fmt.Fprintf(log, "%s cannot be had from %s\n", suite, from)
		tried = errors.Join(tried, err)
	}
	return tried
}

// finishRoot creates the files that an instance's own are bound over.
func finishRoot(root string) error {
	for _, name := range boundFiles {
		p := filepath.Join(root, "etc", name)
		// A link could point to a place that is not there inside.
		if err := os.Remove(p); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("replacing %s: %w", name, err)
		}
		if err := os.WriteFile(p, nil, 0o644); err != nil {
			return fmt.Errorf("making a mount point: %w", err)
		}
	}
	return nil
}

// askVersion runs `asterisk -V` as an instance would run, so a root that
// cannot start is found here and not later.
func askVersion(ctx context.Context, root string) (string, error) {
	dir, err := os.MkdirTemp("", "dialtone-version-")
	if err != nil {
		return "", fmt.Errorf("making a folder to ask the version: %w", err)
	}
	defer os.RemoveAll(dir)
	if err := writeHosts(dir, false); err != nil {
		return "", err
	}
	argv, err := bwrapArgs(root, dir, asteriskBinary, "-V")
	if err != nil {
		return "", err
	}
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Env = boxEnv
	out, err := cmd.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("asking Asterisk its version: %w: %s", err, strings.TrimSpace(string(out)))
	}
	return strings.TrimSpace(string(out)), nil
}
