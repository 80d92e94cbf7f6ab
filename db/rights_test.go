package db

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// TestTenantsKeepWhatTheyCould migrates a database of version 23: tenants without a class
// of service get one that allows everything, and classes go on to allow what they did.
func TestTenantsKeepWhatTheyCould(t *testing.T) {
	path, raw := databaseOf(t, 23)
	for _, row := range []string{"'plain', ''", "'chosen', 'home'", "'named', ''"} {
		if _, err := raw.Exec(`INSERT INTO tenants (name, title, timezone, phone_password, version, revision, class_of_service)
			SELECT column1, '', 'UTC', 'password1', 1, 1, column2 FROM (VALUES (` + row + `))`); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := raw.Exec(`INSERT INTO classes_of_service (tenant, name, description, allow, deny, version, revision) VALUES
		('chosen', 'home', '', '+43 national', '+49900', 1, 1), ('chosen', 'near', '', '+4989', '', 1, 1),
		('named', 'everything', '', 'international premium', '', 1, 1)`); err != nil {
		t.Fatal(err)
	}
	if err := raw.Close(); err != nil {
		t.Fatal(err)
	}
	db := openAt(t, path, Options{})
	want := []string{"chosen/home: +43 national premium shared-cost; +49900", "chosen/near: +4989; ", "named/everything-as-before: any; ",
		"named/everything: international premium shared-cost; ", "plain/everything: any; "}
	if diff := cmp.Diff(want, rawQuery(t, db, `SELECT tenant || '/' || name || ': ' || allow || '; ' || deny FROM classes_of_service ORDER BY 1`)); diff != "" {
		t.Errorf("classes, -want +got:\n%s", diff)
	}
	want = []string{"chosen home", "named everything-as-before", "plain everything"}
	if diff := cmp.Diff(want, rawQuery(t, db, `SELECT name || ' ' || class_of_service FROM tenants ORDER BY name`)); diff != "" {
		t.Errorf("tenants, -want +got:\n%s", diff)
	}
	view(t, db, func(ctx context.Context, tx *Tx) error {
		_, err := tx.ClassesOfService(ctx, "named", ListOptions{})
		return err
	})
	if got := rawQuery(t, openNew(t, Options{}), `SELECT class_of_service FROM tenants`); len(got) != 1 || got[0] != "" {
		t.Errorf("a new database has tenants with the classes %q", got)
	}
}

// TestRulesLeadWhereRightsAllow writes rules of every kind that lead to a premium number.
func TestRulesLeadWhereRightsAllow(t *testing.T) {
	const premium, mobile = "+499001234567", "+4915112345678"
	db := openDB(t, Options{})
	fill(t, db)
	update(t, db, func(ctx context.Context, tx *Tx) error {
		tenant, err := tx.Tenant(ctx, "default")
		if err != nil {
			return err
		}
		tenant.Country = "DE"
		return all(func() error { return tx.PutTenant(ctx, tenant) },
			func() error {
				return tx.PutExternalNumber(ctx, &pbx.ExternalNumber{Tenant: "default", Number: premium, Type: pbx.NumberSIP})
			},
			func() error {
				return tx.PutExternalNumber(ctx, &pbx.ExternalNumber{Tenant: "default", Number: mobile, Type: pbx.NumberSIP})
			})
	})
	rules := map[string]func(ctx context.Context, tx *Tx, number string) error{
		"twin_number": func(ctx context.Context, tx *Tx, number string) error {
			e, err := tx.Extension(ctx, "default", "101")
			if err != nil {
				return err
			}
			e.TwinNumber = number
			return tx.PutExtension(ctx, e)
		},
		"external_number": func(ctx context.Context, tx *Tx, number string) error {
			return tx.PutDevice(ctx, &pbx.Device{Tenant: "default", Name: "mobile", Kind: pbx.DeviceExternal, Extension: "101",
				ExternalNumber: number,
				Endpoint:       "dmobile", Secret: pbx.NewSecret("0123456789abcdef")})
		},
		"destination": func(ctx context.Context, tx *Tx, number string) error {
			return tx.PutForward(ctx, &pbx.Forward{Tenant: "default", Extension: "101", Mode: pbx.ForwardDestination,
				Destination: pbx.Destination{Kind: pbx.ToExternal, Key: number}})
		},
		"busy": func(ctx context.Context, tx *Tx, number string) error {
			return tx.PutForward(ctx, &pbx.Forward{Tenant: "default", Extension: "101", Mode: pbx.ForwardOff,
				Busy: pbx.Destination{Kind: pbx.ToExternal, Key: number}})
		},
		"members[0].external": func(ctx context.Context, tx *Tx, number string) error {
			return tx.PutRingGroup(ctx, &pbx.RingGroup{Tenant: "default", Name: "sales", Number: "600", Strategy: pbx.StrategyAll, RingSeconds: 20,
				Confirm: pbx.ConfirmExternal, Waiting: pbx.WaitRinging, Members: []pbx.RingMember{{External: number}}})
		},
	}
	for field, rule := range rules {
		undo := errors.New("undo")
		for number, allowed := range map[string]bool{mobile: true, premium: false} {
			_, err := db.Update(t.Context(), tester, func(tx *Tx) error { return errors.Join(rule(t.Context(), tx, number), undo) })
			var e *pbx.Error
			if is := errors.As(err, &e); is == allowed || is && (e.Field != field || !strings.Contains(e.Message, "price")) {
				t.Errorf("%s leads to %s: %v", field, number, err)
			}
		}
	}
}
