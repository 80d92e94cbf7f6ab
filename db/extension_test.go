package db

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

func TestExtensionRoundTrip(t *testing.T) {
	db := openDB(t, Options{})
	full := sampleTwinned()
	full.ParentDevice = "desk-101" // of other types; see TestTypes
	out := sampleOutward()
	full.PresentationNumber, full.ClassOfService, full.Country = out.PresentationNumber, out.ClassOfService, out.Country
	full.Music = []string{"closed"} // see TestMusic
	checkEveryFieldSet(t, full)
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
		{name: "delete in use", kind: pbx.InUse, message: "extension 101 is still used by", refs: []pbx.Ref{{Kind: "device", Key: "desk-101"}, {Kind: "button", Key: "001565aabbcc/m1-2"}, {Kind: "mailbox", Key: "101"}},
			do: func(ctx context.Context, tx *Tx) error { return tx.DeleteExtension(ctx, "default", "101") }},
	})
}

func TestExtensionPages(t *testing.T) {
	db := openDB(t, Options{})
	update(t, db, func(ctx context.Context, tx *Tx) error {
		if err := tx.CreateTenant(ctx, loneTenant()); err != nil {
			return err
		}
		for i := range 25 {
			for _, tenant := range []string{"default", "acme"} {
				e := &pbx.Extension{Tenant: tenant, Number: fmt.Sprint(200 + i), Name: fmt.Sprintf("Person %c", 'A'+i), RingSeconds: 20}
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
		if len(seen) != 25 || seen[0] != "200" || seen[24] != "224" {
			t.Errorf("saw %v", seen)
		}
		for contains, want := range map[string]int{"22": 5, "person b": 1, "Person": 25, "zzz": 0} {
			if es, err := tx.Extensions(ctx, "default", ListOptions{Contains: contains}); err != nil || len(es) != want {
				t.Errorf("contains %q: %d, %v; want %d", contains, len(es), err, want)
			}
		}
		return nil
	})
}

// TestTypes: a sip-virtual extension keeps its parent device, which then cannot
// be deleted, and takes a line of its own but no desk.
func TestTypes(t *testing.T) {
	db := openDB(t, Options{})
	fill(t, db)
	want := &pbx.Extension{Tenant: "default", Number: "102", Name: "Second", RingSeconds: 20, Type: pbx.TypeSIPVirtual, ParentDevice: "desk-101"}
	update(t, db, func(ctx context.Context, tx *Tx) error { return tx.PutExtension(ctx, want) })
	s, err := db.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, s.Extension("default", "102")); diff != "" {
		t.Error(diff)
	}
	if got := s.RungBy(want); len(got) != 1 || got[0].Name != "desk-101" {
		t.Errorf("102 is rung by %v", got)
	}
	refusals := map[string]func(context.Context, *Tx) error{
		"device desk-101 is still used by phone 00:15:65:aa:bb:cc, extension 102": func(ctx context.Context, tx *Tx) error {
			return tx.DeleteDevice(ctx, "default", "desk-101")
		},
		"anonymous: extension 102 of type sip-virtual has no device of its own, without which this has no effect": func(ctx context.Context, tx *Tx) error {
			e := *want
			e.Anonymous = true
			return tx.PutExtension(ctx, &e)
		},
		"extension: extension 102 is of type sip-virtual, which has lines on the phone of device desk-101 alone": func(ctx context.Context, tx *Tx) error {
			d := sampleDevice()
			d.Shared = true
			d.Name, d.Endpoint, d.Extension = "second", "dsecond", "102"
			return tx.PutDevice(ctx, d)
		},
		"type: extension 101 still has devices, and one of type virtual has none of its own": func(ctx context.Context, tx *Tx) error {
			e := sampleExtension()
			e.Type = pbx.TypeVirtual
			return tx.PutExtension(ctx, e)
		},
		"parent_device: device desk-101 does not exist in tenant acme": func(ctx context.Context, tx *Tx) error {
			e := *want
			e.Tenant = "acme"
			return tx.PutExtension(ctx, &e)
		},
	}
	for message, do := range refusals {
		_, err := db.Update(t.Context(), tester, func(tx *Tx) error { return do(t.Context(), tx) })
		var e *pbx.Error
		if !errors.As(err, &e) || strings.TrimPrefix(e.Field+": "+e.Sentence(), ": ") != message {
			t.Errorf("got %v, want %s", err, message)
		}
	}
}
