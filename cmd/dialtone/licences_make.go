//go:build ignore

// Command licences_make writes licences.txt: the licences and notices of each module
// that is linked into dialtone, and of Go itself. It reads the module cache. A licence
// in the folder of a linked package counts as one at the module's root does: modules
// carry code of others that way.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
)

// notice matches the names of files whose text must go with the program.
var notice = regexp.MustCompile(`(?i)^(licen[cs]e|copying|notice|patents|unlicense)[^/]*$`)

// pkg is what go list says of a package.
type pkg struct {
	Dir      string
	Standard bool
	Module   *struct {
		Path, Version, Dir string
		Main               bool
	}
}

func main() {
	log.SetFlags(0)
	if err := run(); err != nil {
		log.Fatal("licences: ", err)
	}
}

func run() error {
	linked, err := modules()
	if err != nil {
		return err
	}
	var out bytes.Buffer
	out.WriteString("Dialtone contains the following software. Each has its own licence.\n")
	for _, title := range slices.Sorted(maps.Keys(linked)) {
		fmt.Fprintf(&out, "\n==> %s <==\n", title)
		if err := texts(&out, title, linked[title]); err != nil {
			return err
		}
	}
	return os.WriteFile("licences.txt", out.Bytes(), 0o644)
}

// folders are a module's root and those folders below it that are linked.
type folders struct {
	root string
	dirs map[string]bool
}

// modules returns the linked modules by "path version".
func modules() (map[string]folders, error) {
	cmd := exec.Command("go", "list", "-deps", "-json=Dir,Standard,Module", ".")
	cmd.Stderr = os.Stderr
	list, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("listing the packages of dialtone: %w", err)
	}
	linked := map[string]folders{"Go standard library": {runtime.GOROOT(), map[string]bool{runtime.GOROOT(): true}}}
	for dec := json.NewDecoder(bytes.NewReader(list)); ; {
		var p pkg
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return linked, nil
		} else if err != nil {
			return nil, fmt.Errorf("reading the list of packages: %w", err)
		}
		if p.Standard || p.Module == nil || p.Module.Main {
			continue
		}
		title := p.Module.Path + " " + p.Module.Version
		if _, known := linked[title]; !known {
			linked[title] = folders{p.Module.Dir, map[string]bool{}}
		}
		for dir := p.Dir; len(dir) >= len(p.Module.Dir); dir = filepath.Dir(dir) {
			linked[title].dirs[dir] = true
		}
	}
}

// texts appends the notices in the folders of a module, the root's first.
func texts(out *bytes.Buffer, title string, f folders) error {
	found := false
	for _, dir := range slices.Sorted(maps.Keys(f.dirs)) {
		entries, err := os.ReadDir(dir)
		if err != nil {
			return fmt.Errorf("looking for the notices of %s: %w", title, err)
		}
		for _, e := range entries {
			if e.IsDir() || !notice.MatchString(e.Name()) || strings.HasSuffix(e.Name(), ".go") {
				continue
			}
			text, err := os.ReadFile(filepath.Join(dir, e.Name()))
			if err != nil {
				return fmt.Errorf("reading a notice of %s: %w", title, err)
			}
			name, err := filepath.Rel(f.root, filepath.Join(dir, e.Name()))
			if err != nil {
				return err
			}
			text = bytes.TrimSpace(bytes.ReplaceAll(text, []byte("\r"), nil))
			fmt.Fprintf(out, "\n--> %s\n\n%s\n", name, text)
			found = true
		}
	}
	if !found {
		return fmt.Errorf("%s has no licence file", title)
	}
	return nil
}
