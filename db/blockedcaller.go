package db

import (
	"context"
	"fmt"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

var blockedCallerTable = newTable(kindBlockedCaller, "blocked_callers",
	func(row *pbx.BlockedCaller) (version, revision *int64) { return &row.Version, &row.Revision },
	keyCol("tenant", func(row *pbx.BlockedCaller) any { return &row.Tenant }),
	keyCol("number", func(row *pbx.BlockedCaller) any { return &row.Number }),
	col("begins", func(row *pbx.BlockedCaller) any { return &row.Begins }),
	col("description", func(row *pbx.BlockedCaller) any { return &row.Description }),
)

// BlockedCaller returns one blocked caller, or a NotFound error.
func (tx *Tx) BlockedCaller(ctx context.Context, tenant, number string) (*pbx.BlockedCaller, error) {
	return blockedCallerTable.get(ctx, tx, tenant, number)
}

// BlockedCallers returns blocked callers of a tenant by number. Contains looks at number and description.
// An unknown tenant is a NotFound error.
func (tx *Tx) BlockedCallers(ctx context.Context, tenant string, o ListOptions) ([]*pbx.BlockedCaller, error) {
	if err := tx.needTenant(ctx, tenant); err != nil {
		return nil, err
	}
	bs, err := blockedCallerTable.rows(ctx, tx, `
		WHERE tenant = ?1 AND number > ?2 AND (number LIKE ?3 ESCAPE '\' OR description LIKE ?3 ESCAPE '\')
		ORDER BY number LIMIT ?4`, tenant, o.After, o.pattern(), o.limit())
	if err != nil {
		return nil, fmt.Errorf("listing blocked callers: %w", err)
	}
	return bs, nil
}

// PutBlockedCaller adds a blocked caller or replaces the one of that number. It sets Version and Revision
// of b, and writes nothing when nothing differs.
func (tx *Tx) PutBlockedCaller(ctx context.Context, b *pbx.BlockedCaller) error {
	if err := tx.writable(); err != nil {
		return err
	}
	old, err := orNil(tx.BlockedCaller(ctx, b.Tenant, b.Number))
	if err != nil {
		return err
	}
	if blockedCallerTable.same(old, b) {
		return nil
	}
	if err := tx.needTenant(ctx, b.Tenant); err != nil {
		return err
	}
	return blockedCallerTable.save(ctx, tx, old, b)
}

// DeleteBlockedCaller removes a blocked caller.
func (tx *Tx) DeleteBlockedCaller(ctx context.Context, tenant, number string) error {
	if err := tx.writable(); err != nil {
		return err
	}
	old, err := tx.BlockedCaller(ctx, tenant, number)
	if err != nil {
		return err
	}
	return blockedCallerTable.remove(ctx, tx, old)
}
