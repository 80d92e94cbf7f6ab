package provisioner

import (
	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

func newClassesOfService(c *Controller) *Resource[pbx.ClassOfService] {
	return &Resource[pbx.ClassOfService]{
		db: c.db, changed: c.Apply.Nudge,
		get: (*db.Tx).ClassOfService, list: (*db.Tx).ClassesOfService, put: (*db.Tx).PutClassOfService,
		del:      (*db.Tx).DeleteClassOfService,
		revision: func(s *pbx.ClassOfService) int64 { return s.Revision },
		validate: (*pbx.ClassOfService).Validate,
	}
}
