package provisioner

import (
	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

func newExternalNumbers(c *Controller) *Resource[pbx.ExternalNumber] {
	return &Resource[pbx.ExternalNumber]{
		db: c.db, changed: c.Apply.Nudge,
		get: (*db.Tx).ExternalNumber, list: (*db.Tx).ExternalNumbers, put: (*db.Tx).PutExternalNumber,
		del:      (*db.Tx).DeleteExternalNumber,
		revision: func(n *pbx.ExternalNumber) int64 { return n.Revision },
		validate: (*pbx.ExternalNumber).Validate,
	}
}
