package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

var carrierTable = newTable(kindCarrier, "carriers",
	func(row *pbx.Carrier) (version, revision *int64) { return &row.Version, &row.Revision },
	keyCol("reseller", func(row *pbx.Carrier) any { return &row.Reseller }),
	keyCol("name", func(row *pbx.Carrier) any { return &row.Name }),
	col("service", func(row *pbx.Carrier) any { return &row.Service }),
	col("standard", func(row *pbx.Carrier) any { return &row.Standard }).as("default", nil),
	col("description", func(row *pbx.Carrier) any { return &row.Description }),
	col("adapter", func(row *pbx.Carrier) any { return (*string)(&row.Adapter) }),
	col("url", func(row *pbx.Carrier) any { return &row.URL }),
	col("public_url", func(row *pbx.Carrier) any { return &row.PublicURL }),
	col("account", func(row *pbx.Carrier) any { return &row.Account }),
	col("secret", func(row *pbx.Carrier) any { return secret{&row.Secret} }),
	col("callback_key", func(row *pbx.Carrier) any { return secret{&row.CallbackKey} }),
).aboveTenants()

// Carrier returns a carrier of a reseller, "" for the platform, or a NotFound error.
func (tx *Tx) Carrier(ctx context.Context, reseller, name string) (*pbx.Carrier, error) {
	c, err := carrierTable.row(ctx, tx, `WHERE reseller = ? AND name = ?`, reseller, name)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, pbx.NotFoundf("carrier %s does not exist", name)
	}
	if err != nil {
		return nil, fmt.Errorf("reading carrier %s: %w", name, err)
	}
	return c, nil
}

// Carriers returns the carriers of a reseller by name. Contains looks at name and description.
func (tx *Tx) Carriers(ctx context.Context, reseller string, o ListOptions) ([]*pbx.Carrier, error) {
	if reseller != "" {
		if _, err := tx.Reseller(ctx, reseller); err != nil {
			return nil, err
		}
	}
	cs, err := carrierTable.rows(ctx, tx, `
		WHERE reseller = ?1 AND name > ?2 AND (name LIKE ?3 ESCAPE '\' OR description LIKE ?3 ESCAPE '\')
		ORDER BY name LIMIT ?4`, reseller, o.After, o.pattern(), o.limit())
	if err != nil {
		return nil, fmt.Errorf("listing carriers: %w", err)
	}
	return cs, nil
}

// PutCarrier adds a carrier or replaces the one of that name. A second default for a service
// is a Conflict.
func (tx *Tx) PutCarrier(ctx context.Context, c *pbx.Carrier) error {
	if err := tx.writable(); err != nil {
		return err
	}
	old, err := orNil(tx.Carrier(ctx, c.Reseller, c.Name))
	if err != nil {
		return err
	}
	if carrierTable.same(old, c) {
		return nil
	}
	if err := tx.needReseller(ctx, "reseller", c.Reseller); err != nil {
		return err
	}
	if c.Standard {
		others, err := carrierTable.rows(ctx, tx, `WHERE reseller = ? AND service = ? AND standard = 1 AND name <> ?`,
			c.Reseller, c.Service, c.Name)
		if err != nil {
			return fmt.Errorf("looking for the default carrier: %w", err)
		}
		if len(others) > 0 {
			return pbx.Conflictf("default", "carrier %s is the default for %s: take that from it first", others[0].Name,
				c.Service)
		}
	}
	if old != nil && old.Service != c.Service {
		if err := tx.carrierUnused(ctx, old); err != nil {
			return err
		}
	}
	return carrierTable.save(ctx, tx, old, c)
}

// DeleteCarrier removes a carrier. For one that numbers have, an InUse error names them.
func (tx *Tx) DeleteCarrier(ctx context.Context, reseller, name string) error {
	if err := tx.writable(); err != nil {
		return err
	}
	old, err := tx.Carrier(ctx, reseller, name)
	if err != nil {
		return err
	}
	if err := tx.carrierUnused(ctx, old); err != nil {
		return err
	}
	return carrierTable.remove(ctx, tx, old)
}

// carrierUnused refuses to take a carrier from numbers. One of the same name that is nearer to
// a number would be its carrier; asking for all below the owner is on the safe side.
func (tx *Tx) carrierUnused(ctx context.Context, c *pbx.Carrier) error {
	return tx.unused(ctx, "carrier "+c.Name, `SELECT 'number', number FROM inventory
		WHERE ?1 IN (voice_carrier, sms_profile) AND (?2 = '' OR reseller IN `+branchFrom2+`) ORDER BY 2`, c.Name, c.Reseller)
}

// carrierFor returns the carrier with a name for numbers of a reseller, or with name "" the
// default one: of the reseller itself, else of the nearest above, else of the platform. It
// may be nil.
func (tx *Tx) carrierFor(ctx context.Context, reseller, service, name string) (*pbx.Carrier, error) {
	for {
		c, err := carrierTable.row(ctx, tx, `WHERE reseller = ?1 AND service = ?2
			AND (?3 = name OR ?3 = '' AND standard = 1)`, reseller, service, name)
		if err == nil || !errors.Is(err, sql.ErrNoRows) {
			return c, err
		}
		if reseller == "" {
			return nil, nil //nolint:nilnil // there may be none
		}
		above, err := tx.Reseller(ctx, reseller)
		if err != nil {
			return nil, err
		}
		reseller = above.Parent
	}
}
