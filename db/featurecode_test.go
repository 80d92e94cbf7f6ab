package db

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

func sampleFeatureCodes() *pbx.FeatureCodes {
	c := pbx.DefaultFeatureCodes("default")
	c.Codes[pbx.FeatureVoicemail], c.Codes[pbx.FeatureIntercom] = "*86", ""
	c.ParkSlots, c.ParkSeconds, c.Version = "71-79", 30, 1
	return c
}

func TestFeatureCodesRoundTrip(t *testing.T) {
	db := openDB(t, Options{})
	fill(t, db)
	ignored := cmpopts.IgnoreFields(pbx.FeatureCodes{}, "Version", "Revision")
	view(t, db, func(ctx context.Context, tx *Tx) error {
		got, err := tx.FeatureCodes(ctx, "default")
		if diff := cmp.Diff(pbx.DefaultFeatureCodes("default"), got, ignored); diff != "" || got.Revision == 0 {
			t.Error(diff)
		}
		return err
	})
	want := sampleFeatureCodes()
	rev := update(t, db, func(ctx context.Context, tx *Tx) error { return tx.PutFeatureCodes(ctx, want) })
	if again := update(t, db, func(ctx context.Context, tx *Tx) error { return tx.PutFeatureCodes(ctx, sampleFeatureCodes()) }); again != rev || want.Revision != rev {
		t.Errorf("revisions %d, %d, %d", rev, again, want.Revision)
	}
	s, err := db.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, s.CodesOf("default")); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(pbx.DefaultFeatureCodes("acme"), s.CodesOf("acme"), ignored); diff != "" {
		t.Error(diff)
	}
}

// Codes and numbers keep out of each other's way, whichever comes first.
func TestFeatureCodeRefusals(t *testing.T) {
	codes := func(change func(*pbx.FeatureCodes)) *pbx.FeatureCodes {
		c := pbx.DefaultFeatureCodes("default")
		change(c)
		return c
	}
	numbered := func(n string) *pbx.Extension {
		e := sampleExtension()
		e.Number, e.Mailbox, e.Groups = n, "", nil
		return e
	}
	checkRefusals(t, []refusal{
		{name: "code of an extension", kind: pbx.Invalid, field: "voicemail", message: "101 stands in the way of extension 101",
			do: func(ctx context.Context, tx *Tx) error {
				return tx.PutFeatureCodes(ctx, codes(func(c *pbx.FeatureCodes) { c.Codes[pbx.FeatureVoicemail] = "101" }))
			}},
		{name: "code before extensions", kind: pbx.Invalid, field: "intercom", message: "1 stands in the way of extension 101",
			do: func(ctx context.Context, tx *Tx) error {
				return tx.PutFeatureCodes(ctx, codes(func(c *pbx.FeatureCodes) { c.Codes[pbx.FeatureIntercom] = "1" }))
			}},
		{name: "slot of an extension", kind: pbx.Invalid, field: "park_slots", message: "100-109 has the number of extension 101",
			do: func(ctx context.Context, tx *Tx) error {
				return tx.PutFeatureCodes(ctx, codes(func(c *pbx.FeatureCodes) { c.ParkSlots = "100-109" }))
			}},
		{name: "extension at a slot", kind: pbx.Invalid, field: "number", message: `"705" is a place for parked calls: feature-codes have park_slots 701-720`,
			do: func(ctx context.Context, tx *Tx) error { return tx.PutExtension(ctx, numbered("705")) }},
		{name: "renumbered to a slot", kind: pbx.Invalid, field: "number", message: `"720" is a place for parked calls: feature-codes have park_slots 701-720`,
			do: func(ctx context.Context, tx *Tx) error {
				_, err := tx.RenumberExtension(ctx, "default", "101", "720")
				return err
			}},
		{name: "extension at a code", kind: pbx.Invalid, field: "number", message: `"43" is dialled for a feature: feature-codes have 43 as echo_test`,
			do: func(ctx context.Context, tx *Tx) error {
				return all(func() error {
					return tx.PutFeatureCodes(ctx, codes(func(c *pbx.FeatureCodes) { c.Codes[pbx.FeatureEcho] = "43" }))
				}, func() error { return tx.PutExtension(ctx, numbered("43")) })
			}},
		{name: "unknown tenant", kind: pbx.NotFound, message: "tenant nope does not exist",
			do: func(ctx context.Context, tx *Tx) error {
				return tx.PutFeatureCodes(ctx, pbx.DefaultFeatureCodes("nope"))
			}},
	})
}
