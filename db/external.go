package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

const selectExternalNumber = `SELECT tenant, number, description, available, type, version, revision FROM external_numbers`

func scanExternalNumber(row scanner) (*pbx.ExternalNumber, error) {
	n := &pbx.ExternalNumber{}
	return n, row.Scan(&n.Tenant, &n.Number, &n.Description, &n.Available, &n.Type, &n.Version, &n.Revision)
}

// ExternalNumber returns one external number, or a NotFound error.
func (tx *Tx) ExternalNumber(ctx context.Context, tenant, number string) (*pbx.ExternalNumber, error) {
	n, err := scanExternalNumber(tx.sql.QueryRowContext(ctx, selectExternalNumber+` WHERE tenant = ? AND number = ?`, tenant, number))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, tx.notIn(ctx, tenant, kindExternalNumber, number)
	}
	if err != nil {
		return nil, fmt.Errorf("reading external number %s: %w", number, err)
	}
	return n, nil
}

// ExternalNumbers returns external numbers of a tenant by number. Contains looks
// at number and description. An unknown tenant is a NotFound error.
func (tx *Tx) ExternalNumbers(ctx context.Context, tenant string, o ListOptions) ([]*pbx.ExternalNumber, error) {
	if err := tx.needTenant(ctx, tenant); err != nil {
		return nil, err
	}
	ns, err := query(ctx, tx, scanExternalNumber, selectExternalNumber+`
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
	if old != nil && len(changed(old, n)) == 0 {
		n.Version, n.Revision = old.Version, old.Revision
		return nil
	}
	return tx.saveExternalNumber(ctx, old, n)
}

func (tx *Tx) saveExternalNumber(ctx context.Context, old, n *pbx.ExternalNumber) (err error) {
	if err := tx.needTenant(ctx, n.Tenant); err != nil {
		return err
	}
	if n.Revision, err = tx.newRevision(ctx); err != nil {
		return err
	}
	n.Version = 1
	if old != nil {
		n.Version = old.Version + 1
	}
	err = tx.exec(ctx, `INSERT INTO external_numbers (tenant, number, description, available, type, version, revision)
		VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (tenant, number) DO UPDATE SET description = excluded.description,
		available = excluded.available, type = excluded.type, version = excluded.version, revision = excluded.revision`,
		n.Tenant, n.Number, n.Description, n.Available, string(n.Type), n.Version, n.Revision)
	if err != nil {
		return fmt.Errorf("writing external number %s: %w", n.Number, err)
	}
	return record(ctx, tx, kindExternalNumber, n.Tenant, n.Number, old, n)
}

// DeleteExternalNumber removes an external number; an InUse error names the
// devices, extensions and ring groups that ring it.
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
	if _, err := tx.newRevision(ctx); err != nil {
		return err
	}
	if err := tx.exec(ctx, `DELETE FROM external_numbers WHERE tenant = ? AND number = ?`, tenant, number); err != nil {
		return fmt.Errorf("deleting external number %s: %w", number, err)
	}
	return record(ctx, tx, kindExternalNumber, tenant, number, old, nil)
}

// needExternalNumber is an Invalid error about field when a tenant has no such
// external number. An empty number is none and needs none.
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
	return nil
}
