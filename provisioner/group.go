package provisioner

import (
	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

func newGroups(c *Controller) *Resource[pbx.Group] {
	return &Resource[pbx.Group]{
		db: c.db, changed: c.Apply.Nudge,
		get: (*db.Tx).Group, list: (*db.Tx).Groups, put: (*db.Tx).PutGroup, del: (*db.Tx).DeleteGroup,
		revision: func(g *pbx.Group) int64 { return g.Revision },
		validate: (*pbx.Group).Validate,
	}
}
