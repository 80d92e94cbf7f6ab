package provisioner

import (
	"context"

	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

func newRingGroups(c *Controller) *Resource[pbx.RingGroup] {
	return &Resource[pbx.RingGroup]{
		db: c.db, changed: c.Apply.Nudge,
		get: (*db.Tx).RingGroup, list: (*db.Tx).RingGroups, put: (*db.Tx).PutRingGroup, del: (*db.Tx).DeleteRingGroup,
		revision: func(g *pbx.RingGroup) int64 { return g.Revision },
		validate: (*pbx.RingGroup).Validate,
		deleted: func(_ context.Context, g *pbx.RingGroup, _ bool) {
			c.Calls.Turns.Forget(g.Tenant, g.Name)
		},
	}
}
