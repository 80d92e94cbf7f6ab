package apply

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/dialtone-pbx/dialtone/ami"
	"github.com/dialtone-pbx/dialtone/provisioner/asteriskconf"
)

// loadOptional reloads the module of a file that an Asterisk may do without. One
// that lacks the module, or whose own file does not pull ours in, runs everything
// else; the warning says what it misses. The file is tried again at every pass, and
// waited for once.
func (l *Loop) loadOptional(ctx context.Context, s *ami.Session,
	f asteriskconf.File) (reloaded bool, warning string, err error) {
	if l.nothingYet(f) {
		l.settled(f, true)
		return false, "", nil
	}
	if !l.edited[f.Name] {
		if has, err := hasLoaded(ctx, s, f); has || err != nil {
			l.settled(f, has)
			return false, "", err
		}
	}
	var refused *ami.ResponseError
	if err := reload(ctx, s, f); errors.As(err, &refused) {
		if f.Empty { // nothing of ours is in force, as it should be
			l.settled(f, true)
			return false, "", nil
		}
		return false, fmt.Sprintf("%s do not work: Asterisk does not run %s (%s)", f.Needs, f.Module, refused.Message), nil
	} else if err != nil {
		return false, "", fmt.Errorf("reloading %s: %w", f.Module, err)
	}
	has := f.Empty
	if f.Marker.Kind == asteriskconf.MarkerNone {
		has = has || l.pulledIn(f)
	} else if !has {
		if has, err = l.showsSoon(ctx, s, f); err != nil {
			return true, "", err
		}
	}
	l.settled(f, has)
	if !has {
		warning = fmt.Sprintf("%s do not work: %s does not take %s; see dialtone doctor", f.Needs, f.Module, f.Name)
	}
	return true, warning, nil
}

// reload reloads the module of a file, or starts it.
func reload(ctx context.Context, s *ami.Session, f asteriskconf.File) error {
	err := s.Reload(ctx, f.Module)
	if f.Starts && errors.As(err, new(*ami.ResponseError)) && s.LoadModule(ctx, f.Module) == nil {
		return nil
	}
	return err
}

// pulledIn reports whether the host's file has the line for ours, or cannot be read:
// all there is to know of a module that shows nobody what it has read.
func (l *Loop) pulledIn(f asteriskconf.File) bool {
	for _, i := range asteriskconf.Includes() {
		if i.HostFile != filepath.Base(f.Name) {
			continue
		}
		text, err := os.ReadFile(filepath.Join(filepath.Dir(l.o.Dir), i.HostFile))
		return err != nil || i.In(text)
	}
	return true
}

// nothingYet reports whether a file says nothing, and never said anything else that
// Asterisk could have loaded: what runs there is none of our business.
func (l *Loop) nothingYet(f asteriskconf.File) bool {
	if !f.Empty || l.edited[f.Name] {
		return false
	}
	last := l.lastGood()
	if last == nil {
		return true
	}
	before := last.Named(f.Name)
	return before == nil || before.Hash == f.Hash
}

// settled notes whether Asterisk has a file.
func (l *Loop) settled(f asteriskconf.File, has bool) {
	if has {
		l.acked[f.Name] = f.Hash
		delete(l.edited, f.Name)
		delete(l.missing, f.Name)
	} else {
		l.missing[f.Name] = f.Hash
	}
}

// optionalWithin is how long an optional file is waited for: chan_iax2 has read its
// file when it answers a reload.
const optionalWithin = time.Second

// showsSoon waits for the marker of a file; not for one that was missed before.
func (l *Loop) showsSoon(ctx context.Context, s *ami.Session, f asteriskconf.File) (bool, error) {
	end := time.Now().Add(min(optionalWithin, l.o.Patience))
	for pause := 5 * time.Millisecond; ; pause *= 2 {
		has, err := hasLoaded(ctx, s, f)
		if has || err != nil || l.missing[f.Name] == f.Hash || time.Now().After(end) {
			return has, err
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return false, ctx.Err()
		}
	}
}
