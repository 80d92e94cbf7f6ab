package db

import (
	"context"
	"fmt"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// DevicesOf returns the devices that ring for an extension, by name.
func (tx *Tx) DevicesOf(ctx context.Context, tenant, extension string) ([]*pbx.Device, error) {
	return tx.devicesOf(ctx, "", tenant, extension)
}

// DesksOf returns the shared devices on which the user of an extension is signed in.
func (tx *Tx) DesksOf(ctx context.Context, tenant, extension string) ([]*pbx.Device, error) {
	return tx.devicesOf(ctx, " AND shared = 1", tenant, extension)
}

func (tx *Tx) devicesOf(ctx context.Context, and, tenant, extension string) ([]*pbx.Device, error) {
	ds, err := deviceTable.rows(ctx, tx, `WHERE tenant = ? AND extension = ?`+and+` ORDER BY name`, tenant, extension)
	if err != nil {
		return nil, fmt.Errorf("listing the devices of extension %s: %w", extension, err)
	}
	return ds, nil
}

// checkDesks refuses to forbid the class of a shared device that is in use. The extension's
// user is signed in on it: Asterisk would not know the device any more, and the user could
// not leave it by phone.
func (tx *Tx) checkDesks(ctx context.Context, e *pbx.Extension) error {
	if e.AllowedDevices == nil {
		return nil
	}
	desks, err := tx.DesksOf(ctx, e.Tenant, e.Number)
	if err != nil {
		return err
	}
	for _, d := range desks {
		if d.Kind != pbx.DeviceExternal && !e.Allows(d.Class) {
			return &pbx.Error{Kind: pbx.InUse, Field: "allowed_devices", Message: "allowed_devices allows no device of class " +
				string(d.Class) + ", on which its user is signed in:",
				Refs: []pbx.Ref{{Kind: kindDevice, Key: d.Name}}}
		}
	}
	return nil
}

// checkDesk is checkDesks for a change of the device.
func checkDesk(e *pbx.Extension, d *pbx.Device) error {
	if d.Shared && d.Kind != pbx.DeviceExternal && !e.Allows(d.Class) {
		return pbx.Conflictf("class", "class %s is not allowed by extension %s, whose user is signed in on the device",
			d.Class, e.Number)
	}
	return nil
}

// DevicesOfNumber returns the devices that ring an external number, by name.
func (tx *Tx) DevicesOfNumber(ctx context.Context, tenant, number string) ([]*pbx.Device, error) {
	ds, err := deviceTable.rows(ctx, tx, `WHERE tenant = ? AND external_number = ? ORDER BY name`, tenant, number)
	if err != nil {
		return nil, fmt.Errorf("listing the devices of external number %s: %w", number, err)
	}
	return ds, nil
}

// FreeDesk takes a device from its extension. One that was made for the choice of
// an external number goes, so that another user may choose it.
func (tx *Tx) FreeDesk(ctx context.Context, d *pbx.Device) error {
	if d.Shared && d.Kind == pbx.DeviceExternal {
		return tx.DeleteDevice(ctx, d.Tenant, d.Name)
	}
	d.Extension = ""
	return tx.PutDevice(ctx, d)
}

// FreeDesks returns the shared devices of a tenant on which nobody is signed in.
func (tx *Tx) FreeDesks(ctx context.Context, tenant string) ([]*pbx.Device, error) {
	ds, err := deviceTable.rows(ctx, tx, `WHERE tenant = ? AND shared = 1 AND extension IS NULL ORDER BY name`, tenant)
	if err != nil {
		return nil, fmt.Errorf("listing the free desks of tenant %s: %w", tenant, err)
	}
	return ds, nil
}

// AvailableNumbers returns the external numbers of a tenant that users may choose, and that
// no device rings.
func (tx *Tx) AvailableNumbers(ctx context.Context, tenant string) ([]*pbx.ExternalNumber, error) {
	ns, err := externalTable.rows(ctx, tx, `WHERE tenant = ?1 AND available = 1 AND number NOT IN
		(SELECT external_number FROM devices WHERE tenant = ?1 AND external_number IS NOT NULL AND extension IS NOT NULL)
		ORDER BY number`, tenant)
	if err != nil {
		return nil, fmt.Errorf("listing the available numbers of tenant %s: %w", tenant, err)
	}
	return ns, nil
}
