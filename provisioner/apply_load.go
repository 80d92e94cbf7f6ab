package provisioner

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/dialtone-pbx/dialtone/ami"
	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/provisioner/asteriskconf"
)

// refusal says that Asterisk did not take a file although it was asked to.
type refusal struct {
	file string
	why  string
}

// Error implements error.
func (r *refusal) Error() string { return "Asterisk did not take " + r.file + ": " + r.why }

// verifyWithin is how long after a reload its effect must show: res_pjsip answers
// a reload when it is done, pbx_config and app_voicemail as well.
const verifyWithin = 10 * time.Second

// verifyMost is how many changed endpoints one pass asks Asterisk about; the
// marker of the whole file covers the rest.
const verifyMost = 20

// write puts the files that differ on disk; a file edited by hand is kept aside.
func (a *applier) write(files *asteriskconf.Files) error {
	for _, f := range files.List {
		path := filepath.Join(a.dir, filepath.Base(f.Name))
		if sameFile(path, f.Content) {
			continue
		}
		aside, err := keepHandEdit(path, func(present []byte) bool { return asteriskconf.Intact(a.templates, f.Name, present) })
		if err != nil {
			return err
		}
		if aside != "" {
			a.log.Warn("a rendered file was edited by hand; the edit is kept aside and has no effect", "file", path, "kept", aside)
		}
		if err := writeFile(path, f.Content); err != nil {
			return err
		}
	}
	return nil
}

// load reloads each module whose file Asterisk has not acknowledged, and checks
// that it took it.
func (a *applier) load(ctx context.Context, s *ami.Session, next *rendered) (reloaded []string, err error) {
	for _, f := range next.files.List {
		if a.acked[f.Name] == f.Hash {
			continue
		}
		has, err := hasLoaded(ctx, s, f)
		if err != nil {
			return reloaded, err
		}
		if !has {
			if err := s.Reload(ctx, f.Module); err != nil {
				return reloaded, fmt.Errorf("reloading %s: %w", f.Module, err)
			}
			reloaded = append(reloaded, f.Module)
			if err := a.verify(ctx, s, f); err != nil {
				return reloaded, err
			}
		}
		if f.Marker.Kind == asteriskconf.MarkerEndpoint {
			if err := a.verifyEndpoints(ctx, s, f.Name, next); err != nil {
				return reloaded, err
			}
		}
		a.acked[f.Name] = f.Hash
	}
	return reloaded, nil
}

// hasLoaded asks for the marker that carries the hash of the file in force.
func hasLoaded(ctx context.Context, s *ami.Session, f asteriskconf.File) (bool, error) {
	var err error
	var value string
	switch f.Marker.Kind {
	case asteriskconf.MarkerEndpoint:
		var e ami.Endpoint
		e, err = s.PJSIPShowEndpoint(ctx, f.Marker.Name)
		value = e.Details["Accountcode"]
	case asteriskconf.MarkerVariable:
		value, err = s.Getvar(ctx, f.Marker.Name)
	case asteriskconf.MarkerMailbox:
		value, err = s.VoicemailFullName(ctx, f.Marker.Name)
	}
	if errors.Is(err, ami.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("asking which %s is loaded: %w", f.Name, err)
	}
	return value == f.Marker.Value, nil
}

// verify waits until Asterisk shows the file's marker.
func (a *applier) verify(ctx context.Context, s *ami.Session, f asteriskconf.File) error {
	deadline := time.Now().Add(verifyWithin)
	for pause := 5 * time.Millisecond; ; pause = min(2*pause, 500*time.Millisecond) {
		has, err := hasLoaded(ctx, s, f)
		if has || err != nil {
			return err
		}
		if time.Now().After(deadline) {
			return &refusal{f.Name, "after a reload of " + f.Module + " it still runs the file before; its log says why"}
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// verifyEndpoints asks Asterisk for changed endpoints: an object with a bad
// option is left out while the rest of the file loads.
func (a *applier) verifyEndpoints(ctx context.Context, s *ami.Session, file string, next *rendered) error {
	var before map[string]string
	if a.good != nil {
		before = a.good.files.Objects()
	}
	asked := 0
	for name, hash := range next.files.Objects() {
		if before[name] == hash {
			continue
		}
		if asked++; asked > verifyMost {
			break
		}
		if _, err := s.PJSIPShowEndpoint(ctx, name); errors.Is(err, ami.ErrNotFound) {
			return &refusal{file, "endpoint " + name + " is missing after the reload"}
		} else if err != nil {
			return fmt.Errorf("asking for endpoint %s: %w", name, err)
		}
	}
	return nil
}

// goBack restores the files that Asterisk last took and says which changes came
// since. The refused file is remembered, so that it is not tried again until
// something else changed.
func (a *applier) goBack(ctx context.Context, s *ami.Session, next *rendered, why *refusal) error {
	for _, f := range next.files.List {
		if f.Name == why.file {
			a.rejected[f.Name] = f.Hash
		}
	}
	since := int64(0)
	if a.good != nil {
		since = a.good.snapshot.Revision
	}
	err := fmt.Errorf("%w; changed since the last good revision: %s", why, a.changesSince(ctx, since))
	if a.good == nil {
		return fmt.Errorf("%w; there is no earlier file to go back to", err)
	}
	if werr := a.write(a.good.files); werr != nil {
		return errors.Join(err, werr)
	}
	if _, lerr := a.load(ctx, s, a.good); lerr != nil {
		return errors.Join(err, fmt.Errorf("going back to revision %d: %w", since, lerr))
	}
	return fmt.Errorf("%w; the files of revision %d are in force", err, since)
}

// refusedBefore stops a pass whose files Asterisk refused already.
func (a *applier) refusedBefore(next *rendered) error {
	for _, f := range next.files.List {
		if a.rejected[f.Name] == f.Hash {
			return fmt.Errorf("Asterisk refused this %s before; change or undo what is wrong", f.Name)
		}
	}
	return nil
}

// changesSince names the objects changed after a revision, for an error message.
func (a *applier) changesSince(ctx context.Context, revision int64) string {
	const most = 10
	changes, err := a.db.Changes(ctx, db.ChangeFilter{Limit: most})
	var names []string
	for _, c := range changes {
		if c.Revision > revision {
			names = append(names, fmt.Sprintf("%s %s %s", c.Action, c.Kind, c.Key))
		}
	}
	if err != nil || len(names) == 0 {
		return "unknown"
	}
	slices.Reverse(names)
	return strings.Join(names, ", ")
}
