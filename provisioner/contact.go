package provisioner

import (
	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

func newContacts(c *Controller) *Resource[pbx.Contact] {
	return &Resource[pbx.Contact]{
		db: c.db, changed: c.Apply.Nudge,
		get: (*db.Tx).Contact, list: (*db.Tx).Contacts, put: (*db.Tx).PutContact, del: (*db.Tx).DeleteContact,
		revision: func(c *pbx.Contact) int64 { return c.Revision },
		validate: (*pbx.Contact).Validate,
	}
}
