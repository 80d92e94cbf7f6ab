package provisioner

import (
	"context"

	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// A tenant is its own parent. Its key is passed as key and tenant is "".
func newTenants(c *Controller) *Resource[pbx.Tenant] {
	return &Resource[pbx.Tenant]{
		db: c.db, changed: c.rightsChanged,
		get: func(tx *db.Tx, ctx context.Context, _, name string) (*pbx.Tenant, error) {
			return tx.Tenant(ctx, name)
		},
		list: func(tx *db.Tx, ctx context.Context, _ string, o db.ListOptions) ([]*pbx.Tenant, error) {
			return tx.Tenants(ctx, o)
		},
		put: putTenant,
		del: func(tx *db.Tx, ctx context.Context, _, name string) error {
			if err := tx.DeleteTenant(ctx, name); err != nil {
				return err
			}
			return c.Spool.NothingRecorded(name)
		},
		revision: func(t *pbx.Tenant) int64 { return t.Revision },
		deleted: func(_ context.Context, t *pbx.Tenant, _ bool) {
			c.Spool.ForgetMailboxes(t.Name)
			c.NumberFiles.Forget(pbx.AccountOf("", t.Name))
		},
		validate: (*pbx.Tenant).Validate,
	}
}

// putTenant stores a tenant. One without a country takes that of the tenant that has been
// there from the first start: a new tenant dials as the installation does.
func putTenant(tx *db.Tx, ctx context.Context, t *pbx.Tenant) error {
	if t.Country == "" && t.Name != pbx.DefaultTenant {
		first, err := tx.Tenant(ctx, pbx.DefaultTenant)
		if err == nil {
			t.Country = first.Country
		} else if pbx.KindOf(err) != pbx.NotFound {
			return err
		}
	}
	return tx.PutTenant(ctx, t)
}
