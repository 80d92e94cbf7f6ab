package provisioner

import (
	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

func newDevices(c *Controller) *Resource[pbx.Device] {
	return &Resource[pbx.Device]{
		c: c, get: (*db.Tx).Device, list: (*db.Tx).Devices, put: (*db.Tx).PutDevice, del: (*db.Tx).DeleteDevice,
		revision: func(d *pbx.Device) int64 { return d.Revision },
		validate: (*pbx.Device).Validate,
	}
}
