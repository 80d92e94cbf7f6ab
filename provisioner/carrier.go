package provisioner

import (
	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

func newCarriers(c *Controller) *Resource[pbx.Carrier] {
	return &Resource[pbx.Carrier]{
		db: c.db, changed: func() {
			c.Apply.Nudge()
			c.Texts.Nudge()
		},
		get: (*db.Tx).Carrier, list: (*db.Tx).Carriers, put: (*db.Tx).PutCarrier, del: (*db.Tx).DeleteCarrier,
		revision: func(r *pbx.Carrier) int64 { return r.Revision },
		validate: func(p *pbx.Carrier) error {
			if err := p.Validate(); err != nil {
				return err
			}
			return c.checkCarrierURL(p)
		},
	}
}
