package provisioner

import (
	"context"

	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// Every tenant has phone settings. They are read and changed, never made or deleted, and
// their key is their tenant's.
func newPhoneSettings(c *Controller) *Resource[pbx.PhoneSettings] {
	return &Resource[pbx.PhoneSettings]{
		db: c.db, changed: c.Apply.Nudge,
		get: func(tx *db.Tx, ctx context.Context, tenant, _ string) (*pbx.PhoneSettings, error) {
			return tx.PhoneSettings(ctx, tenant)
		},
		put:      (*db.Tx).PutPhoneSettings,
		revision: func(p *pbx.PhoneSettings) int64 { return p.Revision },
		validate: (*pbx.PhoneSettings).Validate,
	}
}
