package db

import (
	"context"
	"fmt"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

var routeTable = newTable(kindRoute, "routes",
	func(row *pbx.OutboundRoute) (version, revision *int64) { return &row.Version, &row.Revision },
	keyCol("tenant", func(row *pbx.OutboundRoute) any { return &row.Tenant }),
	keyCol("name", func(row *pbx.OutboundRoute) any { return &row.Name }),
	col("description", func(row *pbx.OutboundRoute) any { return &row.Description }),
	// MATCH is a word of SQL.
	col("matches", func(row *pbx.OutboundRoute) any { return names[string]{&row.Match} }).as("match", nil),
	col("priority", func(row *pbx.OutboundRoute) any { return &row.Priority }),
	col("trunks", func(row *pbx.OutboundRoute) any { return inJSONList[pbx.RouteTrunk]{&row.Trunks} }),
	col("block", func(row *pbx.OutboundRoute) any { return &row.Block }),
	col("caller_id", func(row *pbx.OutboundRoute) any { return words{&row.CallerID} }),
)

// OutboundRoute returns one route, or a NotFound error.
func (tx *Tx) OutboundRoute(ctx context.Context, tenant, name string) (*pbx.OutboundRoute, error) {
	return routeTable.get(ctx, tx, tenant, name)
}

// OutboundRoutes returns routes of a tenant by name. Contains looks at name and description.
// An unknown tenant is a NotFound error.
func (tx *Tx) OutboundRoutes(ctx context.Context, tenant string, o ListOptions) ([]*pbx.OutboundRoute, error) {
	if err := tx.needTenant(ctx, tenant); err != nil {
		return nil, err
	}
	rs, err := routeTable.rows(ctx, tx, `
		WHERE tenant = ?1 AND name > ?2 AND (name LIKE ?3 ESCAPE '\' OR description LIKE ?3 ESCAPE '\')
		ORDER BY name LIMIT ?4`, tenant, o.After, o.pattern(), o.limit())
	if err != nil {
		return nil, fmt.Errorf("listing routes: %w", err)
	}
	return rs, nil
}

// PutOutboundRoute adds a route or replaces the one of that name. It sets Version and Revision
// of o, and writes nothing when nothing differs.
func (tx *Tx) PutOutboundRoute(ctx context.Context, o *pbx.OutboundRoute) error {
	if err := tx.writable(); err != nil {
		return err
	}
	old, err := orNil(tx.OutboundRoute(ctx, o.Tenant, o.Name))
	if err != nil {
		return err
	}
	if routeTable.same(old, o) {
		return nil
	}
	if err := tx.needTenant(ctx, o.Tenant); err != nil {
		return err
	}
	for i, t := range o.Trunks {
		if err := tx.needRouteTrunk(ctx, fmt.Sprintf("trunks[%d].trunk", i), o.Tenant, t.Trunk); err != nil {
			return err
		}
	}
	return routeTable.save(ctx, tx, old, o)
}

// needRouteTrunk refuses a trunk that the tenant lacks, or that reaches numbers of Teams alone.
func (tx *Tx) needRouteTrunk(ctx context.Context, field, tenant, name string) error {
	t, err := orNil(tx.Trunk(ctx, tenant, name))
	switch {
	case err != nil:
		return err
	case t == nil:
		return pbx.Refusedf(field, "trunk %s does not exist in tenant %s", name, tenant)
	case t.Teams:
		return pbx.Refusedf(field, "trunk %s reaches numbers of Teams alone, which need no route", name)
	}
	return nil
}

// DeleteOutboundRoute removes a route: its numbers leave as without it.
func (tx *Tx) DeleteOutboundRoute(ctx context.Context, tenant, name string) error {
	if err := tx.writable(); err != nil {
		return err
	}
	old, err := tx.OutboundRoute(ctx, tenant, name)
	if err != nil {
		return err
	}
	return routeTable.remove(ctx, tx, old)
}
