package db

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

func TestTenantRoundTrip(t *testing.T) {
	db := openDB(t, Options{})
	full := sampleTenant()
	full.ClassOfService = "home"    // see TestNumbersRoundTrip
	full.Music = []string{"closed"} // see TestMusic
	checkEveryFieldSet(t, full)
	fill(t, db)
	want := sampleTenant()
	want.Title = "Acme AG"
	rev := update(t, db, func(ctx context.Context, tx *Tx) error { return tx.PutTenant(ctx, want) })
	if want.Version != 2 || want.Revision != rev {
		t.Errorf("version %d revision %d, want 2 and %d", want.Version, want.Revision, rev)
	}
	view(t, db, func(ctx context.Context, tx *Tx) error {
		got, err := tx.Tenant(ctx, "acme")
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		return err
	})
	update(t, db, func(ctx context.Context, tx *Tx) error { return tx.DeleteTenant(ctx, "acme") })
	view(t, db, func(ctx context.Context, tx *Tx) error {
		if _, err := tx.Tenant(ctx, "acme"); pbx.KindOf(err) != pbx.NotFound {
			t.Errorf("after deletion: %v", err)
		}
		return nil
	})
}

func TestTenantRefusals(t *testing.T) {
	checkRefusals(t, []refusal{
		{name: "create twice", kind: pbx.Conflict, field: "name", message: "tenant acme exists already",
			do: func(ctx context.Context, tx *Tx) error { return tx.CreateTenant(ctx, sampleTenant()) }},
		{name: "delete unknown", kind: pbx.NotFound, message: "tenant nope does not exist",
			do: func(ctx context.Context, tx *Tx) error { return tx.DeleteTenant(ctx, "nope") }},
		{name: "delete default", kind: pbx.InUse, message: "tenant default is part of every installation and cannot be deleted",
			do: func(ctx context.Context, tx *Tx) error { return tx.DeleteTenant(ctx, "default") }},
		{name: "delete in use", kind: pbx.InUse, message: "tenant acme is still used by",
			refs: []pbx.Ref{{Kind: "extension", Key: "7"}, {Kind: "device", Key: "d7"}, {Kind: "phone", Key: "00:15:65:00:00:07"}, {Kind: "mailbox", Key: "7"}},
			do: func(ctx context.Context, tx *Tx) error {
				return all(
					func() error {
						return tx.PutMailbox(ctx, &pbx.Mailbox{Tenant: "acme", Number: "7", Name: "x", PIN: pbx.NewSecret("1234")})
					},
					func() error {
						return tx.PutExtension(ctx, &pbx.Extension{Tenant: "acme", Number: "7", Name: "x", RingSeconds: 5})
					},
					func() error {
						return tx.PutDevice(ctx, &pbx.Device{Tenant: "acme", Name: "d7", Endpoint: "d7", Secret: pbx.NewDeviceSecret()})
					},
					func() error {
						return tx.PutPhone(ctx, &pbx.Phone{Tenant: "acme", MAC: "001565000007", Vendor: "yealink", Model: "T46U", URLSecret: pbx.NewURLSecret()})
					},
					func() error { return tx.DeleteTenant(ctx, "acme") })
			}},
		{name: "list in unknown", kind: pbx.NotFound, message: "tenant nope does not exist",
			do: func(ctx context.Context, tx *Tx) error {
				_, err := tx.Extensions(ctx, "nope", ListOptions{})
				return err
			}},
		{name: "put extension into unknown", kind: pbx.NotFound, message: "tenant nope does not exist",
			do: func(ctx context.Context, tx *Tx) error {
				return tx.PutExtension(ctx, &pbx.Extension{Tenant: "nope", Number: "1", Name: "x", RingSeconds: 5})
			}},
		{name: "put mailbox into unknown", kind: pbx.NotFound, message: "tenant nope does not exist",
			do: func(ctx context.Context, tx *Tx) error {
				return tx.PutMailbox(ctx, &pbx.Mailbox{Tenant: "nope", Number: "1", Name: "x", PIN: pbx.NewSecret("1234")})
			}},
	})
}

func TestTenantList(t *testing.T) {
	db := openDB(t, Options{})
	fill(t, db)
	view(t, db, func(ctx context.Context, tx *Tx) error {
		for contains, want := range map[string][]string{"": {"acme", "default"}, "gmbh": {"acme"}, "fau": {"default"}, "_": nil, "%": nil} {
			ts, err := tx.Tenants(ctx, ListOptions{Contains: contains})
			if err != nil {
				return err
			}
			var got []string
			for _, x := range ts {
				got = append(got, x.Name)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("contains %q: %s", contains, diff)
			}
		}
		return nil
	})
}
