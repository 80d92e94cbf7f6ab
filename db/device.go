package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

var deviceTable = newTable(kindDevice, "devices",
	func(row *pbx.Device) (version, revision *int64) { return &row.Version, &row.Revision },
	keyCol("tenant", func(row *pbx.Device) any { return &row.Tenant }),
	keyCol("name", func(row *pbx.Device) any { return &row.Name }),
	col("extension", func(row *pbx.Device) any { return reference{&row.Extension} }),
	col("endpoint", func(row *pbx.Device) any { return &row.Endpoint }),
	col("secret", func(row *pbx.Device) any { return secret{&row.Secret} }),
	col("qualify_seconds", func(row *pbx.Device) any { return &row.QualifySeconds }),
	col("class", func(row *pbx.Device) any { return &row.Class }),
	col("kind", func(row *pbx.Device) any { return &row.Kind }),
	col("external_number", func(row *pbx.Device) any { return reference{&row.ExternalNumber} }),
	col("dahdi_channel", func(row *pbx.Device) any { return &row.DAHDIChannel }),
	col("ring_seconds", func(row *pbx.Device) any { return &row.RingSeconds }),
	col("ring_order", func(row *pbx.Device) any { return &row.RingOrder }),
	col("confirm", func(row *pbx.Device) any { return &row.Confirm }),
	col("shared", func(row *pbx.Device) any { return &row.Shared }),
	col("location", func(row *pbx.Device) any { return &row.Location }),
)

// Device returns one device, or a NotFound error.
func (tx *Tx) Device(ctx context.Context, tenant, name string) (*pbx.Device, error) {
	return deviceTable.get(ctx, tx, tenant, name)
}

// Devices returns devices of a tenant by name. Contains looks at name, extension
// and endpoint. An unknown tenant is a NotFound error.
func (tx *Tx) Devices(ctx context.Context, tenant string, o ListOptions) ([]*pbx.Device, error) {
	if err := tx.needTenant(ctx, tenant); err != nil {
		return nil, err
	}
	ds, err := deviceTable.rows(ctx, tx, `
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
	if deviceTable.same(old, d) {
		return nil
	}
	return tx.saveDevice(ctx, old, d)
}

func (tx *Tx) saveDevice(ctx context.Context, old, d *pbx.Device) error {
	if err := tx.checkDevice(ctx, old, d); err != nil {
		return err
	}
	return deviceTable.save(ctx, tx, old, d)
}

func (tx *Tx) checkDevice(ctx context.Context, old, d *pbx.Device) error {
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
		case !e.Type.HasDevices() && e.Type != pbx.TypeSIPVirtual:
			return pbx.Refusedf("extension", "extension %s is of type %s and has no devices of its own", e.Number, e.Type)
		case e.Type == pbx.TypeSIPVirtual && d.Shared:
			return pbx.Refusedf("extension", "extension %s is of type %s, which has lines on the phone of device %s alone", e.Number,
				e.Type, e.ParentDevice)
		case !e.Type.Takes(d.Kind):
			return pbx.Refusedf("extension", "extension %s is of type %s, and a device of kind %s belongs to one of type %s",
				e.Number, e.Type, d.Kind, d.Kind)
		}
		if err := checkDesk(e, d); err != nil {
			return err
		}
		if err := tx.deviceMayLead(ctx, e, old, d); err != nil {
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

// checkParent refuses a kind other than SIP for the parent of a sip-virtual extension.
// Other devices cannot be told which number was dialled.
func (tx *Tx) checkParent(ctx context.Context, d *pbx.Device) error {
	if d.Kind.SIP() {
		return nil
	}
	var number string
	err := tx.sql.QueryRowContext(ctx, `SELECT number FROM extensions WHERE tenant = ? AND parent_device = ?`, d.Tenant,
		d.Name).Scan(&number)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("looking for extensions that ring device %s: %w", d.Name, err)
	}
	return pbx.Refusedf("kind", "device %s is rung by the sip-virtual extension %s and must stay of kind sip", d.Name,
		number)
}

// checkExternal refuses an unknown external number. It also refuses to replace a device
// that a phone registers by one that does not register over SIP.
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

// checkEndpoint refuses an endpoint name that another device of any tenant has. Asterisk
// has one name space. Another tenant's objects are not named.
func (tx *Tx) checkEndpoint(ctx context.Context, d *pbx.Device) error {
	var tenant, name string
	err := tx.sql.QueryRowContext(ctx,
		`SELECT tenant, name FROM devices WHERE endpoint = ? AND (tenant <> ? OR name <> ?)`,
		d.Endpoint, d.Tenant, d.Name).Scan(&tenant, &name)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("looking for endpoint %s: %w", d.Endpoint, err)
	}
	owner := "another device"
	if tenant == d.Tenant {
		owner = "device " + name
	}
	if d.Kind == pbx.DeviceDAHDI {
		return pbx.Conflictf("dahdi_channel", "DAHDI channel %d belongs to %s", d.DAHDIChannel, owner)
	}
	return pbx.Conflictf("username", "endpoint %s belongs to %s", d.Endpoint, owner)
}

// DeleteDevice removes a device. An InUse error names the phone that registers it and the
// sip-virtual extensions that ring it.
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
	return deviceTable.remove(ctx, tx, old)
}
