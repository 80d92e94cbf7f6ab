package provisioner

import (
	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

func newForwards(c *Controller) *Resource[pbx.Forward] {
	return &Resource[pbx.Forward]{
		db: c.db, changed: c.Apply.Nudge,
		get: (*db.Tx).Forward, list: (*db.Tx).Forwards, put: (*db.Tx).PutForward, del: (*db.Tx).DeleteForward,
		revision: func(f *pbx.Forward) int64 { return f.Revision },
		validate: (*pbx.Forward).Validate,
	}
}
