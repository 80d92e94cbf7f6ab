package provisioner

import (
	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

func newOutboundRoutes(c *Controller) *Resource[pbx.OutboundRoute] {
	return &Resource[pbx.OutboundRoute]{
		db: c.db, changed: c.Apply.Nudge,
		get: (*db.Tx).OutboundRoute, list: (*db.Tx).OutboundRoutes, put: (*db.Tx).PutOutboundRoute,
		del:      (*db.Tx).DeleteOutboundRoute,
		revision: func(o *pbx.OutboundRoute) int64 { return o.Revision },
		validate: (*pbx.OutboundRoute).Validate,
	}
}
