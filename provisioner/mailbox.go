package provisioner

import (
	"context"

	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

func newMailboxes(c *Controller) *Resource[pbx.Mailbox] {
	return &Resource[pbx.Mailbox]{
		db: c.db, changed: c.Apply.Nudge,
		get: (*db.Tx).Mailbox, list: (*db.Tx).Mailboxes, put: (*db.Tx).PutMailbox, del: (*db.Tx).DeleteMailbox,
		revision: func(m *pbx.Mailbox) int64 { return m.Revision },
		validate: (*pbx.Mailbox).Validate,
		saved:    c.mailboxSaved,
		deleted:  func(_ context.Context, m *pbx.Mailbox, _ bool) { c.Spool.ForgetMailbox(m.Tenant, m.Number) },
	}
}

// mailboxSaved lets another PIN that an admin sets have an effect. Any other change leaves the
// PIN alone that the mailbox's owner chose on the phone. A new mailbox begins empty.
func (c *Controller) mailboxSaved(old, m *pbx.Mailbox) {
	switch {
	case old == nil:
		c.Spool.SetAside(m.Tenant, m.Number)
	case !old.PIN.Equal(m.PIN):
		c.Spool.ForgetPIN(m.Tenant, m.Number)
	}
}

// mailbox returns a mailbox of a tenant, or a NotFound error.
func (c *Controller) mailbox(ctx context.Context, tenant, number string) (*pbx.Mailbox, error) {
	return c.Mailboxes.Get(ctx, tenant, number)
}
