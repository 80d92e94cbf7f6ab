package db

import (
	"context"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

func TestExtensionRoundTrip(t *testing.T) {
	db := openDB(t, Options{})
	checkEveryFieldSet(t, sampleExtension())
	fill(t, db)
	for version, mailbox := range []string{"", "101"} {
		want := sampleExtension()
		want.Name, want.RingSeconds, want.Mailbox = fmt.Sprintf("Version %d", version), 60+version, mailbox
		rev := update(t, db, func(ctx context.Context, tx *Tx) error { return tx.PutExtension(ctx, want) })
		if want.Version != int64(version)+2 || want.Revision != rev {
			t.Errorf("version %d revision %d", want.Version, want.Revision)
		}
		view(t, db, func(ctx context.Context, tx *Tx) error {
			got, err := tx.Extension(ctx, "default", "101")
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
			return err
		})
	}
}

func TestExtensionRefusals(t *testing.T) {
	checkRefusals(t, []refusal{
		{name: "create twice", kind: pbx.Conflict, field: "number", message: "extension 101 exists already in tenant default",
			do: func(ctx context.Context, tx *Tx) error { return tx.CreateExtension(ctx, sampleExtension()) }},
		{name: "read unknown", kind: pbx.NotFound, message: "extension 102 does not exist in tenant default",
			do: func(ctx context.Context, tx *Tx) error { _, err := tx.Extension(ctx, "default", "102"); return err }},
		{name: "read in unknown tenant", kind: pbx.NotFound, message: "tenant nope does not exist",
			do: func(ctx context.Context, tx *Tx) error { _, err := tx.Extension(ctx, "nope", "101"); return err }},
		{name: "delete unknown", kind: pbx.NotFound, message: "extension 102 does not exist in tenant default",
			do: func(ctx context.Context, tx *Tx) error { return tx.DeleteExtension(ctx, "default", "102") }},
		{name: "unknown mailbox", kind: pbx.Invalid, field: "mailbox", message: "mailbox 9 does not exist in tenant default",
			do: func(ctx context.Context, tx *Tx) error {
				e := sampleExtension()
				e.Mailbox = "9"
				return tx.PutExtension(ctx, e)
			}},
		{name: "mailbox of another tenant", kind: pbx.Invalid, field: "mailbox", message: "mailbox 101 does not exist in tenant acme",
			do: func(ctx context.Context, tx *Tx) error {
				e := sampleExtension()
				e.Tenant = "acme"
				return tx.PutExtension(ctx, e)
			}},
		{name: "delete in use", kind: pbx.InUse, message: "extension 101 is still used by", refs: []pbx.Ref{{Kind: "device", Key: "desk-101"}},
			do: func(ctx context.Context, tx *Tx) error { return tx.DeleteExtension(ctx, "default", "101") }},
	})
}

func TestExtensionPages(t *testing.T) {
	db := openDB(t, Options{})
	update(t, db, func(ctx context.Context, tx *Tx) error {
		if err := tx.CreateTenant(ctx, sampleTenant()); err != nil {
			return err
		}
		for i := range 25 {
			for _, tenant := range []string{"default", "acme"} {
				e := &pbx.Extension{Tenant: tenant, Number: fmt.Sprint(100 + i), Name: fmt.Sprintf("Person %c", 'A'+i), RingSeconds: 20}
				if err := tx.CreateExtension(ctx, e); err != nil {
					return err
				}
			}
		}
		return nil
	})
	view(t, db, func(ctx context.Context, tx *Tx) error {
		o, seen := ListOptions{Limit: 10}, []string{}
		for page := 0; ; page++ {
			es, err := tx.Extensions(ctx, "default", o)
			if err != nil {
				return err
			}
			if want := []int{10, 10, 5, 0}[page]; len(es) != want {
				t.Errorf("page %d has %d, want %d", page, len(es), want)
			}
			if len(es) == 0 {
				break
			}
			for _, e := range es {
				seen = append(seen, e.Number)
			}
			o.After = es[len(es)-1].Number
		}
		if len(seen) != 25 || seen[0] != "100" || seen[24] != "124" {
			t.Errorf("saw %v", seen)
		}
		for contains, want := range map[string]int{"12": 6, "person b": 1, "Person": 25, "zzz": 0} {
			if es, err := tx.Extensions(ctx, "default", ListOptions{Contains: contains}); err != nil || len(es) != want {
				t.Errorf("contains %q: %d, %v; want %d", contains, len(es), err, want)
			}
		}
		return nil
	})
}
