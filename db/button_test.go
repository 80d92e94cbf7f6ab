package db

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

func TestButtonTemplateRoundTrip(t *testing.T) {
	db := openDB(t, Options{})
	checkEveryFieldSet(t, sampleTemplate())
	fill(t, db)
	want := sampleTemplate()
	want.Buttons = []pbx.Button{{Key: 9, Kind: pbx.SpeedDialButton, Value: "110", Line: 1}, sampleButton(), {Key: 1, Kind: pbx.NoButton, Line: 1}}
	rev := update(t, db, func(ctx context.Context, tx *Tx) error { return tx.PutButtonTemplate(ctx, want) })
	if want.Version != 1 || want.Revision != rev || want.Buttons[0].Key != 1 || want.Buttons[2].Module != 1 {
		t.Errorf("%+v", want)
	}
	if again := update(t, db, func(ctx context.Context, tx *Tx) error { return tx.PutButtonTemplate(ctx, want) }); again != rev {
		t.Errorf("the same again makes revision %d", again)
	}
	view(t, db, func(ctx context.Context, tx *Tx) error {
		got, err := tx.ButtonTemplate(ctx, "default", "T46U")
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		for contains, n := range map[string]int{"t46": 1, "110": 1, "ada": 1, "zz": 0} {
			if list, err := tx.ButtonTemplates(ctx, "default", ListOptions{Contains: contains}); err != nil || len(list) != n {
				t.Errorf("%q: %d %v", contains, len(list), err)
			}
		}
		return err
	})
	s, err := db.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want.Buttons, s.ButtonsOf("default", "T46U")); diff != "" {
		t.Error(diff)
	}
	update(t, db, func(ctx context.Context, tx *Tx) error { return tx.DeleteButtonTemplate(ctx, "default", "T46U") })
	if rows := rawQuery(t, db, `SELECT key FROM template_buttons`); len(rows) != 0 {
		t.Errorf("left behind: %v", rows)
	}
}

// A key follows the extension that it watches to its new number.
func TestButtonFollowsARenamedExtension(t *testing.T) {
	db := openDB(t, Options{})
	fill(t, db)
	update(t, db, func(ctx context.Context, tx *Tx) error {
		return all(func() error { return tx.PutButtonTemplate(ctx, sampleTemplate()) },
			func() error {
				return tx.exec(ctx, `UPDATE extensions SET number = '777' WHERE tenant = 'default' AND number = '101'`)
			})
	})
	s, err := db.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if p, b := s.Phone("001565aabbcc").Buttons, s.ButtonsOf("default", "T46U"); p[0].Value != "777" || b[0].Value != "777" {
		t.Errorf("%+v %+v", p, b)
	}
}

func TestButtonRefusals(t *testing.T) {
	watching := func(tenant, number string) *pbx.ButtonTemplate {
		t := sampleTemplate()
		t.Tenant, t.Buttons[0].Value = tenant, number
		return t
	}
	checkRefusals(t, []refusal{
		{name: "unknown extension", kind: pbx.Invalid, field: "buttons.m1-2.value", message: "extension 102 does not exist in tenant default",
			do: func(ctx context.Context, tx *Tx) error { return tx.PutButtonTemplate(ctx, watching("default", "102")) }},
		{name: "extension of another tenant", kind: pbx.Invalid, field: "buttons.m1-2.value", message: "extension 101 does not exist in tenant acme",
			do: func(ctx context.Context, tx *Tx) error { return tx.PutButtonTemplate(ctx, watching("acme", "101")) }},
		{name: "a park slot", kind: pbx.Invalid, field: "buttons.m1-2.value", message: "701 is a park slot: use kind parked",
			do: func(ctx context.Context, tx *Tx) error { return tx.PutButtonTemplate(ctx, watching("default", "701")) }},
		{name: "a code", kind: pbx.Invalid, field: "buttons.m1-2.value", message: "*97 is the code voicemail: use kind voicemail",
			do: func(ctx context.Context, tx *Tx) error { return tx.PutButtonTemplate(ctx, watching("default", "*97")) }},
		{name: "on a phone", kind: pbx.Invalid, field: "buttons.m1-2.value", message: "extension 9 does not exist in tenant default",
			do: func(ctx context.Context, tx *Tx) error {
				return tx.PutPhone(ctx, phone(func(p *pbx.Phone) { p.Buttons = watching("", "9").Buttons }))
			}},
		{name: "unknown tenant", kind: pbx.NotFound, message: "tenant nope does not exist",
			do: func(ctx context.Context, tx *Tx) error { return tx.PutButtonTemplate(ctx, watching("nope", "101")) }},
		{name: "delete unknown", kind: pbx.NotFound, message: "button-template T48U does not exist in tenant default",
			do: func(ctx context.Context, tx *Tx) error { return tx.DeleteButtonTemplate(ctx, "default", "T48U") }},
		{name: "delete a watched extension", kind: pbx.InUse, message: "extension 101 is still used by",
			refs: []pbx.Ref{{Kind: "device", Key: "desk-101"}, {Kind: "button", Key: "001565aabbcc/m1-2"}, {Kind: "button", Key: "T46U/m1-2"}, {Kind: "mailbox", Key: "101"}},
			do: func(ctx context.Context, tx *Tx) error {
				return all(func() error { return tx.PutButtonTemplate(ctx, sampleTemplate()) }, func() error { return tx.DeleteExtension(ctx, "default", "101") })
			}},
		{name: "settings of an unknown tenant", kind: pbx.NotFound, message: "tenant nope does not exist",
			do: func(ctx context.Context, tx *Tx) error {
				return tx.PutPhoneSettings(ctx, pbx.DefaultPhoneSettings("nope"))
			}},
	})
}

func TestPhoneSettingsRoundTrip(t *testing.T) {
	db := openDB(t, Options{})
	checkEveryFieldSet(t, samplePhoneSettings())
	fill(t, db)
	view(t, db, func(ctx context.Context, tx *Tx) error {
		got, err := tx.PhoneSettings(ctx, "acme")
		if diff := cmp.Diff(pbx.DefaultPhoneSettings("acme"), got, cmpopts.IgnoreFields(pbx.PhoneSettings{}, "Revision")); diff != "" || got.Revision == 0 {
			t.Error(diff)
		}
		return err
	})
	want := samplePhoneSettings()
	rev := update(t, db, func(ctx context.Context, tx *Tx) error { return tx.PutPhoneSettings(ctx, want) })
	if again := update(t, db, func(ctx context.Context, tx *Tx) error { return tx.PutPhoneSettings(ctx, samplePhoneSettings()) }); again != rev || want.Revision != rev {
		t.Errorf("revisions %d, %d, %d", rev, again, want.Revision)
	}
	s, err := db.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, s.SettingsOf("acme")); diff != "" {
		t.Error(diff)
	}
	if s.SettingsOf("default").Revision != 0 {
		t.Error("another tenant has them too")
	}
}
