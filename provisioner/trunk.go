package provisioner

import (
	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

func newTrunks(c *Controller) *Resource[pbx.Trunk] {
	return &Resource[pbx.Trunk]{
		db: c.db, changed: c.Apply.Nudge,
		get: (*db.Tx).Trunk, list: (*db.Tx).Trunks, put: (*db.Tx).PutTrunk, del: (*db.Tx).DeleteTrunk,
		revision: func(t *pbx.Trunk) int64 { return t.Revision },
		validate: (*pbx.Trunk).Validate,
	}
}
