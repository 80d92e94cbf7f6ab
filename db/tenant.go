package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

const selectTenant = `SELECT name, title, timezone, phone_password, max_extensions, phone_networks, cdr_days, country, class_of_service, forward_caller, version, revision FROM tenants`

func scanTenant(row scanner) (*pbx.Tenant, error) {
	t := &pbx.Tenant{}
	return t, row.Scan(&t.Name, &t.Title, &t.Timezone, secretScan{&t.PhonePassword}, &t.MaxExtensions, wordsScan{&t.PhoneNetworks}, &t.CDRDays, &t.Country, &t.ClassOfService, &t.ForwardCaller, &t.Version, &t.Revision)
}

// Tenant returns one tenant, or a NotFound error.
func (tx *Tx) Tenant(ctx context.Context, name string) (*pbx.Tenant, error) {
	t, err := scanTenant(tx.sql.QueryRowContext(ctx, selectTenant+` WHERE name = ?`, name))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, pbx.NotFoundf("tenant %s does not exist", name)
	}
	if err != nil {
		return nil, fmt.Errorf("reading tenant %s: %w", name, err)
	}
	return t, nil
}

// Tenants returns tenants by name. Contains looks at name and title.
func (tx *Tx) Tenants(ctx context.Context, o ListOptions) ([]*pbx.Tenant, error) {
	ts, err := query(ctx, tx, scanTenant, selectTenant+`
		WHERE name > ?1 AND (name LIKE ?2 ESCAPE '\' OR title LIKE ?2 ESCAPE '\')
		ORDER BY name LIMIT ?3`, o.After, o.pattern(), o.limit())
	if err != nil {
		return nil, fmt.Errorf("listing tenants: %w", err)
	}
	return ts, nil
}

// CreateTenant adds a tenant; a Conflict error when its name is taken.
func (tx *Tx) CreateTenant(ctx context.Context, t *pbx.Tenant) error {
	if err := tx.writable(); err != nil {
		return err
	}
	old, err := orNil(tx.Tenant(ctx, t.Name))
	if err != nil {
		return err
	}
	if old != nil {
		return pbx.Conflictf("name", "tenant %s exists already", t.Name)
	}
	return tx.saveTenant(ctx, nil, t)
}

// PutTenant adds a tenant or replaces the one of that name. It sets Version and
// Revision of t, and writes nothing when nothing differs.
func (tx *Tx) PutTenant(ctx context.Context, t *pbx.Tenant) error {
	if err := tx.writable(); err != nil {
		return err
	}
	old, err := orNil(tx.Tenant(ctx, t.Name))
	if err != nil {
		return err
	}
	if old != nil && len(changed(old, t)) == 0 {
		t.Version, t.Revision = old.Version, old.Revision
		return nil
	}
	return tx.saveTenant(ctx, old, t)
}

func (tx *Tx) saveTenant(ctx context.Context, old, t *pbx.Tenant) (err error) {
	if err := tx.needClass(ctx, t.Name, t.ClassOfService); err != nil {
		return err
	}
	if t.Revision, err = tx.newRevision(ctx); err != nil {
		return err
	}
	t.Version = 1
	if old != nil {
		t.Version = old.Version + 1
	}
	err = tx.exec(ctx, `INSERT INTO tenants (name, title, timezone, phone_password, max_extensions, phone_networks, cdr_days, country, class_of_service, forward_caller, version, revision)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, coalesce(nullif(?, ''), 'extension'), ?, ?) ON CONFLICT (name) DO UPDATE SET title = excluded.title, timezone = excluded.timezone,
		phone_password = excluded.phone_password, max_extensions = excluded.max_extensions, phone_networks = excluded.phone_networks, cdr_days = excluded.cdr_days, country = excluded.country, class_of_service = excluded.class_of_service, forward_caller = excluded.forward_caller,
		version = excluded.version, revision = excluded.revision`,
		t.Name, t.Title, t.Timezone, t.PhonePassword.Reveal(), t.MaxExtensions, strings.Join(t.PhoneNetworks, " "), t.CDRDays, t.Country, t.ClassOfService, string(t.ForwardCaller), t.Version, t.Revision)
	if err != nil {
		return fmt.Errorf("writing tenant %s: %w", t.Name, err)
	}
	return record(ctx, tx, kindTenant, t.Name, t.Name, old, t)
}

// DeleteTenant removes a tenant that has nothing left in it; otherwise an InUse
// error names what it has, at most 100 objects. The default tenant always stays.
func (tx *Tx) DeleteTenant(ctx context.Context, name string) error {
	if err := tx.writable(); err != nil {
		return err
	}
	old, err := tx.Tenant(ctx, name)
	if err != nil {
		return err
	}
	if name == pbx.DefaultTenant {
		return &pbx.Error{Kind: pbx.InUse, Message: "tenant default is part of every installation and cannot be deleted"}
	}
	err = tx.unused(ctx, "tenant "+name, `SELECT * FROM (SELECT 'extension', number FROM extensions WHERE tenant = ?1
		UNION ALL SELECT 'device', name FROM devices WHERE tenant = ?1
		UNION ALL SELECT 'phone', mac FROM phones WHERE tenant = ?1
		UNION ALL SELECT 'button-template', model FROM button_templates WHERE tenant = ?1
		UNION ALL SELECT 'external-number', number FROM external_numbers WHERE tenant = ?1
		UNION ALL SELECT 'trunk', name FROM trunks WHERE tenant = ?1
		UNION ALL SELECT 'number', number FROM numbers WHERE tenant = ?1
		UNION ALL SELECT 'class-of-service', name FROM classes_of_service WHERE tenant = ?1
		UNION ALL SELECT 'ring-group', name FROM ring_groups WHERE tenant = ?1
		UNION ALL SELECT 'mailbox', number FROM mailboxes WHERE tenant = ?1
		UNION ALL SELECT 'group', name FROM phone_groups WHERE tenant = ?1
		UNION ALL SELECT 'user', username FROM users WHERE tenant = ?1)`, name)
	if err != nil {
		return err
	}
	if _, err := tx.newRevision(ctx); err != nil {
		return err
	}
	if err := tx.exec(ctx, `DELETE FROM tenants WHERE name = ?`, name); err != nil {
		return fmt.Errorf("deleting tenant %s: %w", name, err)
	}
	return record(ctx, tx, kindTenant, name, name, old, nil)
}

// needTenant returns a NotFound error when there is no such tenant.
func (tx *Tx) needTenant(ctx context.Context, name string) error {
	have, err := tx.has(ctx, `SELECT 1 FROM tenants WHERE name = ?`, name)
	if err != nil {
		return fmt.Errorf("looking for tenant %s: %w", name, err)
	}
	if !have {
		return pbx.NotFoundf("tenant %s does not exist", name)
	}
	return nil
}
