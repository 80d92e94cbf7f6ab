package db

import (
	"context"
	"fmt"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

var trunkTable = newTable(kindTrunk, "trunks",
	func(row *pbx.Trunk) (version, revision *int64) { return &row.Version, &row.Revision },
	keyCol("tenant", func(row *pbx.Trunk) any { return &row.Tenant }),
	keyCol("name", func(row *pbx.Trunk) any { return &row.Name }),
	col("endpoint", func(row *pbx.Trunk) any { return &row.Endpoint }),
	col("host", func(row *pbx.Trunk) any { return &row.Host }),
	col("port", func(row *pbx.Trunk) any { return &row.Port }),
	col("transport", func(row *pbx.Trunk) any { return &row.Transport }),
	col("username", func(row *pbx.Trunk) any { return &row.Username }),
	col("secret", func(row *pbx.Trunk) any { return secret{&row.Secret} }),
	col("register", func(row *pbx.Trunk) any { return &row.Register }),
	col("caller_number", func(row *pbx.Trunk) any { return &row.CallerNumber }),
	col("default_number", func(row *pbx.Trunk) any { return &row.DefaultNumber }),
	col("addresses", func(row *pbx.Trunk) any { return words{&row.Addresses} }),
	col("trust_id_inbound", func(row *pbx.Trunk) any { return &row.TrustIDInbound }),
	col("teams", func(row *pbx.Trunk) any { return &row.Teams }),
	col("max_calls", func(row *pbx.Trunk) any { return &row.MaxCalls }),
	col("qualify_seconds", func(row *pbx.Trunk) any { return &row.QualifySeconds }),
	col("priority", func(row *pbx.Trunk) any { return &row.Priority }),
	col("disabled", func(row *pbx.Trunk) any { return &row.Disabled }),
	col("codecs", func(row *pbx.Trunk) any { return words{&row.Codecs} }),
	col("dtmf", func(row *pbx.Trunk) any { return &row.DTMF }),
	col("from_user", func(row *pbx.Trunk) any { return &row.FromUser }),
	col("from_domain", func(row *pbx.Trunk) any { return &row.FromDomain }),
	col("outbound_proxy", func(row *pbx.Trunk) any { return &row.OutboundProxy }),
	col("srtp", func(row *pbx.Trunk) any { return &row.SRTP }),
	col("caller_id_privacy", func(row *pbx.Trunk) any { return &row.CallerIDPrivacy }),
	col("identity_header", func(row *pbx.Trunk) any { return &row.IdentityHeader }),
)

// Trunk returns one trunk, or a NotFound error.
func (tx *Tx) Trunk(ctx context.Context, tenant, name string) (*pbx.Trunk, error) {
	return trunkTable.get(ctx, tx, tenant, name)
}

// Trunks returns trunks of a tenant by name. Contains looks at name and host. An
// unknown tenant is a NotFound error.
func (tx *Tx) Trunks(ctx context.Context, tenant string, o ListOptions) ([]*pbx.Trunk, error) {
	if err := tx.needTenant(ctx, tenant); err != nil {
		return nil, err
	}
	ts, err := trunkTable.rows(ctx, tx, `
		WHERE tenant = ?1 AND name > ?2 AND (name LIKE ?3 ESCAPE '\' OR host LIKE ?3 ESCAPE '\')
		ORDER BY name LIMIT ?4`, tenant, o.After, o.pattern(), o.limit())
	if err != nil {
		return nil, fmt.Errorf("listing trunks: %w", err)
	}
	return ts, nil
}

// PutTrunk adds a trunk or replaces the one of that name. It sets Version and
// Revision of t, and writes nothing when nothing differs.
func (tx *Tx) PutTrunk(ctx context.Context, t *pbx.Trunk) error {
	if err := tx.writable(); err != nil {
		return err
	}
	old, err := orNil(tx.Trunk(ctx, t.Tenant, t.Name))
	if err != nil {
		return err
	}
	if trunkTable.same(old, t) {
		return nil
	}
	return tx.saveTrunk(ctx, old, t)
}

func (tx *Tx) saveTrunk(ctx context.Context, old, t *pbx.Trunk) error {
	if err := tx.needTenant(ctx, t.Tenant); err != nil {
		return err
	}
	if err := tx.needDefaultNumber(ctx, t); err != nil {
		return err
	}
	if t.Teams {
		switch routed, err := tx.has(ctx, `SELECT 1 FROM (`+routesOver+`)`, t.Tenant, "", t.Name); {
		case err != nil:
			return fmt.Errorf("looking for routes over trunk %s: %w", t.Name, err)
		case routed:
			return pbx.Refusedf("teams", "routes lead over trunk %s, and none is asked about numbers of Teams", t.Name)
		}
	}
	return trunkTable.save(ctx, tx, old, t)
}

// routesOver are the routes of tenant ?1 that lead over trunk ?3.
const routesOver = `SELECT 'route', r.name FROM routes r, json_each(r.trunks) t
	WHERE r.tenant = ?1 AND json_extract(t.value, '$.trunk') = ?3`

// DeleteTrunk removes a trunk. An InUse error names the routes that lead over it and, where it
// is the last for numbers of its type, the devices and extensions that ring outside through it.
func (tx *Tx) DeleteTrunk(ctx context.Context, tenant, name string) error {
	if err := tx.writable(); err != nil {
		return err
	}
	old, err := tx.Trunk(ctx, tenant, name)
	if err != nil {
		return err
	}
	err = tx.unused(ctx, "trunk "+name, `
		SELECT 'device', d.name FROM devices d JOIN external_numbers n ON n.tenant = d.tenant AND n.number = d.external_number
		WHERE d.tenant = ?1 AND n.type = ?2 AND NOT EXISTS (
			SELECT 1 FROM trunks WHERE tenant = ?1 AND name <> ?3 AND teams = (?2 = 'teams'))
		UNION ALL SELECT 'extension', e.number FROM extensions e JOIN external_numbers n ON n.tenant = e.tenant AND n.number = e.twin_number
		WHERE e.tenant = ?1 AND n.type = ?2 AND NOT EXISTS (
			SELECT 1 FROM trunks WHERE tenant = ?1 AND name <> ?3 AND teams = (?2 = 'teams'))
		UNION ALL `+routesOver+` ORDER BY 1, 2`, tenant, string(old.Reaches()), name)
	if err != nil {
		return err
	}
	return trunkTable.remove(ctx, tx, old)
}

// needDefaultNumber refuses a default number that is not the tenant's.
func (tx *Tx) needDefaultNumber(ctx context.Context, t *pbx.Trunk) error {
	if t.DefaultNumber == "" {
		return nil
	}
	have, err := tx.has(ctx, `SELECT 1 FROM numbers WHERE tenant = ? AND number = ?`, t.Tenant, t.DefaultNumber)
	if err != nil {
		return fmt.Errorf("looking for number %s: %w", t.DefaultNumber, err)
	}
	if !have {
		return pbx.Refusedf("default_number", "%s does not belong to tenant %s", t.DefaultNumber, t.Tenant)
	}
	return nil
}
