package db

import (
	"context"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

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

// A tenant that has given a code to something of its own before *55 meant monitoring
// keeps it, and the others get the new code.
func TestOldCodesKeepTheNewOnesOff(t *testing.T) {
	files, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		t.Fatal(err)
	}
	dir := fstest.MapFS{}
	for _, name := range files {
		if strings.HasSuffix(name, "_ondemand.sql") { // it knows the new codes
			break
		}
		text, err := migrations.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		dir[filepath.Base(name)] = &fstest.MapFile{Data: text}
	}
	db := &DB{path: filepath.Join(t.TempDir(), "old.db")}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := all(func() error { return db.connect(Options{}) }, func() error { return db.migrateBy(t.Context(), dir) }); err != nil {
		t.Fatal(err)
	}
	for tenant, codes := range map[string]string{"same": `{"echo_test":"*55"}`, "longer": `{"echo_test":"*551"}`, "shorter": `{"intercom":"*5"}`, "off": `{"intercom":""}`, "other": `{"echo_test":"*5"}`, "unlike": `{"echo_test":"*45"}`} {
		_, err := db.writer.Exec(`INSERT INTO tenants (name, title, timezone, phone_password, version, revision) VALUES (?, '', 'UTC', 'abcdefgh12', 1, 1)`, tenant)
		if err == nil {
			_, err = db.writer.Exec(`INSERT INTO feature_codes (tenant, codes, park_slots, park_seconds, version, revision) VALUES (?, ?, '', 60, 1, 1)`, tenant, codes)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := db.migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	for tenant, want := range map[string]string{"same": "", "longer": "", "shorter": "", "off": "*55", "other": "", "unlike": "*55"} {
		view(t, db, func(ctx context.Context, tx *Tx) error {
			c, err := tx.FeatureCodes(ctx, tenant)
			if err == nil && c.Codes[pbx.FeatureMonitor] != want {
				t.Errorf("tenant %s monitors by %q, want %q", tenant, c.Codes[pbx.FeatureMonitor], want)
			}
			if err := c.Validate(); err != nil && tenant != "other" { // its *5 begins *50 as well
				t.Errorf("tenant %s: %v", tenant, err)
			}
			return err
		})
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
		{name: "code of an extension", kind: pbx.Invalid, field: "voicemail", message: "voicemail 101 stands in the way of extension 101",
			do: func(ctx context.Context, tx *Tx) error {
				return tx.PutFeatureCodes(ctx, codes(func(c *pbx.FeatureCodes) { c.Codes[pbx.FeatureVoicemail] = "101" }))
			}},
		{name: "code before extensions", kind: pbx.Invalid, field: "intercom", message: "intercom 1 stands in the way of extension 101",
			do: func(ctx context.Context, tx *Tx) error {
				return tx.PutFeatureCodes(ctx, codes(func(c *pbx.FeatureCodes) { c.Codes[pbx.FeatureIntercom] = "1" }))
			}},
		{name: "slot of an extension", kind: pbx.Invalid, field: "park_slots", message: "park_slots 100-109 has the number of extension 101",
			do: func(ctx context.Context, tx *Tx) error {
				return tx.PutFeatureCodes(ctx, codes(func(c *pbx.FeatureCodes) { c.ParkSlots = "100-109" }))
			}},
		{name: "extension at a slot", kind: pbx.Invalid, field: "number", message: `number "705" is a place for parked calls: feature-codes have park_slots 701-720`,
			do: func(ctx context.Context, tx *Tx) error { return tx.PutExtension(ctx, numbered("705")) }},
		{name: "renumbered to a slot", kind: pbx.Invalid, field: "number", message: `number "720" is a place for parked calls: feature-codes have park_slots 701-720`,
			do: func(ctx context.Context, tx *Tx) error {
				_, err := tx.RenumberExtension(ctx, "default", "101", "720")
				return err
			}},
		{name: "extension at a code", kind: pbx.Invalid, field: "number", message: `number "43" is dialled for a feature: feature-codes have 43 as echo_test`,
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
