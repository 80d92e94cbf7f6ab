package ami

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	goami "github.com/heltonmarx/goami/ami"
)

// Ping asks for a sign of life.
func (s *Session) Ping(ctx context.Context) error {
	ctx, cancel := deadline(ctx, s.opts.ActionTimeout)
	defer cancel()
	a := s.conn.begin()
	defer a.end()
	if err := goami.Ping(ctx, a, a.id); err != nil {
		return fmt.Errorf("AMI action Ping: %w", err)
	}
	return nil
}

// Reload reloads one module, such as "res_pjsip", and returns when Asterisk has done so; "" reloads all. A module that
// is not loaded is ErrNotFound. A large pjsip.conf takes seconds (ASTERISK.md), hence SlowTimeout.
func (s *Session) Reload(ctx context.Context, module string) error {
	ctx, cancel := s.slow(ctx)
	defer cancel()
	_, err := s.typed(ctx, "Reload", []string{module},
		func(ctx context.Context, client goami.Client, id string) (goami.Response, error) {
			return goami.Reload(ctx, client, id, module)
		})
	return err
}

// LoadModule starts a module that does not run, such as one that found nothing to do when Asterisk started. One that
// runs, is not there or still finds nothing is refused.
func (s *Session) LoadModule(ctx context.Context, module string) error {
	ctx, cancel := s.slow(ctx)
	defer cancel()
	_, err := s.typed(ctx, "ModuleLoad", []string{module},
		func(ctx context.Context, client goami.Client, id string) (goami.Response, error) {
			return goami.ModuleLoad(ctx, client, id, module, "load")
		})
	return err
}

// Getvar returns a global variable, or a function of the dialplan such as "SHELL(..)" where the user may. Asterisk
// answers "" for a variable that is not set.
func (s *Session) Getvar(ctx context.Context, name string) (string, error) {
	answer, err := s.typed(ctx, "Getvar", []string{name},
		func(ctx context.Context, client goami.Client, id string) (goami.Response, error) {
			return goami.Getvar(ctx, client, id, "", name)
		})
	if err != nil {
		return "", err
	}
	return answer.Get("Value"), nil
}

// CoreStatus is what Asterisk says of its own process. Dates and times are in Asterisk's local time without a zone:
// compare them with earlier ones, not with a clock.
type CoreStatus struct {
	Started  string // "2026-01-31 12:00:00"; changes exactly when Asterisk was restarted
	Reloaded string // the last reload of everything
	Calls    int    // calls under way
}

// CoreStatus asks for start and reload times and the number of calls.
func (s *Session) CoreStatus(ctx context.Context) (CoreStatus, error) {
	answer, err := s.typed(ctx, "CoreStatus", nil, goami.CoreStatus)
	if err != nil {
		return CoreStatus{}, err
	}
	calls, err := strconv.Atoi(answer.Get("CoreCurrentCalls"))
	if err != nil {
		return CoreStatus{}, fmt.Errorf("AMI action CoreStatus: CoreCurrentCalls: %w", ErrBadAnswer)
	}
	return CoreStatus{
		Started:  strings.TrimSpace(answer.Get("CoreStartupDate") + " " + answer.Get("CoreStartupTime")),
		Reloaded: strings.TrimSpace(answer.Get("CoreReloadDate") + " " + answer.Get("CoreReloadTime")),
		Calls:    calls,
	}, nil
}

// booted reports whether Asterisk has set its start time, which it does when everything is loaded; before, it is zero
// and prints as 1970, or 1969 west of Greenwich.
func (st CoreStatus) booted() bool {
	return st.Started != "" && !strings.HasPrefix(st.Started, "1970-") && !strings.HasPrefix(st.Started, "1969-")
}

// ModuleRuns reports whether Asterisk runs a module, such as "codec_opus".
func (s *Session) ModuleRuns(ctx context.Context, module string) (bool, error) {
	_, err := s.typed(ctx, "ModuleCheck", []string{module},
		func(ctx context.Context, client goami.Client, id string) (goami.Response, error) {
			return goami.ModuleCheck(ctx, client, id, module)
		})
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}
