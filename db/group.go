package db

import (
	"context"
	"fmt"
	"slices"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

var groupTable = newTable(kindGroup, "phone_groups",
	func(row *pbx.Group) (version, revision *int64) { return &row.Version, &row.Revision },
	keyCol("tenant", func(row *pbx.Group) any { return &row.Tenant }),
	keyCol("name", func(row *pbx.Group) any { return &row.Name }),
)

// Group returns one group, or a NotFound error.
func (tx *Tx) Group(ctx context.Context, tenant, name string) (*pbx.Group, error) {
	return groupTable.get(ctx, tx, tenant, name)
}

// Groups returns groups of a tenant by name. An unknown tenant is a NotFound error.
func (tx *Tx) Groups(ctx context.Context, tenant string, o ListOptions) ([]*pbx.Group, error) {
	if err := tx.needTenant(ctx, tenant); err != nil {
		return nil, err
	}
	gs, err := groupTable.rows(ctx, tx, `
		WHERE tenant = ?1 AND name > ?2 AND name LIKE ?3 ESCAPE '\' ORDER BY name LIMIT ?4`, tenant, o.After, o.pattern(), o.limit())
	if err != nil {
		return nil, fmt.Errorf("listing groups: %w", err)
	}
	return gs, nil
}

// PutGroup adds a group; of one that is there nothing can differ.
func (tx *Tx) PutGroup(ctx context.Context, g *pbx.Group) error {
	if err := tx.writable(); err != nil {
		return err
	}
	if err := tx.needTenant(ctx, g.Tenant); err != nil {
		return err
	}
	old, err := orNil(tx.Group(ctx, g.Tenant, g.Name))
	if err != nil {
		return err
	}
	if groupTable.same(old, g) {
		return nil
	}
	return groupTable.save(ctx, tx, nil, g)
}

// DeleteGroup removes a group; an InUse error names its members.
func (tx *Tx) DeleteGroup(ctx context.Context, tenant, name string) error {
	if err := tx.writable(); err != nil {
		return err
	}
	old, err := tx.Group(ctx, tenant, name)
	if err != nil {
		return err
	}
	err = tx.unused(ctx, "group "+name,
		`SELECT 'extension', extension FROM group_members WHERE tenant = ? AND name = ? ORDER BY extension`, tenant, name)
	if err != nil {
		return err
	}
	return groupTable.remove(ctx, tx, old)
}

// checkMembership refuses a group that the extension's tenant does not have.
func (tx *Tx) checkMembership(ctx context.Context, e *pbx.Extension) error {
	for _, name := range e.Groups {
		have, err := tx.has(ctx, `SELECT 1 FROM phone_groups WHERE tenant = ? AND name = ?`, e.Tenant, name)
		if err != nil {
			return fmt.Errorf("looking for group %s: %w", name, err)
		}
		if !have {
			return pbx.Refusedf("groups", "group %s does not exist in tenant %s", name, e.Tenant)
		}
	}
	return nil
}

// saveMembership replaces the groups of e; old is nil for a new extension.
func (tx *Tx) saveMembership(ctx context.Context, old, e *pbx.Extension) error {
	if old != nil && slices.Equal(old.Groups, e.Groups) {
		return nil
	}
	if err := tx.exec(ctx, `DELETE FROM group_members WHERE tenant = ? AND extension = ?`, e.Tenant,
		e.Number); err != nil {
		return fmt.Errorf("replacing the groups of extension %s: %w", e.Number, err)
	}
	for _, name := range e.Groups {
		err := tx.exec(ctx, `INSERT INTO group_members (tenant, extension, name) VALUES (?, ?, ?)`, e.Tenant, e.Number, name)
		if err != nil {
			return fmt.Errorf("adding extension %s to group %s: %w", e.Number, name, err)
		}
	}
	return nil
}
