package db

import (
	"context"
	"fmt"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

var applicationTable = newTable(kindApplication, "applications",
	func(row *pbx.Application) (version, revision *int64) { return &row.Version, &row.Revision },
	keyCol("tenant", func(row *pbx.Application) any { return &row.Tenant }),
	keyCol("name", func(row *pbx.Application) any { return &row.Name }),
	col("url", func(row *pbx.Application) any { return &row.URL }),
	col("secret", func(row *pbx.Application) any { return secret{&row.Secret} }),
	col("description", func(row *pbx.Application) any { return &row.Description }),
	col("fallback", func(row *pbx.Application) any { return destination{&row.Fallback} }),
)

// Application returns one application, or a NotFound error.
func (tx *Tx) Application(ctx context.Context, tenant, name string) (*pbx.Application, error) {
	return applicationTable.get(ctx, tx, tenant, name)
}

// Applications returns applications of a tenant by name. Contains looks at name, URL and
// description. An unknown tenant is a NotFound error.
func (tx *Tx) Applications(ctx context.Context, tenant string, o ListOptions) ([]*pbx.Application, error) {
	if err := tx.needTenant(ctx, tenant); err != nil {
		return nil, err
	}
	as, err := applicationTable.rows(ctx, tx, `
		WHERE tenant = ?1 AND name > ?2
		AND (name LIKE ?3 ESCAPE '\' OR url LIKE ?3 ESCAPE '\' OR description LIKE ?3 ESCAPE '\')
		ORDER BY name LIMIT ?4`, tenant, o.After, o.pattern(), o.limit())
	if err != nil {
		return nil, fmt.Errorf("listing applications: %w", err)
	}
	return as, nil
}

// PutApplication adds an application or replaces the one of that name. It sets Version and Revision
// of a, and writes nothing when nothing differs. A fallback outside needs the tenant's rights.
func (tx *Tx) PutApplication(ctx context.Context, a *pbx.Application) error {
	if err := tx.writable(); err != nil {
		return err
	}
	old, err := orNil(tx.Application(ctx, a.Tenant, a.Name))
	if err != nil {
		return err
	}
	if applicationTable.same(old, a) {
		return nil
	}
	if err := tx.needTenant(ctx, a.Tenant); err != nil {
		return err
	}
	if old == nil {
		if err := tx.roomForApplication(ctx, a.Tenant); err != nil {
			return err
		}
	}
	if err := tx.needDestination(ctx, "fallback", a.Tenant, a.Fallback); err != nil {
		return err
	}
	if a.Fallback.Kind == pbx.ToExternal && (old == nil || old.Fallback != a.Fallback) {
		owner := &pbx.Extension{Tenant: a.Tenant}
		if err := tx.mayLead(ctx, pbx.DoorForward, "fallback", owner, a.Fallback.Key); err != nil {
			return err
		}
	}
	return applicationTable.save(ctx, tx, old, a)
}

func (tx *Tx) roomForApplication(ctx context.Context, tenant string) error {
	var n int
	err := tx.sql.QueryRowContext(ctx, `SELECT count(*) FROM applications WHERE tenant = ?`, tenant).Scan(&n)
	if err != nil {
		return fmt.Errorf("counting the applications of tenant %s: %w", tenant, err)
	}
	if n >= pbx.MostApplications {
		return pbx.Conflictf("name", "tenant %s has %d applications, which is the most", tenant, n)
	}
	return nil
}

// DeleteApplication removes an application. An InUse error names the references to it.
func (tx *Tx) DeleteApplication(ctx context.Context, tenant, name string) error {
	if err := tx.writable(); err != nil {
		return err
	}
	old, err := tx.Application(ctx, tenant, name)
	if err != nil {
		return err
	}
	to := pbx.Destination{Kind: pbx.ToApplication, Key: name}
	err = tx.unused(ctx, "application "+name,
		`SELECT DISTINCT kind, name FROM (SELECT '' AS kind, '' AS name WHERE false `+leadingTo+`)
		WHERE ?2 <> '' ORDER BY kind, name`, tenant, name, to.String())
	if err != nil {
		return err
	}
	return applicationTable.remove(ctx, tx, old)
}

// redirectApplications puts another destination in the place of a fallback. One that is gone ends
// calls.
func (tx *Tx) redirectApplications(ctx context.Context, tenant string, from, to pbx.Destination) error {
	as, err := applicationTable.rows(ctx, tx, `WHERE tenant = ?1 AND fallback = ?2 ORDER BY name`, tenant, from.String())
	if err != nil {
		return fmt.Errorf("listing applications that fall back to %s: %w", from, err)
	}
	if to.IsZero() {
		to.Kind = pbx.ToHangup
	}
	for _, a := range as {
		a.Fallback = to
		if err := tx.PutApplication(ctx, a); err != nil {
			return err
		}
	}
	return nil
}
