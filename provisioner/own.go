package provisioner

import (
	"context"

	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// Desks are the devices and numbers of a user, and those that the user may choose.
type Desks struct {
	User    *pbx.User
	Devices []*pbx.Device         // that ring for the user's extension
	Shared  []*pbx.Device         // free desks
	Numbers []*pbx.ExternalNumber // available, and nobody's
}

// Desks lists what a user has and may choose.
func (c *Controller) Desks(ctx context.Context, tenant, username string) (out Desks, err error) {
	err = c.db.View(ctx, func(tx *db.Tx) error {
		if out.User, err = tx.User(ctx, tenant, username); err != nil {
			return err
		}
		if out.User.Extension != "" {
			if out.Devices, err = tx.DevicesOf(ctx, tenant, out.User.Extension); err != nil {
				return err
			}
		}
		if out.Shared, err = tx.FreeDesks(ctx, tenant); err != nil {
			return err
		}
		out.Numbers, err = tx.AvailableNumbers(ctx, tenant)
		return err
	})
	return out, err
}

// Ringing is what a user sets of the own extension and devices. nil leaves it as it is.
type Ringing struct {
	DoNotDisturb *bool
	CallWaiting  *bool
	Ring         *pbx.RingMode
	RingSeconds  *int
	Devices      map[string]DeviceRinging
}

// DeviceRinging is what a user sets of one device.
type DeviceRinging struct{ Seconds, Order *int }

// SetRinging changes how the extension of a user rings, all or nothing. An error about a
// device names it: devices.NAME.ring_seconds.
func (c *Controller) SetRinging(ctx context.Context, by pbx.Author, tenant, username string, r Ringing) (revision int64, err error) {
	revision, err = c.db.Update(ctx, by, func(tx *db.Tx) error {
		u, err := tx.User(ctx, tenant, username)
		if err != nil {
			return err
		}
		if u.Extension == "" {
			return pbx.Conflictf("", "user %s has no extension that could ring", username)
		}
		e, err := tx.Extension(ctx, tenant, u.Extension)
		if err != nil {
			return err
		}
		set(&e.DoNotDisturb, r.DoNotDisturb)
		set(&e.Ring, r.Ring)
		set(&e.RingSeconds, r.RingSeconds)
		if r.CallWaiting != nil {
			e.NoCallWaiting = !*r.CallWaiting
		}
		if err := c.Extensions.Check(e); err != nil {
			return err
		}
		if err := tx.PutExtension(ctx, e); err != nil {
			return err
		}
		return c.setDevices(ctx, tx, e, r.Devices)
	})
	if err == nil {
		c.Apply.Nudge()
	}
	return revision, err
}

// setDevices changes devices of an extension.
func (c *Controller) setDevices(ctx context.Context, tx *db.Tx, e *pbx.Extension, want map[string]DeviceRinging) error {
	left := len(want)
	devices, err := tx.DevicesOf(ctx, e.Tenant, e.Number)
	if err != nil {
		return err
	}
	for _, d := range devices {
		w, named := want[d.Name]
		if !named {
			continue
		}
		left--
		set(&d.RingSeconds, w.Seconds)
		set(&d.RingOrder, w.Order)
		var es pbx.Errors
		es.Add(pbx.CheckRange("devices."+d.Name+".ring_seconds", d.RingSeconds, 0, 300, "seconds"))
		es.Add(pbx.CheckRange("devices."+d.Name+".ring_order", d.RingOrder, 0, 99, ""))
		if err := es.Err(); err != nil {
			return err
		}
		if err := tx.PutDevice(ctx, d); err != nil {
			return err
		}
	}
	if left > 0 {
		return pbx.Invalidf("devices", "names a device that does not ring for extension %s", e.Number)
	}
	return nil
}

// set changes a field if there is another value.
func set[T any](field *T, value *T) {
	if value != nil {
		*field = *value
	}
}
