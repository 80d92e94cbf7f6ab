package db

import (
	"context"
	"fmt"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

var classTable = newTable(kindClassOfService, "classes_of_service",
	func(row *pbx.ClassOfService) (version, revision *int64) { return &row.Version, &row.Revision },
	keyCol("tenant", func(row *pbx.ClassOfService) any { return &row.Tenant }),
	keyCol("name", func(row *pbx.ClassOfService) any { return &row.Name }),
	col("description", func(row *pbx.ClassOfService) any { return &row.Description }),
	col("allow", func(row *pbx.ClassOfService) any { return names[string]{&row.Allow} }),
	col("deny", func(row *pbx.ClassOfService) any { return names[string]{&row.Deny} }),
)

// ClassOfService returns one class of service, or a NotFound error.
func (tx *Tx) ClassOfService(ctx context.Context, tenant, name string) (*pbx.ClassOfService, error) {
	return classTable.get(ctx, tx, tenant, name)
}

// ClassesOfService returns classes of service of a tenant by name. Contains looks
// at name and description. An unknown tenant is a NotFound error.
func (tx *Tx) ClassesOfService(ctx context.Context, tenant string, o ListOptions) ([]*pbx.ClassOfService, error) {
	if err := tx.needTenant(ctx, tenant); err != nil {
		return nil, err
	}
	ns, err := classTable.rows(ctx, tx, `
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
	if classTable.same(old, c) {
		return nil
	}
	return tx.saveClassOfService(ctx, old, c)
}

func (tx *Tx) saveClassOfService(ctx context.Context, old, c *pbx.ClassOfService) error {
	if err := tx.needTenant(ctx, c.Tenant); err != nil {
		return err
	}
	return classTable.save(ctx, tx, old, c)
}

// DeleteClassOfService removes a class of service. An InUse error names the extensions that
// have it, and the tenant if it is the default.
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
	return classTable.remove(ctx, tx, old)
}

// needClass is an Invalid error when a tenant has no such class of service. An empty name
// needs no class.
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
