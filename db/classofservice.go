package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

const selectClassOfService = `SELECT tenant, name, description, allow, deny, version, revision FROM classes_of_service`

func scanClassOfService(row scanner) (*pbx.ClassOfService, error) {
	c := &pbx.ClassOfService{}
	return c, row.Scan(&c.Tenant, &c.Name, &c.Description, namesScan[string]{&c.Allow}, namesScan[string]{&c.Deny}, &c.Version, &c.Revision)
}

// ClassOfService returns one class of service, or a NotFound error.
func (tx *Tx) ClassOfService(ctx context.Context, tenant, name string) (*pbx.ClassOfService, error) {
	c, err := scanClassOfService(tx.sql.QueryRowContext(ctx, selectClassOfService+` WHERE tenant = ? AND name = ?`, tenant, name))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, tx.notIn(ctx, tenant, kindClassOfService, name)
	}
	if err != nil {
		return nil, fmt.Errorf("reading class of service %s: %w", name, err)
	}
	return c, nil
}

// ClassesOfService returns classes of service of a tenant by name. Contains looks
// at name and description. An unknown tenant is a NotFound error.
func (tx *Tx) ClassesOfService(ctx context.Context, tenant string, o ListOptions) ([]*pbx.ClassOfService, error) {
	if err := tx.needTenant(ctx, tenant); err != nil {
		return nil, err
	}
	ns, err := query(ctx, tx, scanClassOfService, selectClassOfService+`
		WHERE tenant = ?1 AND name > ?2 AND (name LIKE ?3 ESCAPE '\' OR description LIKE ?3 ESCAPE '\')
		ORDER BY name LIMIT ?4`, tenant, o.After, o.pattern(), o.limit())
	if err != nil {
		return nil, fmt.Errorf("listing classes of service: %w", err)
	}
	return ns, nil
}

// PutClassOfService adds a class of service or replaces the one of that name.
// It sets Version and Revision of c, and writes nothing when nothing differs.
func (tx *Tx) PutClassOfService(ctx context.Context, c *pbx.ClassOfService) error {
	if err := tx.writable(); err != nil {
		return err
	}
	old, err := orNil(tx.ClassOfService(ctx, c.Tenant, c.Name))
	if err != nil {
		return err
	}
	if old != nil && len(changed(old, c)) == 0 {
		c.Version, c.Revision = old.Version, old.Revision
		return nil
	}
	return tx.saveClassOfService(ctx, old, c)
}

func (tx *Tx) saveClassOfService(ctx context.Context, old, c *pbx.ClassOfService) (err error) {
	if err := tx.needTenant(ctx, c.Tenant); err != nil {
		return err
	}
	if c.Revision, err = tx.newRevision(ctx); err != nil {
		return err
	}
	c.Version = 1
	if old != nil {
		c.Version = old.Version + 1
	}
	err = tx.exec(ctx, `INSERT INTO classes_of_service (tenant, name, description, allow, deny, version, revision)
		VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (tenant, name) DO UPDATE SET description = excluded.description,
		allow = excluded.allow, deny = excluded.deny, version = excluded.version, revision = excluded.revision`,
		c.Tenant, c.Name, c.Description, joinNames(c.Allow), joinNames(c.Deny), c.Version, c.Revision)
	if err != nil {
		return fmt.Errorf("writing class of service %s: %w", c.Name, err)
	}
	return record(ctx, tx, kindClassOfService, c.Tenant, c.Name, old, c)
}

// DeleteClassOfService removes an class of service; an InUse error names the
// extensions that have it, and the tenant if it is the default.
func (tx *Tx) DeleteClassOfService(ctx context.Context, tenant, name string) error {
	if err := tx.writable(); err != nil {
		return err
	}
	old, err := tx.ClassOfService(ctx, tenant, name)
	if err != nil {
		return err
	}
	err = tx.unused(ctx, "class of service "+name, `SELECT 'extension', number FROM extensions WHERE tenant = ?1 AND class_of_service = ?2
		UNION ALL SELECT 'tenant', name FROM tenants WHERE name = ?1 AND class_of_service = ?2 ORDER BY 1, 2`, tenant, name)
	if err != nil {
		return err
	}
	if _, err := tx.newRevision(ctx); err != nil {
		return err
	}
	if err := tx.exec(ctx, `DELETE FROM classes_of_service WHERE tenant = ? AND name = ?`, tenant, name); err != nil {
		return fmt.Errorf("deleting class of service %s: %w", name, err)
	}
	return record(ctx, tx, kindClassOfService, tenant, name, old, nil)
}

// needClass is an Invalid error when a tenant has no such class of service. An
// empty name is none and needs none.
func (tx *Tx) needClass(ctx context.Context, tenant, name string) error {
	if name == "" {
		return nil
	}
	have, err := tx.has(ctx, `SELECT 1 FROM classes_of_service WHERE tenant = ? AND name = ?`, tenant, name)
	if err != nil {
		return fmt.Errorf("looking for class of service %s: %w", name, err)
	}
	if !have {
		return pbx.Refusedf("class_of_service", "class of service %s does not exist in tenant %s", name, tenant)
	}
	return nil
}
