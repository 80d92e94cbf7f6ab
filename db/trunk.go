package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

const selectTrunk = `SELECT tenant, name, endpoint, host, port, transport, username, secret, register, caller_number, teams, version, revision FROM trunks`

func scanTrunk(row scanner) (*pbx.Trunk, error) {
	t := &pbx.Trunk{}
	return t, row.Scan(&t.Tenant, &t.Name, &t.Endpoint, &t.Host, &t.Port, &t.Transport, &t.Username, secretScan{&t.Secret},
		&t.Register, &t.CallerNumber, &t.Teams, &t.Version, &t.Revision)
}

// Trunk returns one trunk, or a NotFound error.
func (tx *Tx) Trunk(ctx context.Context, tenant, name string) (*pbx.Trunk, error) {
	t, err := scanTrunk(tx.sql.QueryRowContext(ctx, selectTrunk+` WHERE tenant = ? AND name = ?`, tenant, name))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, tx.notIn(ctx, tenant, kindTrunk, name)
	}
	if err != nil {
		return nil, fmt.Errorf("reading trunk %s: %w", name, err)
	}
	return t, nil
}

// Trunks returns trunks of a tenant by name. Contains looks at name and host. An
// unknown tenant is a NotFound error.
func (tx *Tx) Trunks(ctx context.Context, tenant string, o ListOptions) ([]*pbx.Trunk, error) {
	if err := tx.needTenant(ctx, tenant); err != nil {
		return nil, err
	}
	ts, err := query(ctx, tx, scanTrunk, selectTrunk+`
		WHERE tenant = ?1 AND name > ?2 AND (name LIKE ?3 ESCAPE '\' OR host LIKE ?3 ESCAPE '\')
		ORDER BY name LIMIT ?4`, tenant, o.After, o.pattern(), o.limit())
	if err != nil {
		return nil, fmt.Errorf("listing trunks: %w", err)
	}
	return ts, nil
}

// PutTrunk adds a trunk or replaces the one of that name. It sets Version and
// Revision of t, and writes nothing when nothing differs. A second trunk of a
// tenant for the same type of number is a Conflict.
func (tx *Tx) PutTrunk(ctx context.Context, t *pbx.Trunk) error {
	if err := tx.writable(); err != nil {
		return err
	}
	old, err := orNil(tx.Trunk(ctx, t.Tenant, t.Name))
	if err != nil {
		return err
	}
	if old != nil && len(changed(old, t)) == 0 {
		t.Version, t.Revision = old.Version, old.Revision
		return nil
	}
	return tx.saveTrunk(ctx, old, t)
}

func (tx *Tx) saveTrunk(ctx context.Context, old, t *pbx.Trunk) (err error) {
	if err := tx.checkTrunk(ctx, t); err != nil {
		return err
	}
	if t.Revision, err = tx.newRevision(ctx); err != nil {
		return err
	}
	t.Version = 1
	if old != nil {
		t.Version = old.Version + 1
	}
	err = tx.exec(ctx, `INSERT INTO trunks (tenant, name, endpoint, host, port, transport, username, secret, register, caller_number, teams, version, revision)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (tenant, name) DO UPDATE SET endpoint = excluded.endpoint,
		host = excluded.host, port = excluded.port, transport = excluded.transport, username = excluded.username, secret = excluded.secret,
		register = excluded.register, caller_number = excluded.caller_number, teams = excluded.teams,
		version = excluded.version, revision = excluded.revision`,
		t.Tenant, t.Name, t.Endpoint, t.Host, t.Port, string(t.Transport), t.Username, t.Secret.Reveal(), t.Register, t.CallerNumber, t.Teams, t.Version, t.Revision)
	if err != nil {
		return fmt.Errorf("writing trunk %s: %w", t.Name, err)
	}
	return record(ctx, tx, kindTrunk, t.Tenant, t.Name, old, t)
}

// checkTrunk refuses a second trunk for the same numbers: which of the two they
// should take is for outbound routes to say.
func (tx *Tx) checkTrunk(ctx context.Context, t *pbx.Trunk) error {
	if err := tx.needTenant(ctx, t.Tenant); err != nil {
		return err
	}
	var other string
	err := tx.sql.QueryRowContext(ctx, `SELECT name FROM trunks WHERE tenant = ? AND teams = ? AND name <> ?`, t.Tenant, t.Teams, t.Name).Scan(&other)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("looking for another trunk: %w", err)
	}
	return pbx.Conflictf("teams", "trunk %s reaches the numbers of type %s already, and a tenant has one trunk for each type", other, t.Reaches())
}

// DeleteTrunk removes a trunk; an InUse error names the devices and extensions
// that ring outside through it.
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
		WHERE d.tenant = ?1 AND n.type = ?2
		UNION ALL SELECT 'extension', e.number FROM extensions e JOIN external_numbers n ON n.tenant = e.tenant AND n.number = e.twin_number
		WHERE e.tenant = ?1 AND n.type = ?2 ORDER BY 1, 2`, tenant, string(old.Reaches()))
	if err != nil {
		return err
	}
	if _, err := tx.newRevision(ctx); err != nil {
		return err
	}
	if err := tx.exec(ctx, `DELETE FROM trunks WHERE tenant = ? AND name = ?`, tenant, name); err != nil {
		return fmt.Errorf("deleting trunk %s: %w", name, err)
	}
	return record(ctx, tx, kindTrunk, tenant, name, old, nil)
}
