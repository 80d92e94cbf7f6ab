package provisioner

import (
	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

func newQueues(c *Controller) *Resource[pbx.Queue] {
	return &Resource[pbx.Queue]{
		db: c.db, changed: c.Apply.Nudge,
		get: (*db.Tx).Queue, list: (*db.Tx).Queues, put: (*db.Tx).PutQueue, del: (*db.Tx).DeleteQueue,
		revision: func(q *pbx.Queue) int64 { return q.Revision },
		validate: (*pbx.Queue).Validate,
	}
}
