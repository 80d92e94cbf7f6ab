package provisioner

import (
	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

func newForwards(c *Controller) *Resource[pbx.Forward] {
	return &Resource[pbx.Forward]{
		db: c.db, changed: c.apply.nudge,
		get: (*db.Tx).Forward, list: (*db.Tx).Forwards, put: (*db.Tx).PutForward, del: (*db.Tx).DeleteForward,
		revision: func(f *pbx.Forward) int64 { return f.Revision },
		validate: (*pbx.Forward).Validate,
	}
}

// InUse reports whether an endpoint is in a call, as far as Asterisk has said.
func (c *Controller) InUse(endpoint string) bool {
	s, _ := c.Status(endpoint)
	return s.Call == pbx.CallInUse || s.Call == pbx.CallOnHold
}
