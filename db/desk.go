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
	ds, err := query(ctx, tx, scanDevice, selectDevice+` WHERE tenant = ? AND extension = ?`+and+` ORDER BY name`, tenant, extension)
	if err != nil {
		return nil, fmt.Errorf("listing the devices of extension %s: %w", extension, err)
	}
	return ds, nil
}
