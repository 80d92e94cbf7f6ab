package callflow

import (
	"context"
	"errors"
	"time"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// settingDeadline bounds a change of the configuration; the caller waits for it.
const settingDeadline = 3 * time.Second

var errNoSettings = errors.New("nothing can be changed here")

// atSetting changes a setting for the caller and has the dialplan announce the result. A
// call that cannot be moved hears a refusal, because the dialplan plays one after its
// Stasis().
func (f *Flow) atSetting(ctx context.Context, e *entry) Verdict {
	sounds, err := f.change(ctx, e)
	if err != nil {
		f.log.warn("setting not changed", "error", err, "channel", e.channel, "tenant", e.call.Tenant, "dialled",
			e.extension())
		return f.say(ctx, e, pbx.SettingContext(e.call.Tenant), pbx.DeskRefusedLabel)
	}
	attempt, cancel := context.WithTimeout(ctx, f.opts.Deadline)
	defer cancel()
	if err := f.opts.Client.SetChannelVar(attempt, e.channel, pbx.StepVariable, sounds); err != nil && isGone(err) {
		return Gone
	}
	return f.say(ctx, e, pbx.SettingContext(e.call.Tenant), pbx.DeskDoneLabel)
}

// change carries out the dialled code by the plan of that call. It returns the announcement
// for the caller.
func (f *Flow) change(ctx context.Context, e *entry) (sounds string, err error) {
	snapshot := f.opts.Snapshot()
	if snapshot == nil {
		return "", errNoSnapshot
	}
	plan, err := f.plan(snapshot, e.call)
	if err != nil {
		return "", err
	}
	set := plan.Steps[0].Setting
	if set == nil {
		return "", errors.New(plan.Steps[0].Rule)
	}
	if f.opts.Change == nil {
		return "", errNoSettings
	}
	ctx, cancel := context.WithTimeout(ctx, settingDeadline)
	defer cancel()
	on, err := f.opts.Change(ctx, e.call.Endpoint, *set)
	return set.Sounds(on), err
}
