package apply

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/dialtone-pbx/dialtone/provisioner/asteriskconf"
	"github.com/dialtone-pbx/dialtone/provisioner/event"
)

// driftPause is how often the files on disk are compared with ours while nothing
// changes.
const driftPause = 30 * time.Second

// editedMark stands between a file's name and the time of a hand-edited copy. editedTime is
// the format of that time.
const (
	editedMark = ".edited-"
	editedTime = "20060102T150405.000"
)

// Drift lists the hand edits that are kept aside. They stay listed, over
// restarts too, until somebody moves them away.
func (l *Loop) Drift() []event.Drift {
	kept, _ := filepath.Glob(filepath.Join(l.o.Dir, "*"+editedMark+"*")) // the pattern is well-formed
	out := make([]event.Drift, 0, len(kept))
	for _, path := range kept {
		name, when, _ := strings.Cut(filepath.Base(path), editedMark)
		if at, err := time.Parse(editedTime, when); err == nil {
			out = append(out, event.Drift{File: name, Kept: path, At: at})
		}
	}
	return out
}

// keepHandEdit gives a hand-edited file a second name before ours replaces it. So nothing
// is lost and Asterisk never misses the file.
func (l *Loop) keepHandEdit(name, path string) error {
	present, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("reading %s: %w", path, err)
	}
	if asteriskconf.Intact(l.o.Templates, name, present) {
		return nil
	}
	d := event.Drift{File: filepath.Base(path), At: time.Now().UTC()}
	d.Kept = path + editedMark + d.At.Format(editedTime)
	if err := os.Link(path, d.Kept); err != nil {
		return fmt.Errorf("keeping the hand-edited %s: %w", path, err)
	}
	l.edited[name] = true // its marker still says that it is ours
	l.o.Log.Warn("a rendered file was edited by hand; the edit is kept aside and has no effect", "file", path, "kept",
		d.Kept)
	l.o.Events.Publish("", d)
	return nil
}

// diskIsOurs reports whether the files on disk are the ones last written.
func (l *Loop) diskIsOurs() bool {
	if l.disk == nil {
		return true // the pass that is due will tell
	}
	for _, f := range l.disk {
		if sum, err := sumOf(l.path(f.name)); err != nil || sum != f.sum {
			return false
		}
	}
	return true
}

// remember keeps the files found at the start. If Asterisk refuses the first files that
// this program renders, they are put back; templates may have changed with the program.
func (l *Loop) remember(files *asteriskconf.Files) {
	if l.disk != nil || l.found != nil {
		return
	}
	found := &asteriskconf.Files{}
	for _, f := range files.List {
		content, err := os.ReadFile(l.path(f.Name))
		if f.Needs != "" && errors.Is(err, fs.ErrNotExist) {
			continue // an earlier version did not have it
		}
		hash := statedHash(content)
		if err != nil || hash == "" || !asteriskconf.Intact(l.o.Templates, f.Name, content) {
			return
		}
		rename := strings.NewReplacer(f.Hash, hash)
		f.Content, f.Hash = content, hash
		f.Marker.Name, f.Marker.Value = rename.Replace(f.Marker.Name), rename.Replace(f.Marker.Value)
		found.List = append(found.List, f)
	}
	l.found = found
}

var hashPattern = regexp.MustCompile(`[0-9a-f]{64}`)

// statedHash is the hash in the header of a file of ours.
func statedHash(content []byte) string {
	header, _, _ := bytes.Cut(content, []byte("\n\n"))
	return string(hashPattern.Find(header))
}
