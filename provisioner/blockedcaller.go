package provisioner

import (
	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

func newBlockedCallers(c *Controller) *Resource[pbx.BlockedCaller] {
	return &Resource[pbx.BlockedCaller]{
		db: c.db, changed: c.Apply.Nudge,
		get: (*db.Tx).BlockedCaller, list: (*db.Tx).BlockedCallers, put: (*db.Tx).PutBlockedCaller,
		del:      (*db.Tx).DeleteBlockedCaller,
		revision: func(b *pbx.BlockedCaller) int64 { return b.Revision },
		validate: (*pbx.BlockedCaller).Validate,
	}
}
