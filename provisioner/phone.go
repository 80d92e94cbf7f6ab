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

// Unfollowed says what has no effect on a phone, by all that was written before.
func (c *Controller) Unfollowed(ctx context.Context, p *pbx.Phone) ([]string, error) {
	s := c.Snapshot()
	revision, err := c.db.Revision(ctx)
	if err == nil && revision != s.Revision { // a change is on its way to Asterisk, or was refused there
		err = c.db.View(ctx, func(tx *db.Tx) (err error) {
			s, err = tx.SnapshotOfPhone(ctx, p)
			return err
		})
	}
	if err != nil {
		return nil, err
	}
	return phoneconf.Unfollowed(s, p, c.site), nil
}
