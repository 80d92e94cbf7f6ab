package provisioner

import (
	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

func newExtensions(c *Controller) *Resource[pbx.Extension] {
	return &Resource[pbx.Extension]{
		c: c, get: (*db.Tx).Extension, list: (*db.Tx).Extensions, put: (*db.Tx).PutExtension, del: (*db.Tx).DeleteExtension,
		revision: func(e *pbx.Extension) int64 { return e.Revision },
		validate: (*pbx.Extension).Validate,
	}
}
