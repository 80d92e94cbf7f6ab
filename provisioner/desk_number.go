package provisioner

import (
	"context"
	"strings"

	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// ChooseNumber makes an available external number a user's device until the user
// leaves it, and frees the desk that the user was at. The device is a row like
// any other, so that it survives a restart; it goes when the user leaves.
func (c *Controller) ChooseNumber(ctx context.Context, by pbx.Author, tenant, username,
	number string) (*pbx.User, *pbx.Device, int64, error) {
	var (
		u *pbx.User
		d *pbx.Device
	)
	revision, err := c.db.Update(ctx, by, func(tx *db.Tx) (err error) {
		if u, err = tx.User(ctx, tenant, username); err != nil {
			return err
		}
		d, err = takeNumber(ctx, tx, u, number)
		return err
	})
	if err == nil {
		c.Apply.Nudge()
	}
	return u, d, revision, err
}

// takeNumber makes the device for a number that nobody else has.
func takeNumber(ctx context.Context, tx *db.Tx, u *pbx.User, number string) (*pbx.Device, error) {
	if err := maySignIn(u); err != nil {
		return nil, err
	}
	conflict := func(why string) error {
		return pbx.Conflictf("external_number", "external number %s %s", number, why)
	}
	n, err := tx.ExternalNumber(ctx, u.Tenant, number)
	if pbx.KindOf(err) == pbx.NotFound {
		return nil, pbx.Refusedf("external_number", "external number %s does not exist in tenant %s", number, u.Tenant)
	}
	if err != nil {
		return nil, err
	}
	if !n.Available {
		return nil, conflict("is not available: it rings by assignment only")
	}
	devices, err := tx.DevicesOfNumber(ctx, u.Tenant, number)
	if err != nil {
		return nil, err
	}
	for _, d := range devices {
		switch {
		case d.Shared && d.Extension == u.Extension:
			return d, nil
		case d.Extension != "":
			return nil, conflict("rings for extension " + d.Extension + " already")
		}
	}
	if err := leaveDesks(ctx, tx, u.Tenant, u.Extension, ""); err != nil {
		return nil, err
	}
	d := &pbx.Device{Tenant: u.Tenant, Name: "external-" + strings.TrimPrefix(number, "+"), Kind: pbx.DeviceExternal,
		Extension: u.Extension, ExternalNumber: number,
		RingOrder: pbx.DefaultRingOrder, Confirm: true, Shared: true, Class: pbx.Hardware, Endpoint: pbx.NewEndpointName(),
		Secret: pbx.NewDeviceSecret(), QualifySeconds: pbx.DefaultQualifySeconds}
	return d, tx.CreateDevice(ctx, d)
}
