package provisioner

import (
	"context"
	"errors"
	"slices"

	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// Every tenant has feature codes: they are read and changed, never made or
// deleted, and their key is their tenant's.
func newFeatureCodes(c *Controller) *Resource[pbx.FeatureCodes] {
	return &Resource[pbx.FeatureCodes]{
		db: c.db, changed: c.Apply.Nudge,
		get: func(tx *db.Tx, ctx context.Context, tenant, _ string) (*pbx.FeatureCodes, error) {
			return tx.FeatureCodes(ctx, tenant)
		},
		put:      (*db.Tx).PutFeatureCodes,
		revision: func(f *pbx.FeatureCodes) int64 { return f.Revision },
		validate: (*pbx.FeatureCodes).Validate,
	}
}

// errNotOwn is a device that belongs to another extension by now.
var errNotOwn = errors.New("the calling device is not the extension's any more")

// ChangeByPhone changes a setting of the extension whose device dialled a code for
// it, by the rules of the API, and reports whether the setting is on now.
func (c *Controller) ChangeByPhone(ctx context.Context, endpoint string, set pbx.Setting) (on bool, err error) {
	d := c.Snapshot().DeviceOf(endpoint)
	if d == nil || d.Tenant != set.Tenant || d.Extension != set.Extension {
		return false, errNotOwn
	}
	by := pbx.Author{Actor: "phone " + d.Name}
	if set.Feature.IsForward() {
		on, err = c.forwardByPhone(ctx, by, set)
	} else {
		on, err = c.switchByPhone(ctx, by, set)
	}
	if k := pbx.KindOf(err); err != nil && k != pbx.Invalid && k != pbx.Conflict && k != pbx.NotFound {
		c.log.Error("changing a setting by phone", "device", d.Name, "tenant", d.Tenant, "setting", set.Feature, "error", err)
	}
	return on, err
}

// switchByPhone switches do not disturb or call waiting.
func (c *Controller) switchByPhone(ctx context.Context, by pbx.Author, set pbx.Setting) (on bool, err error) {
	_, _, err = c.Extensions.Edit(ctx, by, set.Tenant, set.Extension, Condition{Present: true},
		func(e *pbx.Extension) (*pbx.Extension, error) {
			on = set.Act == pbx.SwitchOn || set.Act == pbx.Toggle && !set.On(e, nil)
			if set.Feature == pbx.FeatureDoNotDisturb {
				e.DoNotDisturb = on
			} else {
				e.NoCallWaiting = !on
			}
			return e, nil
		})
	return on, err
}

// forwardByPhone sends the calls of one kind somewhere, or not any more.
func (c *Controller) forwardByPhone(ctx context.Context, by pbx.Author, set pbx.Setting) (on bool, err error) {
	if set.Act == pbx.SwitchOff && c.Snapshot().Forward(set.Tenant, set.Extension) == nil {
		return false, nil
	}
	_, _, err = c.Forwards.Edit(ctx, by, set.Tenant, set.Extension, Condition{},
		func(f *pbx.Forward) (*pbx.Forward, error) {
			if f == nil {
				f = &pbx.Forward{Tenant: set.Tenant, Extension: set.Extension, Mode: pbx.ForwardOff}
			}
			f.Rules = slices.Clone(f.Rules)
			on = set.Act == pbx.SwitchOn || set.Act == pbx.Toggle && !set.On(nil, f)
			to := set.To
			if !on {
				to = pbx.Destination{}
			} else if to.IsZero() {
				return nil, pbx.Invalidf("destination", "is required to switch a forward on")
			}
			f.Set(set.Feature, to)
			return f, nil
		})
	return on, err
}
