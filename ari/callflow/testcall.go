package callflow

import (
	"context"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// atTest tells how a test call of a trunk has ended, and lets the dialplan end it.
func (f *Flow) atTest(ctx context.Context, e *entry) Verdict {
	f.opts.Tested(e.args[1], pbx.ParseTestEnd(e.args[2:]))
	attempt, cancel := context.WithTimeout(ctx, f.opts.Deadline)
	defer cancel()
	switch err := f.opts.Client.ContinueChannel(attempt, e.channel, "", "", 0, ""); {
	case err == nil:
		return Decided
	case isGone(err):
		return Gone
	}
	return f.hangUp(ctx, e)
}

// Alone runs do while no other bounded call outside of a tenant is decided: what do reserves is known
// to the next one.
func (f *Flow) Alone(tenant string, do func()) {
	lock := f.outside.of(tenant)
	lock.Lock()
	defer lock.Unlock()
	do()
}
