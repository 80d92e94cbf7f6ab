package db

import (
	"context"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// fillWatchers makes extension 102, and buttons that watch 101 and ones that do
// not on a phone, in a template, and on a phone and in a template of another tenant
// with the same number.
func fillWatchers(t *testing.T, db *DB) {
	t.Helper()
	fill(t, db)
	others := []pbx.Button{{Key: 7, Kind: pbx.BLFButton, Value: "102", Line: 1}, {Key: 8, Kind: pbx.SpeedDialButton, Value: "101", Line: 1}}
	p, tmpl := samplePhone(), sampleTemplate()
	p.Buttons, tmpl.Buttons = append(p.Buttons, others...), append(tmpl.Buttons, others...)
	update(t, db, func(ctx context.Context, tx *Tx) error {
		return all(
			func() error {
				return tx.PutExtension(ctx, &pbx.Extension{Tenant: "default", Number: "102", Name: "Bob", RingSeconds: 20})
			},
			func() error {
				return tx.PutExtension(ctx, &pbx.Extension{Tenant: "acme", Number: "101", Name: "Eve", RingSeconds: 20})
			},
			func() error { return tx.PutPhone(ctx, p) },
			func() error { return tx.PutButtonTemplate(ctx, tmpl) },
			func() error {
				return tx.PutPhone(ctx, &pbx.Phone{Tenant: "acme", MAC: "001565aabbdd", Vendor: pbx.Yealink, Model: "T46U", URLSecret: pbx.NewSecret("urlsecret7654321"), Buttons: []pbx.Button{sampleButton()}})
			},
			func() error {
				return tx.PutButtonTemplate(ctx, &pbx.ButtonTemplate{Tenant: "acme", Model: "T46U", Buttons: []pbx.Button{sampleButton()}})
			})
	})
}

// checkWatchers compares what buttons call and watch, in the order of their places,
// and that phone and template are of revisions since before, those of the other
// tenant not; and that the audit tells both.
func checkWatchers(t *testing.T, db *DB, before int64, want []string) {
	t.Helper()
	s, err := db.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	values := func(bs []pbx.Button) (out []string) {
		for _, b := range bs {
			out = append(out, b.Value)
		}
		return out
	}
	mine, foreign := s.Phone("001565aabbcc"), s.Phone("001565aabbdd")
	for what, got := range map[string][]string{"phone": values(mine.Buttons), "template": values(s.ButtonsOf("default", "T46U"))} {
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", what, diff)
		}
	}
	if got := append(values(foreign.Buttons), values(s.ButtonsOf("acme", "T46U"))...); !slices.Equal(got, []string{"101", "101"}) || foreign.Revision > before {
		t.Errorf("another tenant's buttons: %v, revision %d", got, foreign.Revision)
	}
	i := slices.IndexFunc(s.ButtonTemplates, func(b *pbx.ButtonTemplate) bool { return b.Tenant == "default" })
	if mine.Revision <= before || s.ButtonTemplates[i].Revision <= before {
		t.Errorf("phone of revision %d, template of %d: the change was %d", mine.Revision, s.ButtonTemplates[i].Revision, before+1)
	}
	for _, kind := range []string{kindPhone, kindButtons} {
		cs, err := db.Changes(t.Context(), ChangeFilter{Kind: kind, Limit: 1})
		if err != nil || len(cs) != 1 || cs[0].Revision <= before || !slices.Equal(cs[0].Fields, []string{"buttons"}) {
			t.Errorf("the audit of the %s says %+v, %v", kind, cs, err)
		}
	}
}

// Who watches a number is told of its new one by a revision, though a cascade has
// written it already.
func TestRenumberCarriesButtons(t *testing.T) {
	db := openDB(t, Options{})
	fillWatchers(t, db)
	before, err := db.Revision(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	update(t, db, func(ctx context.Context, tx *Tx) error {
		_, err := tx.RenumberExtension(ctx, "default", "101", "777")
		return err
	})
	checkWatchers(t, db, before, []string{"102", "101", "777"})
}

// What watches an extension would keep it from being deleted, even with everything
// that refers to it.
func TestReleaseRemovesButtons(t *testing.T) {
	db := openDB(t, Options{})
	fillWatchers(t, db)
	before, err := db.Revision(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	update(t, db, func(ctx context.Context, tx *Tx) error {
		return all(func() error { return tx.ReleaseExtension(ctx, "default", "101") },
			func() error { return tx.DeleteExtension(ctx, "default", "101") })
	})
	checkWatchers(t, db, before, []string{"102", "101"})
}

// A phone that loses a line loses the buttons that use it: with them it could not
// be written again.
func TestReleaseDeviceRemovesItsButtons(t *testing.T) {
	db := openDB(t, Options{})
	fillWatchers(t, db)
	update(t, db, func(ctx context.Context, tx *Tx) error {
		return all(func() error { return tx.ReleaseDevice(ctx, "default", "desk-101") },
			func() error { return tx.DeleteDevice(ctx, "default", "desk-101") })
	})
	s, err := db.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got := s.Phone("001565aabbcc"); len(got.Lines) != 0 || !slices.Equal(got.Buttons, []pbx.Button{sampleButton()}) {
		t.Errorf("%+v", got)
	}
}
