package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

const selectDevice = `SELECT tenant, name, coalesce(extension, ''), endpoint, secret, qualify_seconds, class,
	kind, coalesce(external_number, ''), dahdi_channel, ring_seconds, ring_order, confirm, shared, version, revision FROM devices`

func scanDevice(row scanner) (*pbx.Device, error) {
	d := &pbx.Device{}
	return d, row.Scan(&d.Tenant, &d.Name, &d.Extension, &d.Endpoint, secretScan{&d.Secret}, &d.QualifySeconds, &d.Class,
		&d.Kind, &d.ExternalNumber, &d.DAHDIChannel, &d.RingSeconds, &d.RingOrder, &d.Confirm, &d.Shared, &d.Version, &d.Revision)
}

// Device returns one device, or a NotFound error.
func (tx *Tx) Device(ctx context.Context, tenant, name string) (*pbx.Device, error) {
	d, err := scanDevice(tx.sql.QueryRowContext(ctx, selectDevice+` WHERE tenant = ? AND name = ?`, tenant, name))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, tx.notIn(ctx, tenant, kindDevice, name)
	}
	if err != nil {
		return nil, fmt.Errorf("reading device %s: %w", name, err)
	}
	return d, nil
}

// Devices returns devices of a tenant by name. Contains looks at name, extension
// and endpoint. An unknown tenant is a NotFound error.
func (tx *Tx) Devices(ctx context.Context, tenant string, o ListOptions) ([]*pbx.Device, error) {
	if err := tx.needTenant(ctx, tenant); err != nil {
		return nil, err
	}
	ds, err := query(ctx, tx, scanDevice, selectDevice+`
		WHERE tenant = ?1 AND name > ?2
		AND (name LIKE ?3 ESCAPE '\' OR extension LIKE ?3 ESCAPE '\' OR endpoint LIKE ?3 ESCAPE '\')
		ORDER BY name LIMIT ?4`, tenant, o.After, o.pattern(), o.limit())
	if err != nil {
		return nil, fmt.Errorf("listing devices: %w", err)
	}
	return ds, nil
}

// CreateDevice adds a device; a Conflict error when its name is taken.
func (tx *Tx) CreateDevice(ctx context.Context, d *pbx.Device) error {
	if err := tx.writable(); err != nil {
		return err
	}
	old, err := orNil(tx.Device(ctx, d.Tenant, d.Name))
	if err != nil {
		return err
	}
	if old != nil {
		return existsAlready("name", d.Tenant, kindDevice, d.Name)
	}
	return tx.saveDevice(ctx, nil, d)
}

// PutDevice adds a device or replaces the one of that name. It sets Version and
// Revision of d, and writes nothing when nothing differs. An unknown extension is
// an Invalid error, an endpoint of another device a Conflict.
func (tx *Tx) PutDevice(ctx context.Context, d *pbx.Device) error {
	if err := tx.writable(); err != nil {
		return err
	}
	old, err := orNil(tx.Device(ctx, d.Tenant, d.Name))
	if err != nil {
		return err
	}
	if old != nil && len(changed(old, d)) == 0 {
		d.Version, d.Revision = old.Version, old.Revision
		return nil
	}
	return tx.saveDevice(ctx, old, d)
}

func (tx *Tx) saveDevice(ctx context.Context, old, d *pbx.Device) (err error) {
	if err := tx.checkDevice(ctx, d); err != nil {
		return err
	}
	if d.Revision, err = tx.newRevision(ctx); err != nil {
		return err
	}
	d.Version = 1
	if old != nil {
		d.Version = old.Version + 1
	}
	err = tx.exec(ctx, `INSERT INTO devices (tenant, name, extension, endpoint, secret, qualify_seconds, class,
		kind, external_number, dahdi_channel, ring_seconds, ring_order, confirm, shared, version, revision)
		VALUES (?, ?, nullif(?, ''), ?, ?, ?, ?, ?, nullif(?, ''), ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (tenant, name) DO UPDATE SET extension = excluded.extension,
		endpoint = excluded.endpoint, secret = excluded.secret, qualify_seconds = excluded.qualify_seconds, class = excluded.class,
		kind = excluded.kind, external_number = excluded.external_number, dahdi_channel = excluded.dahdi_channel, ring_seconds = excluded.ring_seconds,
		ring_order = excluded.ring_order, confirm = excluded.confirm, shared = excluded.shared,
		version = excluded.version, revision = excluded.revision`,
		d.Tenant, d.Name, d.Extension, d.Endpoint, d.Secret.Reveal(), d.QualifySeconds, d.Class,
		string(d.Kind), d.ExternalNumber, d.DAHDIChannel, d.RingSeconds, d.RingOrder, d.Confirm, d.Shared, d.Version, d.Revision)
	if err != nil {
		return fmt.Errorf("writing device %s: %w", d.Name, err)
	}
	return record(ctx, tx, kindDevice, d.Tenant, d.Name, old, d)
}

