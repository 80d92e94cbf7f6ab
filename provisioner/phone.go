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
		saved:   func(old, p *pbx.Phone) { c.Fleet.Adopted(p, old == nil) },
		deleted: func(_ context.Context, p *pbx.Phone, _ bool) { c.Fleet.Deleted(p) },
	}
}

// Unfollowed says which settings the model of a phone cannot follow.
func (c *Controller) Unfollowed(p *pbx.Phone) []string {
	return phoneconf.Unfollowed(c.Snapshot(), p, c.site)
}
