package db

import (
	"context"
	"fmt"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// countriesOf returns the countries that extensions of a tenant dial in, as
// pbx.Snapshot.CountriesOf does.
func (tx *Tx) countriesOf(ctx context.Context, tenant string) ([]string, error) {
	countries, err := query(ctx, tx, func(row scanner) (iso string, err error) { return iso, row.Scan(&iso) },
		`SELECT country FROM tenants WHERE name = ?1
		UNION SELECT country FROM extensions WHERE tenant = ?1 AND country <> '' ORDER BY 1`, tenant)
	if err != nil {
		return nil, fmt.Errorf("listing the countries of tenant %s: %w", tenant, err)
	}
	return countries, nil
}

// noEmergency refuses a new number of an extension or a group that reaches help.
func (tx *Tx) noEmergency(ctx context.Context, tenant, number string) error {
	countries, err := tx.countriesOf(ctx, tenant)
	if err != nil {
		return err
	}
	if err := pbx.CheckNoEmergency("number", number, countries); err != nil {
		return err
	}
	return nil
}

// notLedTo refuses an emergency number where a rule would lead calls to.
func (tx *Tx) notLedTo(ctx context.Context, field, tenant, number string) error {
	countries, err := tx.countriesOf(ctx, tenant)
	if err != nil {
		return err
	}
	if err := pbx.CheckLedTo(field, number, countries); err != nil {
		return err
	}
	return nil
}

// countryFits refuses a country whose emergency numbers extensions or groups of the
// tenant have, or rules lead to.
func (tx *Tx) countryFits(ctx context.Context, tenant, country string) error {
	type taken struct{ what, number string }
	scan := func(row scanner) (t taken, err error) { return t, row.Scan(&t.what, &t.number) }
	all, err := query(ctx, tx, scan, dialledNumbers, tenant)
	if err != nil {
		return fmt.Errorf("listing the numbers of tenant %s: %w", tenant, err)
	}
	for _, t := range all {
		if pbx.CheckNoEmergency("", t.number, []string{country}) != nil {
			return pbx.Refusedf("country", "%s %s has an emergency number of that country", t.what, t.number)
		}
	}
	outside, err := query(ctx, tx, scan,
		`SELECT 'external number', number FROM external_numbers WHERE tenant = ? ORDER BY number`, tenant)
	if err != nil {
		return fmt.Errorf("listing the external numbers of tenant %s: %w", tenant, err)
	}
	for _, t := range outside {
		if pbx.CheckLedTo("", t.number, []string{country}) != nil {
			return pbx.Refusedf("country", "%s %s has an emergency number of that country", t.what, t.number)
		}
	}
	return nil
}
