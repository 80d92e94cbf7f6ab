package db

import (
	"context"
	"fmt"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// checkLicence refuses one more extension when the tenant has as many as it may.
// Virtual ones and further numbers of a device do not count.
func (tx *Tx) checkLicence(ctx context.Context, old, e *pbx.Extension) error {
	if !e.Type.HasDevices() || old != nil && old.Type.HasDevices() {
		return nil
	}
	tenant := e.Tenant
	var allowed, used int
	err := tx.sql.QueryRowContext(ctx, `SELECT max_extensions FROM tenants WHERE name = ?`, tenant).Scan(&allowed)
	if err == nil && allowed > 0 { // counting takes longer the more there are
		err = tx.sql.QueryRowContext(ctx, `SELECT count(*) FROM extensions WHERE tenant = ? AND type NOT IN (?, ?)`, tenant,
			pbx.TypeVirtual, pbx.TypeSIPVirtual).Scan(&used)
	}
	if err != nil {
		return fmt.Errorf("counting the extensions of tenant %s: %w", tenant, err)
	}
	if allowed > 0 && used >= allowed {
		return &pbx.Error{Kind: pbx.Conflict,
			Message: fmt.Sprintf("tenant %s uses %d of the %d extensions that its licence allows", tenant, used, allowed)}
	}
	return nil
}

// checkNumberLimit refuses one more number when the tenant has as many as it may.
func (tx *Tx) checkNumberLimit(ctx context.Context, tenant string) error {
	if tx.later != nil {
		tx.later.tenants[tenant] = true
		return nil
	}
	var allowed, used int
	err := tx.sql.QueryRowContext(ctx, `SELECT max_numbers, CASE max_numbers WHEN 0 THEN 0
		ELSE (SELECT count(*) FROM numbers WHERE tenant = ?1) END FROM tenants WHERE name = ?1`, tenant).Scan(&allowed, &used)
	if err != nil {
		return fmt.Errorf("counting the numbers of tenant %s: %w", tenant, err)
	}
	if allowed > 0 && used >= allowed {
		return &pbx.Error{Kind: pbx.Conflict, Message: fmt.Sprintf("tenant %s has %d of the %d numbers that it may have",
			tenant, used, allowed)}
	}
	return nil
}
