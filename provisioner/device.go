package provisioner

import (
	"context"
	"time"

	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

func newDevices(c *Controller) *Resource[pbx.Device] {
	return &Resource[pbx.Device]{
		db: c.db, changed: c.Apply.Nudge,
		get: (*db.Tx).Device, list: (*db.Tx).Devices, put: (*db.Tx).PutDevice, del: (*db.Tx).DeleteDevice,
		revision: func(d *pbx.Device) int64 { return d.Revision },
		validate: (*pbx.Device).Validate,
		release:  (*db.Tx).ReleaseDevice,
		deleted:  c.signOffDeleted,
	}
}

// signOffWithin is how long a delete may take for it.
const signOffWithin = time.Second

// signOffDeleted drops the registrations of a deleted device. Asterisk keeps contacts in a
// database of its own, where they would outlive the device.
func (c *Controller) signOffDeleted(ctx context.Context, d *pbx.Device, _ bool) {
	if !d.Kind.SIP() {
		return
	}
	if s, _ := c.Status.Of(d.Endpoint); s.Reach == pbx.NeverRegistered {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, signOffWithin)
	defer cancel()
	if err := c.Unregister(ctx, d); err != nil {
		c.log.Warn("dropping the registrations of a deleted device", "device", d.Name, "tenant", d.Tenant, "error", err)
	}
}
