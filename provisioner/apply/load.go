package apply

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/dialtone-pbx/dialtone/ami"
	"github.com/dialtone-pbx/dialtone/provisioner/asteriskconf"
)

// verifyWithin is how long after a reload its effect must show. Res_pjsip answers a reload
// when it is done, pbx_config and app_voicemail as well.
const verifyWithin = 10 * time.Second

// verifyMost is how many changed endpoints one pass asks Asterisk about. The marker of the
// whole file covers the rest.
const verifyMost = 20

// load reloads each module with a file that Asterisk has not acknowledged. It then checks
// that the module took the file.
func (l *Loop) load(ctx context.Context, s *ami.Session, files *asteriskconf.Files) (reloaded []string, err error) {
	l.warnings = nil
	for _, f := range files.List {
		if l.acked[f.Name] == f.Hash {
			continue
		}
		if f.Needs != "" {
			did, warning, err := l.loadOptional(ctx, s, f)
			if did {
				reloaded = append(reloaded, f.Module)
			}
			if warning != "" {
				l.warnings = append(l.warnings, warning)
			}
			if err != nil {
				return reloaded, err
			}
			continue
		}
		has := false
		if !l.edited[f.Name] {
			if has, err = hasLoaded(ctx, s, f); err != nil {
				return reloaded, err
			}
		}
		if !has {
			if err := s.Reload(ctx, f.Module); err != nil {
				return reloaded, fmt.Errorf("reloading %s: %w", f.Module, err)
			}
			reloaded = append(reloaded, f.Module)
			if err := l.verify(ctx, s, f); err != nil {
				return reloaded, err
			}
		}
		if f.Marker.Kind == asteriskconf.MarkerEndpoint {
			if err := l.verifyEndpoints(ctx, s, f, files); err != nil {
				return reloaded, err
			}
		}
		l.acked[f.Name] = f.Hash
		delete(l.edited, f.Name)
	}
	return reloaded, nil
}

// hasLoaded asks for the marker that carries the hash of the file in force.
func hasLoaded(ctx context.Context, s *ami.Session, f asteriskconf.File) (bool, error) {
	var err error
	var value string
	switch f.Marker.Kind {
	case asteriskconf.MarkerNone:
		return false, nil // only a reload can tell
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
func (l *Loop) verify(ctx context.Context, s *ami.Session, f asteriskconf.File) error {
	deadline := time.Now().Add(l.o.Patience)
	for pause := 5 * time.Millisecond; ; pause = min(2*pause, 500*time.Millisecond) {
		has, err := hasLoaded(ctx, s, f)
		if has || err != nil {
			return err
		}
		if time.Now().After(deadline) {
			return &refusal{file: f.Name, hash: f.Hash, why: "after a reload of " + f.Module +
				" it still runs the file before; its log says why"}
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// objects are the endpoints of a file, with their hashes.
type objects struct {
	of     string // the file's hash
	hashes map[string]uint64
}

// verifyEndpoints asks Asterisk for changed endpoints. An object with a bad option is left
// out while the rest of the file loads.
func (l *Loop) verifyEndpoints(ctx context.Context, s *ami.Session, f asteriskconf.File,
	files *asteriskconf.Files) error {
	var before map[string]uint64
	if l.good != nil {
		if g := l.good.files.Named(f.Name); g != nil && g.Hash == l.asked.of { // as after every pass that went well
			before = l.asked.hashes
		}
	}
	l.asked = objects{f.Hash, files.Objects()}
	asked := 0
	for name, hash := range l.asked.hashes {
		if before[name] == hash {
			continue
		}
		if asked++; asked > verifyMost {
			break
		}
		if _, err := s.PJSIPShowEndpoint(ctx, name); errors.Is(err, ami.ErrNotFound) {
			return &refusal{file: f.Name, hash: f.Hash, why: "endpoint " + name + " is missing after the reload"}
		} else if err != nil {
			return fmt.Errorf("asking for endpoint %s: %w", name, err)
		}
	}
	return nil
}
