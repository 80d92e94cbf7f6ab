package db

import (
	"context"
	"encoding/json"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

var writeAudit = flag.String("audit", "", "write a database with an audit row of every sort to this file, such as testdata/audit-1.sql")

// fillAudit makes audit rows of every kind: of creation, of changes of what is
// named otherwise in Go than in the API, and of deletion.
func fillAudit(t testing.TB, db *DB) {
	t.Helper()
	fill(t, db)
	update(t, db, func(ctx context.Context, tx *Tx) error {
		return all(
			func() error { return tx.PutExternalNumber(ctx, sampleNumber()) },
			func() error { return tx.PutTrunk(ctx, sampleTrunk()) },
			func() error { return tx.PutNumber(ctx, sampleOwnNumber()) },
			func() error { return tx.PutClassOfService(ctx, sampleClass()) },
			func() error { return tx.PutUser(ctx, sampleUser()) },
			func() error { return tx.PutForward(ctx, sampleForward()) },
			func() error { return tx.PutButtonTemplate(ctx, sampleTemplate()) },
			func() error { return tx.PutPhoneSettings(ctx, samplePhoneSettings()) },
			func() error { return tx.PutFeatureCodes(ctx, sampleFeatureCodes()) },
			func() error { return tx.PutRingGroup(ctx, sampleRingGroup()) })
	})
	update(t, db, func(ctx context.Context, tx *Tx) error {
		e, u, g, p, codes, settings := sampleExtension(), sampleUser(), sampleRingGroup(), samplePhone(), sampleFeatureCodes(), samplePhoneSettings()
		e.NoCallWaiting, e.AllowedDevices, e.Groups = false, nil, nil
		u.MustChange, u.Photo, u.DeskPIN, u.Login = false, "", pbx.NewSecret("$other"), false
		g.FollowForwards, g.Destination = false, pbx.Destination{}
		p.URLSecret, p.Buttons = pbx.NewSecret("anotherurlsecret"), append(p.Buttons, pbx.Button{Key: 7, Kind: pbx.NoButton, Line: 1})
		codes.Codes[pbx.FeatureEcho], codes.Codes[pbx.FeatureVoicemail], codes.ParkSeconds = "*44", "*97", 40
		settings.VLAN, settings.VLANPriority, settings.Firmware, settings.Uploads = pbx.KeepVLAN, 0, nil, nil
		return all(
			func() error { return tx.PutExtension(ctx, e) },
			func() error { return tx.PutUser(ctx, u) },
			func() error { return tx.PutRingGroup(ctx, g) },
			func() error { return tx.PutPhone(ctx, p) },
			func() error { return tx.PutFeatureCodes(ctx, codes) },
			func() error { return tx.PutPhoneSettings(ctx, settings) },
			func() error { return tx.PutButtonTemplate(ctx, &pbx.ButtonTemplate{Tenant: "default", Model: "T46U"}) },
			func() error {
				return tx.PutNumber(ctx, &pbx.Number{Tenant: "default", Number: sampleOwnNumber().Number})
			},
			func() error { return tx.DeleteForward(ctx, "default", "101") },
			func() error { return tx.DeletePhone(ctx, "default", p.MAC) })
	})
}

// TestAuditRowsOfOldStayReadable compares audit rows that the version before wrote
// with what is written today for the same changes, but for properties that came later.
func TestAuditRowsOfOldStayReadable(t *testing.T) {
	today := openDB(t, Options{})
	fillAudit(t, today)
	if *writeAudit != "" {
		if err := os.WriteFile(*writeAudit, []byte(dump(t, today)), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(t.TempDir(), "old.db")
	load(t, "testdata/audit-1.sql", path)
	want, got := auditOf(t, today), auditOf(t, openAt(t, path, Options{}))
	if len(want) != len(got) {
		t.Fatalf("%d rows, want %d", len(got), len(want))
	}
	for i, old := range got {
		for _, part := range []string{"before", "after"} {
			was, ok := old[part].(map[string]any)
			if now, also := want[i][part].(map[string]any); ok && also {
				later := func(name string) bool { _, had := was[name]; return !had }
				maps.DeleteFunc(now, func(name string, _ any) bool { return later(name) })
				want[i]["fields"] = slices.DeleteFunc(want[i]["fields"].([]string), later)
			}
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("today's - those of old +\n%s", diff)
	}
}

// auditOf returns the audit rows without what a run differs in.
func auditOf(t testing.TB, db *DB) (out []map[string]any) {
	t.Helper()
	changes, err := db.Changes(t.Context(), ChangeFilter{Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range changes {
		if c.Kind == kindReseller { // those of old had none
			continue
		}
		out = append(out, map[string]any{"what": []string{c.Action, c.Kind, c.Tenant, c.Key}, "fields": c.Fields,
			"before": withoutZeros(t, c.Before), "after": withoutZeros(t, c.After)})
	}
	return out
}

// withoutZeros reads JSON and drops what is "" or 0 inside lists and maps: the API
// leaves that out, and rows of old did not.
func withoutZeros(t testing.TB, text json.RawMessage) any {
	t.Helper()
	if text == nil {
		return nil
	}
	var row map[string]any
	if err := json.Unmarshal(text, &row); err != nil {
		t.Fatal(err)
	}
	drop := func(part any) {
		if inner, ok := part.(map[string]any); ok {
			maps.DeleteFunc(inner, func(_ string, v any) bool { return v == "" || v == 0.0 })
		}
	}
	for _, value := range row {
		switch value := value.(type) {
		case []any:
			for _, part := range value {
				drop(part)
			}
		case map[string]any:
			for _, part := range value {
				drop(part)
			}
		}
	}
	return row
}
