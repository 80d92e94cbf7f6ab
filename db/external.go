package db

import (
	"context"
	"fmt"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

var externalTable = newTable(kindExternalNumber, "external_numbers",
	func(row *pbx.ExternalNumber) (version, revision *int64) { return &row.Version, &row.Revision },
	keyCol("tenant", func(row *pbx.ExternalNumber) any { return &row.Tenant }),
	keyCol("number", func(row *pbx.ExternalNumber) any { return &row.Number }),
	col("description", func(row *pbx.ExternalNumber) any { return &row.Description }),
	col("available", func(row *pbx.ExternalNumber) any { return &row.Available }),
	col("type", func(row *pbx.ExternalNumber) any { return &row.Type }),
)

// ExternalNumber returns one external number, or a NotFound error.
func (tx *Tx) ExternalNumber(ctx context.Context, tenant, number string) (*pbx.ExternalNumber, error) {
	return externalTable.get(ctx, tx, tenant, number)
}

// ExternalNumbers returns external numbers of a tenant by number. Contains looks
// at number and description. An unknown tenant is a NotFound error.
func (tx *Tx) ExternalNumbers(ctx context.Context, tenant string, o ListOptions) ([]*pbx.ExternalNumber, error) {
	if err := tx.needTenant(ctx, tenant); err != nil {
		return nil, err
	}
	ns, err := externalTable.rows(ctx, tx, `
		WHERE tenant = ?1 AND number > ?2 AND (number LIKE ?3 ESCAPE '\' OR description LIKE ?3 ESCAPE '\')
		ORDER BY number LIMIT ?4`, tenant, o.After, o.pattern(), o.limit())
	if err != nil {
		return nil, fmt.Errorf("listing external numbers: %w", err)
	}
	return ns, nil
}

// PutExternalNumber adds an external number or replaces the one of that number.
// It sets Version and Revision of n, and writes nothing when nothing differs.
func (tx *Tx) PutExternalNumber(ctx context.Context, n *pbx.ExternalNumber) error {
	if err := tx.writable(); err != nil {
		return err
	}
	old, err := orNil(tx.ExternalNumber(ctx, n.Tenant, n.Number))
	if err != nil {
		return err
	}
	if externalTable.same(old, n) {
		return nil
	}
	return tx.saveExternalNumber(ctx, old, n)
}

func (tx *Tx) saveExternalNumber(ctx context.Context, old, n *pbx.ExternalNumber) error {
	if err := tx.needTenant(ctx, n.Tenant); err != nil {
		return err
	}
	if old == nil {
		if err := tx.notLedTo(ctx, "number", n.Tenant, n.Number); err != nil {
			return err
		}
	}
	return externalTable.save(ctx, tx, old, n)
}

// DeleteExternalNumber removes an external number. An InUse error names the devices,
// extensions and ring groups that ring it.
func (tx *Tx) DeleteExternalNumber(ctx context.Context, tenant, number string) error {
	if err := tx.writable(); err != nil {
		return err
	}
	old, err := tx.ExternalNumber(ctx, tenant, number)
	if err != nil {
		return err
	}
	err = tx.unused(ctx, "external number "+number, `SELECT 'device', name FROM devices WHERE tenant = ?1 AND external_number = ?2
		UNION ALL SELECT 'ring-group', name FROM ring_group_members WHERE tenant = ?1 AND external = ?2
		UNION ALL SELECT 'extension', number FROM extensions WHERE tenant = ?1 AND twin_number = ?2 ORDER BY 1, 2`, tenant, number)
	if err != nil {
		return err
	}
	return externalTable.remove(ctx, tx, old)
}

// needExternalNumber is an Invalid error about field when a tenant lacks the number. An
// empty number needs no external number.
func (tx *Tx) needExternalNumber(ctx context.Context, field, tenant, number string) error {
	if number == "" {
		return nil
	}
	have, err := tx.has(ctx, `SELECT 1 FROM external_numbers WHERE tenant = ? AND number = ?`, tenant, number)
	if err != nil {
		return fmt.Errorf("looking for external number %s: %w", number, err)
	}
	if !have {
		return pbx.Refusedf(field, "external number %s does not exist in tenant %s", number, tenant)
	}
	return tx.notLedTo(ctx, field, tenant, number)
}
