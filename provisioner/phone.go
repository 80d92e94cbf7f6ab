package provisioner

import (
	"context"

	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/phoneconf"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

func newPhones(c *Controller) *Resource[pbx.Phone] {
	return &Resource[pbx.Phone]{
		db: c.db, changed: c.Apply.Nudge,
		get: func(tx *db.Tx, ctx context.Context, tenant, mac string) (*pbx.Phone, error) {
			return tx.Phone(ctx, tenant, pbx.MAC(mac))
		},
		list: (*db.Tx).Phones, put: (*db.Tx).PutPhone,
		del: func(tx *db.Tx, ctx context.Context, tenant, mac string) error {
			return tx.DeletePhone(ctx, tenant, pbx.MAC(mac))
		},
		revision: func(p *pbx.Phone) int64 { return p.Revision },
		validate: func(p *pbx.Phone) error {
			if err := p.Validate(); err != nil {
				return err // a line that is wrong by itself is not also beyond the model
			}
			return phoneconf.CheckPhone(p)
		},
		saved:   c.phoneSaved,
		deleted: c.phoneDeleted,
	}
}

// phoneSaved takes a phone out of the inbox. A new one must not inherit what an
// earlier one of its address sent.
func (c *Controller) phoneSaved(old, p *pbx.Phone) {
	c.inbox.forget(p.MAC)
	if old != nil {
		return
	}
	if err := c.uploads.clear(p, false); err != nil {
		c.log.Error("removing the files of an earlier phone", "phone", p.MAC.Colons(), "error", err)
	}
}

// phoneDeleted removes what the phone sent: contacts and call lists are its user's.
func (c *Controller) phoneDeleted(_ context.Context, p *pbx.Phone, _ bool) {
	if err := c.uploads.clear(p, true); err != nil {
		c.log.Error("removing the files of a deleted phone", "phone", p.MAC.Colons(), "error", err)
	}
}
