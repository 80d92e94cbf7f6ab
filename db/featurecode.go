package db

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

const selectFeatureCodes = `SELECT tenant, codes, park_slots, park_seconds, version, revision FROM feature_codes`

func scanFeatureCodes(row scanner) (*pbx.FeatureCodes, error) {
	var tenant, changedCodes string
	c := pbx.DefaultFeatureCodes("")
	if err := row.Scan(&tenant, &changedCodes, &c.ParkSlots, &c.ParkSeconds, &c.Version, &c.Revision); err != nil {
		return nil, err
	}
	c.Tenant = tenant
	// Decoding into the map leaves the features that are not mentioned.
	return c, json.Unmarshal([]byte(changedCodes), &c.Codes)
}

// FeatureCodes returns what a tenant's phones dial for features: the defaults, with
// Version 0 and the Revision of the tenant, when nobody has changed them.
func (tx *Tx) FeatureCodes(ctx context.Context, tenant string) (*pbx.FeatureCodes, error) {
	c, err := scanFeatureCodes(tx.sql.QueryRowContext(ctx, selectFeatureCodes+` WHERE tenant = ?`, tenant))
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
	if len(changed(old, c)) == 0 {
		c.Version, c.Revision = old.Version, old.Revision
		return nil
	}
	if err := tx.checkFeatureCodes(ctx, c); err != nil {
		return err
	}
	text, err := json.Marshal(changedCodes(c))
	if err != nil {
		return fmt.Errorf("writing the feature codes of tenant %s: %w", c.Tenant, err)
	}
	if c.Revision, err = tx.newRevision(ctx); err != nil {
		return err
	}
	c.Version = old.Version + 1
	err = tx.exec(ctx, `INSERT OR REPLACE INTO feature_codes (tenant, codes, park_slots, park_seconds, version, revision) VALUES (?, ?, ?, ?, ?, ?)`,
		c.Tenant, string(text), c.ParkSlots, c.ParkSeconds, c.Version, c.Revision)
	if err != nil {
		return fmt.Errorf("writing the feature codes of tenant %s: %w", c.Tenant, err)
	}
	return record(ctx, tx, kindFeatureCodes, c.Tenant, c.Tenant, old, c)
}

// changedCodes are the codes that are not the default.
func changedCodes(c *pbx.FeatureCodes) map[pbx.Feature]string {
	out := map[pbx.Feature]string{}
	for _, f := range pbx.Features {
		if code := c.Codes[f.Feature]; code != f.Default {
			out[f.Feature] = code
		}
	}
	return out
}

// dialledNumbers are all numbers of a tenant that people dial, by what they are.
const dialledNumbers = `SELECT 'extension', number FROM extensions WHERE tenant = ?1
	UNION ALL SELECT 'ring group', number FROM ring_groups WHERE tenant = ?1 ORDER BY number`

func (tx *Tx) checkFeatureCodes(ctx context.Context, c *pbx.FeatureCodes) error {
	type dialled struct{ what, number string }
	all, err := query(ctx, tx, func(row scanner) (d dialled, err error) { return d, row.Scan(&d.what, &d.number) }, dialledNumbers, c.Tenant)
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
