package db

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// featureCodesTable has a property for each feature; a column holds them all.
var featureCodesTable = newTable(kindFeatureCodes, "feature_codes",
	func(row *pbx.FeatureCodes) (version, revision *int64) { return &row.Version, &row.Revision },
	append(codeProperties(),
		keyCol("tenant", func(row *pbx.FeatureCodes) any { return &row.Tenant }),
		col("codes", func(row *pbx.FeatureCodes) any { return codes{&row.Codes} }).unaudited(),
		col("park_slots", func(row *pbx.FeatureCodes) any { return &row.ParkSlots }),
		col("park_seconds", func(row *pbx.FeatureCodes) any { return &row.ParkSeconds }),
	)...)

func codeProperties() (out []column[pbx.FeatureCodes]) {
	for _, f := range pbx.Features {
		out = append(out, apartCol(string(f.Feature), func(c *pbx.FeatureCodes) any {
			code := c.Codes[f.Feature]
			return &code
		}))
	}
	return out
}

// codes are the codes that are not the default, as JSON.
type codes struct{ to *map[pbx.Feature]string }

// Scan implements sql.Scanner.
func (c codes) Scan(v any) error {
	text, _ := v.(string)
	*c.to = pbx.DefaultFeatureCodes("").Codes
	// Decoding into the map leaves the features that are not mentioned.
	return json.Unmarshal([]byte(text), c.to)
}

// Value implements driver.Valuer.
func (c codes) Value() (driver.Value, error) {
	changed := map[pbx.Feature]string{}
	for _, f := range pbx.Features {
		if code := (*c.to)[f.Feature]; code != f.Default {
			changed[f.Feature] = code
		}
	}
	text, err := json.Marshal(changed)
	return string(text), err
}

// FeatureCodes returns the codes that a tenant's phones dial for features. If they were
// never changed, they are the defaults, with Version 0 and the Revision of the tenant.
func (tx *Tx) FeatureCodes(ctx context.Context, tenant string) (*pbx.FeatureCodes, error) {
	c, err := featureCodesTable.row(ctx, tx, `WHERE tenant = ?`, tenant)
	if errors.Is(err, sql.ErrNoRows) {
		t, err := tx.Tenant(ctx, tenant)
		if err != nil {
			return nil, err
		}
		c = pbx.DefaultFeatureCodes(tenant)
		c.Revision = t.Revision
		return c, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the feature codes of tenant %s: %w", tenant, err)
	}
	return c, nil
}

// PutFeatureCodes replaces the feature codes of a tenant. It sets Version and
// Revision of c, and writes nothing when nothing differs. Codes and slots that the
// number of an extension stands in the way of are an Invalid error.
func (tx *Tx) PutFeatureCodes(ctx context.Context, c *pbx.FeatureCodes) error {
	if err := tx.writable(); err != nil {
		return err
	}
	old, err := tx.FeatureCodes(ctx, c.Tenant)
	if err != nil {
		return err
	}
	if featureCodesTable.same(old, c) {
		return nil
	}
	if err := tx.checkFeatureCodes(ctx, c); err != nil {
		return err
	}
	return featureCodesTable.save(ctx, tx, old, c)
}

// dialledNumbers are all numbers of a tenant that people dial, by what they are.
const dialledNumbers = `SELECT 'extension', number FROM extensions WHERE tenant = ?1
	UNION ALL SELECT 'ring group', number FROM ring_groups WHERE tenant = ?1
	UNION ALL SELECT 'queue', number FROM queues WHERE tenant = ?1 ORDER BY number`

func (tx *Tx) checkFeatureCodes(ctx context.Context, c *pbx.FeatureCodes) error {
	type dialled struct{ what, number string }
	all, err := query(ctx, tx, func(row scanner) (d dialled, err error) { return d, row.Scan(&d.what, &d.number) },
		dialledNumbers, c.Tenant)
	if err != nil {
		return fmt.Errorf("listing the numbers of tenant %s: %w", c.Tenant, err)
	}
	for _, d := range all {
		if err := c.CheckNumber(d.what, d.number); err != nil {
			return err
		}
	}
	return nil
}

// notForFeature refuses a new number that is dialled for a feature.
func (tx *Tx) notForFeature(ctx context.Context, tenant, number string) error {
	c, err := tx.FeatureCodes(ctx, tenant)
	if err != nil {
		return err
	}
	if err := c.CheckFree("number", number); err != nil {
		return err
	}
	return nil
}
