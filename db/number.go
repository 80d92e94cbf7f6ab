package db

import (
	"context"
	"fmt"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

var numberTable = newTable(kindNumber, "numbers",
	func(row *pbx.Number) (version, revision *int64) { return &row.Version, &row.Revision },
	keyCol("tenant", func(row *pbx.Number) any { return &row.Tenant }),
	keyCol("number", func(row *pbx.Number) any { return &row.Number }),
	col("description", func(row *pbx.Number) any { return &row.Description }),
	col("destination", func(row *pbx.Number) any { return destination{&row.Destination} }),
	col("rules", func(row *pbx.Number) any { return inJSONList[pbx.CallRule]{&row.Rules} }),
	col("timezone", func(row *pbx.Number) any { return &row.Timezone }),
	col("anonymous", func(row *pbx.Number) any { return &row.Anonymous }),
	col("caller_id_prefix", func(row *pbx.Number) any { return &row.CallerIDPrefix }),
)

// Number returns one number of a tenant, or a NotFound error.
func (tx *Tx) Number(ctx context.Context, tenant, number string) (*pbx.Number, error) {
	return numberTable.get(ctx, tx, tenant, number)
}

// Numbers returns numbers of a tenant in their order. Contains looks at number,
// description and destination. An unknown tenant is a NotFound error.
func (tx *Tx) Numbers(ctx context.Context, tenant string, o ListOptions) ([]*pbx.Number, error) {
	if err := tx.needTenant(ctx, tenant); err != nil {
		return nil, err
	}
	ns, err := numberTable.rows(ctx, tx, `
		WHERE tenant = ?1 AND number > ?2 AND (number LIKE ?3 ESCAPE '\' OR description LIKE ?3 ESCAPE '\'
			OR destination LIKE ?3 ESCAPE '\' OR rules LIKE ?3 ESCAPE '\')
		ORDER BY number LIMIT ?4`, tenant, o.After, o.pattern(), o.limit())
	if err != nil {
		return nil, fmt.Errorf("listing numbers: %w", err)
	}
	return ns, nil
}

// numbersTo returns the numbers that lead to a destination.
func (tx *Tx) numbersTo(ctx context.Context, tenant string, d pbx.Destination) ([]*pbx.Number, error) {
	ns, err := numberTable.rows(ctx, tx, `WHERE tenant = ?1 AND (destination = ?2 OR anonymous = ?2
		OR rules <> '[]' AND instr(rules, '"' || ?2 || '"') > 0) ORDER BY number`, tenant, d.String())
	if err != nil {
		return nil, fmt.Errorf("listing the numbers that lead to %s: %w", d, err)
	}
	return ns, nil
}

// PutNumber adds a number or replaces the one that is there. It sets Version and
// Revision of n, and writes nothing when nothing differs. A number of another
// tenant is a Conflict, an unknown destination an Invalid error.
func (tx *Tx) PutNumber(ctx context.Context, n *pbx.Number) error {
	if err := tx.writable(); err != nil {
		return err
	}
	old, err := orNil(tx.Number(ctx, n.Tenant, n.Number))
	if err != nil {
		return err
	}
	if numberTable.same(old, n) {
		return nil
	}
	return tx.saveNumber(ctx, old, n)
}

func (tx *Tx) saveNumber(ctx context.Context, old, n *pbx.Number) error {
	if err := tx.checkOwnNumber(ctx, n); err != nil {
		return err
	}
	if old == nil {
		if err := tx.checkNumberLimit(ctx, n.Tenant); err != nil {
			return err
		}
		if err := tx.giveNumber(ctx, n); err != nil {
			return err
		}
		t, err := tx.Tenant(ctx, n.Tenant)
		if err != nil {
			return err
		}
		return tx.checkPools(ctx, t.Reseller)
	}
	if err := numberTable.save(ctx, tx, old, n); err != nil {
		return err
	}
	if old.Destination != n.Destination || old.Leads() != n.Leads() {
		return tx.numberLeads(ctx, n)
	}
	return nil
}

// numberLeads writes into the history that a number leads elsewhere.
func (tx *Tx) numberLeads(ctx context.Context, n *pbx.Number) error {
	row, err := tx.InventoryNumber(ctx, Reach{}, n.Number)
	if err != nil {
		return err
	}
	if !n.Leads() {
		return tx.numberHappened(ctx, row, "unassigned")
	}
	return tx.numberHappened(ctx, row, "assigned")
}

// checkOwnNumber refuses a tenant and destinations that do not exist.
func (tx *Tx) checkOwnNumber(ctx context.Context, n *pbx.Number) error {
	if err := tx.needTenant(ctx, n.Tenant); err != nil {
		return err
	}
	for _, named := range n.Destinations() {
		if err := tx.needDestination(ctx, named.Field, n.Tenant, named.To); err != nil {
			return err
		}
	}
	return nil
}

// DeleteNumber takes a number from a tenant: it is back in the inventory, or gone where the
// tenant has uploaded it itself. An InUse error names the extensions that show it.
func (tx *Tx) DeleteNumber(ctx context.Context, tenant, number string) error {
	if err := tx.writable(); err != nil {
		return err
	}
	old, err := tx.Number(ctx, tenant, number)
	if err != nil {
		return err
	}
	return tx.takeNumber(ctx, old)
}

// unusedNumber is an InUse error that names the extensions that show a number, and the trunks
// whose default it is.
func (tx *Tx) unusedNumber(ctx context.Context, tenant, number string) error {
	return tx.unused(ctx, "number "+number,
		`SELECT 'extension', number FROM extensions WHERE tenant = ?1 AND presentation_number = ?2 AND presentation_number <> ''
		UNION ALL SELECT 'trunk', name FROM trunks WHERE tenant = ?1 AND default_number = ?2 ORDER BY 1, 2`, tenant, number)
}

// checkOutward refuses a presentation number or class of service that the extension's
// tenant lacks.
func (tx *Tx) checkOutward(ctx context.Context, e *pbx.Extension) error {
	if e.PresentationNumber != "" {
		have, err := tx.has(ctx, `SELECT 1 FROM numbers WHERE tenant = ? AND number = ?`, e.Tenant, e.PresentationNumber)
		if err != nil {
			return fmt.Errorf("looking for number %s: %w", e.PresentationNumber, err)
		}
		if !have {
			return pbx.Invalidf("presentation_number", "%s does not belong to tenant %s: only its own numbers may be shown",
				e.PresentationNumber, e.Tenant)
		}
	}
	return tx.needClass(ctx, e.Tenant, e.ClassOfService)
}
