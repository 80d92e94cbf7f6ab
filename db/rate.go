package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

var rateTable = newTable(kindRate, "rates",
	func(row *pbx.Rate) (version, revision *int64) { return &row.Version, &row.Revision },
	keyCol("reseller", func(row *pbx.Rate) any { return &row.Reseller }),
	keyCol("prefix", func(row *pbx.Rate) any { return &row.Prefix }),
	col("price", func(row *pbx.Rate) any { return &row.Price }),
).aboveTenants()

// Rate returns a rate of a reseller, "" for the platform, or a NotFound error.
func (tx *Tx) Rate(ctx context.Context, reseller, prefix string) (*pbx.Rate, error) {
	r, err := rateTable.row(ctx, tx, `WHERE reseller = ? AND prefix = ?`, reseller, prefix)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, pbx.NotFoundf("there is no rate for prefix %s", prefix)
	}
	if err != nil {
		return nil, fmt.Errorf("reading rate %s: %w", prefix, err)
	}
	return r, nil
}

// Rates returns the rates of a reseller by prefix. Contains looks at the prefix.
func (tx *Tx) Rates(ctx context.Context, reseller string, o ListOptions) ([]*pbx.Rate, error) {
	if reseller != "" {
		if _, err := tx.Reseller(ctx, reseller); err != nil {
			return nil, err
		}
	}
	rs, err := rateTable.rows(ctx, tx, `
		WHERE reseller = ?1 AND prefix > ?2 AND prefix LIKE ?3 ESCAPE '\' ORDER BY prefix LIMIT ?4`,
		reseller, o.After, o.pattern(), o.limit())
	if err != nil {
		return nil, fmt.Errorf("listing rates: %w", err)
	}
	return rs, nil
}

// PutRate adds a rate or replaces the one of that prefix. One beyond pbx.MaxRates is refused.
func (tx *Tx) PutRate(ctx context.Context, r *pbx.Rate) error {
	if err := tx.writable(); err != nil {
		return err
	}
	old, err := orNil(tx.Rate(ctx, r.Reseller, r.Prefix))
	if err != nil {
		return err
	}
	if rateTable.same(old, r) {
		return nil
	}
	if err := tx.needReseller(ctx, "reseller", r.Reseller); err != nil {
		return err
	}
	full, err := tx.has(ctx, `SELECT 1 FROM rates WHERE reseller = ? GROUP BY reseller HAVING count(*) >= ?`, r.Reseller,
		pbx.MaxRates)
	if err != nil {
		return fmt.Errorf("counting rates: %w", err)
	}
	if full && old == nil {
		return pbx.Refusedf("prefix", "there are %d rates already, as many as an account may have", pbx.MaxRates)
	}
	return rateTable.save(ctx, tx, old, r)
}

// DeleteRate removes a rate.
func (tx *Tx) DeleteRate(ctx context.Context, reseller, prefix string) error {
	if err := tx.writable(); err != nil {
		return err
	}
	old, err := tx.Rate(ctx, reseller, prefix)
	if err != nil {
		return err
	}
	return rateTable.remove(ctx, tx, old)
}

// ReplaceRates makes a list all rates of a reseller. What is in it already stays as it is.
func (tx *Tx) ReplaceRates(ctx context.Context, reseller string, rates []*pbx.Rate) error {
	if err := tx.writable(); err != nil {
		return err
	}
	if len(rates) > pbx.MaxRates {
		return pbx.Refusedf("prefix", "there are %d rates, and an account may have %d", len(rates), pbx.MaxRates)
	}
	present, err := tx.Rates(ctx, reseller, ListOptions{})
	if err != nil {
		return err
	}
	old := make(map[string]*pbx.Rate, len(present))
	for _, r := range present {
		old[r.Prefix] = r
	}
	for _, r := range rates {
		if !rateTable.same(old[r.Prefix], r) {
			if err := rateTable.save(ctx, tx, old[r.Prefix], r); err != nil {
				return err
			}
		}
		delete(old, r.Prefix)
	}
	for _, r := range present {
		if old[r.Prefix] != nil {
			if err := rateTable.remove(ctx, tx, r); err != nil {
				return err
			}
		}
	}
	return nil
}
