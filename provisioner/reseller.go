package provisioner

import (
	"context"

	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// A reseller belongs to no tenant. Its key is passed as key and tenant is "".
func newResellers(c *Controller) *Resource[pbx.Reseller] {
	return &Resource[pbx.Reseller]{
		db: c.db, changed: c.rightsChanged,
		get: func(tx *db.Tx, ctx context.Context, _, name string) (*pbx.Reseller, error) {
			return tx.Reseller(ctx, name)
		},
		list: func(tx *db.Tx, ctx context.Context, _ string, o db.ListOptions) ([]*pbx.Reseller, error) {
			return tx.Resellers(ctx, o)
		},
		put: (*db.Tx).PutReseller,
		del: func(tx *db.Tx, ctx context.Context, _, name string) error {
			return tx.DeleteReseller(ctx, name)
		},
		revision: func(r *pbx.Reseller) int64 { return r.Revision },
		deleted:  func(_ context.Context, r *pbx.Reseller, _ bool) { c.NumberFiles.Forget(pbx.AccountOf(r.Name, "")) },
		validate: (*pbx.Reseller).Validate,
	}
}

// InBranch reports whether a reseller is root or stands below it. With root "" it is true.
func (c *Controller) InBranch(ctx context.Context, root, reseller string) (in bool, err error) {
	err = c.db.View(ctx, func(tx *db.Tx) error {
		in, err = tx.InBranch(ctx, root, reseller)
		return err
	})
	return in, err
}

// StandsAbove reports whether an account is another one or stands above it.
func (c *Controller) StandsAbove(ctx context.Context, account, other pbx.Account) (above bool, err error) {
	err = c.db.View(ctx, func(tx *db.Tx) error {
		above, err = tx.StandsAbove(ctx, account, other)
		return err
	})
	return above, err
}
