package apply

import (
	"context"

	"github.com/dialtone-pbx/dialtone/ami"
	"github.com/dialtone-pbx/dialtone/provisioner/asteriskconf"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// codecs asks Asterisk which codecs of the tenants it translates, of those that not every
// Asterisk has. While Asterisk is away, or does not answer, its last answer holds: the pass
// fails or waits for other reasons then.
func (l *Loop) codecs(ctx context.Context, s *pbx.Snapshot) []string {
	session := l.currentSession()
	if session == nil {
		return l.translates
	}
	var out []string
	for _, c := range asteriskconf.WantedCodecs(s) {
		runs, err := anyRuns(ctx, session, c.Modules)
		if err != nil {
			return l.translates
		}
		if runs {
			out = append(out, c.Name)
		}
	}
	l.translates = out
	return out
}

// anyRuns reports whether Asterisk runs one of some modules.
func anyRuns(ctx context.Context, s *ami.Session, modules []string) (bool, error) {
	for _, module := range modules {
		if runs, err := s.ModuleRuns(ctx, module); runs || err != nil {
			return runs, err
		}
	}
	return false, nil
}
