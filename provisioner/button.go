package provisioner

import (
	"errors"

	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/phoneconf"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

func newButtonTemplates(c *Controller) *Resource[pbx.ButtonTemplate] {
	return &Resource[pbx.ButtonTemplate]{
		db: c.db, changed: c.Apply.Nudge,
		get: (*db.Tx).ButtonTemplate, list: (*db.Tx).ButtonTemplates, put: (*db.Tx).PutButtonTemplate,
		del:      (*db.Tx).DeleteButtonTemplate,
		revision: func(t *pbx.ButtonTemplate) int64 { return t.Revision },
		validate: func(t *pbx.ButtonTemplate) error { return errors.Join(t.Validate(), phoneconf.CheckTemplate(t)) },
	}
}