func (tx *Tx) checkDevice(ctx context.Context, d *pbx.Device) error {
	if err := tx.needTenant(ctx, d.Tenant); err != nil {
		return err
	}
	if d.Extension != "" {
		e, err := orNil(tx.Extension(ctx, d.Tenant, d.Extension))
		switch {
		case err != nil:
			return err
		case e == nil:
			return pbx.Refusedf("extension", "extension %s does not exist in tenant %s", d.Extension, d.Tenant)
		case !e.Type.HasDevices():
			return pbx.Refusedf("extension", "extension %s is of type %s and has no devices of its own", e.Number, e.Type)
		case !e.Type.Takes(d.Kind):
			return pbx.Refusedf("extension", "extension %s is of type %s, and a device of kind %s belongs to one of type %s", e.Number, e.Type, d.Kind, d.Kind)
		}
		if err := checkDesk(e, d); err != nil {
			return err
		}
	}
	if err := tx.checkParent(ctx, d); err != nil {
		return err
	}
	if err := tx.checkExternal(ctx, d); err != nil {
		return err
	}
	return tx.checkEndpoint(ctx, d)
}

// checkParent refuses that a device which sip-virtual extensions ring is no SIP
// account: others cannot be told which number was dialled.
func (tx *Tx) checkParent(ctx context.Context, d *pbx.Device) error {
	if d.Kind.SIP() {
		return nil
	}
	var number string
	err := tx.sql.QueryRowContext(ctx, `SELECT number FROM extensions WHERE tenant = ? AND parent_device = ?`, d.Tenant, d.Name).Scan(&number)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("looking for extensions that ring device %s: %w", d.Name, err)
	}
	return pbx.Refusedf("kind", "device %s is rung by the sip-virtual extension %s and must stay of kind sip", d.Name, number)
}

// checkExternal refuses an unknown external number, and a device that does not
// register over SIP in the place of one that a phone registers.
func (tx *Tx) checkExternal(ctx context.Context, d *pbx.Device) error {
	if d.Kind.SIP() {
		return nil
	}
	if d.Kind == pbx.DeviceExternal {
		if err := tx.needExternalNumber(ctx, "external_number", d.Tenant, d.ExternalNumber); err != nil {
			return err
		}
	}
	mac, err := tx.lineOf(ctx, &pbx.Phone{Tenant: d.Tenant}, d.Name)
	if err != nil {
		return err
	}
	if mac != "" {
		return pbx.Refusedf("kind", "device %s is %s, and a device of kind %s is on no phone", d.Name, mac, d.Kind)
	}
	return nil
}

// checkEndpoint refuses an endpoint name that another device of any tenant has;
// Asterisk has one name space. Another tenant's objects are not named.
func (tx *Tx) checkEndpoint(ctx context.Context, d *pbx.Device) error {
	var tenant, name string
	err := tx.sql.QueryRowContext(ctx, `SELECT tenant, name FROM devices WHERE endpoint = ? AND (tenant <> ? OR name <> ?)`,
		d.Endpoint, d.Tenant, d.Name).Scan(&tenant, &name)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("looking for endpoint %s: %w", d.Endpoint, err)
	}
	owner := "a device of another tenant"
	if tenant == d.Tenant {
		owner = "device " + name
	}
	if d.Kind == pbx.DeviceDAHDI {
		return pbx.Conflictf("dahdi_channel", "DAHDI channel %d belongs to %s", d.DAHDIChannel, owner)
	}
	return pbx.Conflictf("username", "endpoint %s belongs to %s", d.Endpoint, owner)
}

// DeleteDevice removes a device; an InUse error names the phone that registers it
// and the sip-virtual extensions that ring it.
func (tx *Tx) DeleteDevice(ctx context.Context, tenant, name string) error {
	if err := tx.writable(); err != nil {
		return err
	}
	old, err := tx.Device(ctx, tenant, name)
	if err != nil {
		return err
	}
	err = tx.unused(ctx, "device "+name, `SELECT * FROM (SELECT 'phone', mac FROM phone_lines WHERE tenant = ?1 AND device = ?2
		UNION ALL SELECT 'extension', number FROM extensions WHERE tenant = ?1 AND parent_device = ?2)`, tenant, name)
	if err != nil {
		return err
	}
	if _, err := tx.newRevision(ctx); err != nil {
		return err
	}
	if err := tx.exec(ctx, `DELETE FROM devices WHERE tenant = ? AND name = ?`, tenant, name); err != nil {
		return fmt.Errorf("deleting device %s: %w", name, err)
	}
	return record(ctx, tx, kindDevice, tenant, name, old, nil)
}
