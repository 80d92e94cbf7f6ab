package provisioner

import (
	"context"

	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

func newExtensions(c *Controller) *Resource[pbx.Extension] {
	return &Resource[pbx.Extension]{
		db: c.db, changed: c.Apply.Nudge,
		get: (*db.Tx).Extension, list: (*db.Tx).Extensions, put: (*db.Tx).PutExtension, del: (*db.Tx).DeleteExtension,
		revision: func(e *pbx.Extension) int64 { return e.Revision },
		validate: (*pbx.Extension).Validate,
		release:  (*db.Tx).ReleaseExtension,
		deleted: func(ctx context.Context, e *pbx.Extension, released bool) {
			c.Records.Forget(e.Tenant, e.Number)
			c.Guard.Forget(e.Tenant, e.Number)
			c.forgetMessages(ctx, e, released)
		},
	}
}

// forgetMessages removes the messages of the mailbox that went with an extension.
func (c *Controller) forgetMessages(ctx context.Context, e *pbx.Extension, released bool) {
	if !released || e.Mailbox != e.Number {
		return
	}
	if _, err := c.Mailboxes.Get(ctx, e.Tenant, e.Mailbox); pbx.KindOf(err) != pbx.NotFound {
		return // another extension uses it as well
	}
	c.Spool.ForgetMailbox(e.Tenant, e.Mailbox)
}
