package apply

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/dialtone-pbx/dialtone/ami"
	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/provisioner/asteriskconf"
)

// errRefused says that a refused change was undone. Trying it again is of no use until
// something else changes.
var errRefused = errors.New("the last good files are in force")

// refusal says that Asterisk did not take a file although it was asked to.
type refusal struct {
	file, hash string
	why        string
	since      string // the changes that came after the last good revision
}

// Error implements error.
func (r *refusal) Error() string { return "Asterisk did not take " + r.file + ": " + r.why }

// holds reports whether the refused file is among files, unchanged.
func (r *refusal) holds(files *asteriskconf.Files) bool {
	if r == nil {
		return false
	}
	f := files.Named(r.file)
	return f != nil && f.Hash == r.hash
}

// goBack restores the files that Asterisk last took and says which changes came
// since. It is repeated at every pass until something else replaces the refused
// file, which costs one rendering once it has succeeded.
func (l *Loop) goBack(ctx context.Context, s *ami.Session) error {
	why := l.refused
	if why.since == "" {
		why.since = l.changesSince(ctx)
	}
	err := fmt.Errorf("%w; changed since the last good revision: %s", why, why.since)
	last, rerr := l.renderGood()
	if rerr != nil {
		return errors.Join(err, rerr)
	}
	if last == nil {
		return fmt.Errorf("%w; there are no earlier files to go back to", err)
	}
	if werr := l.write(last); werr != nil {
		return errors.Join(err, werr)
	}
	if s == nil {
		return fmt.Errorf("%w; %w", err, errRefused)
	}
	if _, lerr := l.load(ctx, s, last); lerr != nil {
		return errors.Join(err, fmt.Errorf("going back to the last good files: %w", lerr))
	}
	return fmt.Errorf("%w; %w", err, errRefused)
}

// renderGood returns the files that Asterisk last took, with their content; nil where they
// are not known.
func (l *Loop) renderGood() (*asteriskconf.Files, error) {
	if l.good == nil {
		return l.found, nil
	}
	files, err := asteriskconf.Render(l.o.Templates, l.good.snapshot, l.good.options)
	if err != nil {
		return nil, fmt.Errorf("rendering the last good files: %w", err)
	}
	return files, nil
}

// lastGood names the files that Asterisk last took, as far as they are known, with or
// without their content. After a start these are the files found on disk.
func (l *Loop) lastGood() *asteriskconf.Files {
	if l.good != nil {
		return l.good.files
	}
	return l.found
}

// changesSince names the objects changed after the last good revision, for an
// error message.
func (l *Loop) changesSince(ctx context.Context) string {
	const most = 10
	since, err := l.o.DB.Applied(ctx)
	if err != nil {
		return "unknown"
	}
	changes, err := l.o.DB.Changes(ctx, db.ChangeFilter{Limit: most + 1})
	if err != nil {
		return "unknown"
	}
	var names []string
	for _, c := range changes {
		if c.Revision > since {
			names = append(names, fmt.Sprintf("%s %s %s", c.Action, c.Kind, c.Key))
		}
	}
	slices.Reverse(names)
	switch {
	case len(names) == 0:
		return "nothing but this program"
	case len(names) > most:
		names[0] = "earlier ones"
	}
	return strings.Join(names, ", ")
}
