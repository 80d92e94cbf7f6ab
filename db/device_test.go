package db

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

func TestDeviceRoundTrip(t *testing.T) {
	db := openDB(t, Options{})
	all := sampleExternal()
	all.Shared, all.DAHDIChannel, all.Location = true, 7, "Hall" // which no external device is or has
	checkEveryFieldSet(t, all)
	fill(t, db)
	want := &pbx.Device{Tenant: "default", Name: "desk-101", Endpoint: "dother", Secret: pbx.NewSecret("anothersecret12345")}
	rev := update(t, db, func(ctx context.Context, tx *Tx) error { return tx.PutDevice(ctx, want) })
	if want.Version != 2 || want.Revision != rev {
		t.Errorf("version %d revision %d", want.Version, want.Revision)
	}
	view(t, db, func(ctx context.Context, tx *Tx) error {
		got, err := tx.Device(ctx, "default", "desk-101")
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		for contains, n := range map[string]int{"DESK": 1, "dother": 1, "101": 1, "x": 0} {
			if ds, err := tx.Devices(ctx, "default", ListOptions{Contains: contains}); err != nil || len(ds) != n {
				t.Errorf("contains %q: %d, %v", contains, len(ds), err)
			}
		}
		return err
	})
}

// device is the sample with one change.
func device(change func(*pbx.Device)) *pbx.Device {
	d := sampleDevice()
	change(d)
	return d
}

func TestDeviceRefusals(t *testing.T) {
	checkRefusals(t, []refusal{
		{name: "create twice", kind: pbx.Conflict, field: "name", message: "device desk-101 exists already in tenant default",
			do: func(ctx context.Context, tx *Tx) error { return tx.CreateDevice(ctx, sampleDevice()) }},
		{name: "read unknown", kind: pbx.NotFound, message: "device x does not exist in tenant default",
			do: func(ctx context.Context, tx *Tx) error { _, err := tx.Device(ctx, "default", "x"); return err }},
		{name: "delete unknown", kind: pbx.NotFound, message: "device x does not exist in tenant default",
			do: func(ctx context.Context, tx *Tx) error { return tx.DeleteDevice(ctx, "default", "x") }},
		{name: "unknown tenant", kind: pbx.NotFound, message: "tenant nope does not exist",
			do: func(ctx context.Context, tx *Tx) error {
				return tx.PutDevice(ctx, device(func(d *pbx.Device) { d.Tenant = "nope" }))
			}},
		{name: "unknown extension", kind: pbx.Invalid, field: "extension", message: "extension 999 does not exist in tenant default",
			do: func(ctx context.Context, tx *Tx) error {
				return tx.PutDevice(ctx, device(func(d *pbx.Device) { d.Extension = "999" }))
			}},
		{name: "endpoint taken", kind: pbx.Conflict, field: "username", message: "endpoint dabcdefgh belongs to device desk-101",
			do: func(ctx context.Context, tx *Tx) error {
				return tx.PutDevice(ctx, device(func(d *pbx.Device) { d.Name = "desk-102" }))
			}},
		{name: "endpoint taken elsewhere", kind: pbx.Conflict, field: "username", message: "endpoint dabcdefgh belongs to another device",
			do: func(ctx context.Context, tx *Tx) error {
				return tx.PutDevice(ctx, device(func(d *pbx.Device) { d.Tenant, d.Extension = "acme", "" }))
			}},
		{name: "delete in use", kind: pbx.InUse, message: "device desk-101 is still used by", refs: []pbx.Ref{{Kind: "phone", Key: "00:15:65:aa:bb:cc"}},
			do: func(ctx context.Context, tx *Tx) error { return tx.DeleteDevice(ctx, "default", "desk-101") }},
	})
}
