package provisioner

import (
	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

func newNumbers(c *Controller) *Resource[pbx.Number] {
	return &Resource[pbx.Number]{
		db: c.db, changed: c.Apply.Nudge,
		get: (*db.Tx).Number, list: (*db.Tx).Numbers, put: (*db.Tx).PutNumber, del: (*db.Tx).DeleteNumber,
		revision: func(n *pbx.Number) int64 { return n.Revision },
		validate: (*pbx.Number).Validate,
	}
}
