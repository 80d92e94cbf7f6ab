package db

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

func TestChangesTellWhatHappened(t *testing.T) {
	db := openDB(t, Options{})
	created := fill(t, db)
	updated := update(t, db, func(ctx context.Context, tx *Tx) error {
		return tx.PutDevice(ctx, device(func(d *pbx.Device) { d.Secret, d.QualifySeconds = pbx.NewSecret("replaced1234567890"), 0 }))
	})
	deleted := update(t, db, func(ctx context.Context, tx *Tx) error { return tx.DeletePhone(ctx, "default", "001565aabbcc") })

	const devBefore = `{"class":"mobile","confirm":false,"dahdi_channel":7,"endpoint":"dabcdefgh","extension":"101","external_number":"","kind":"sip","location":"Room 4","name":"desk-101","qualify_seconds":30,"ring_order":1,"ring_seconds":0,"secret":"****","shared":true}`
	const devAfter = `{"class":"mobile","confirm":false,"dahdi_channel":7,"endpoint":"dabcdefgh","extension":"101","external_number":"","kind":"sip","location":"Room 4","name":"desk-101","qualify_seconds":0,"ring_order":1,"ring_seconds":0,"secret":"****","shared":true}`
	const phoneJSON = `{"buttons":{"m1-2":{"kind":"blf","value":"101","label":"Ada","line":3}},"enrol_until":"2031-02-03T04:05:06.007Z","handsets":{"1":{"default_line":2,"lines":[1,2],"name":"Hall"}},"lines":[{"registration":1,"device":"desk-101"}],"mac":"00:15:65:aa:bb:cc","model":"T46U","provisioning_url":"****","replaces":"00:15:65:aa:bb:aa","replaces_model":"T31P","settings":{"language":"fr","vlan":0,"paging":["239.1.1.1:5000"]},"vendor":"yealink"}`
	want := []Change{
		{Revision: deleted, Action: "delete", Kind: "phone", Key: "001565aabbcc", Before: json.RawMessage(phoneJSON)},
		{Revision: updated, Action: "update", Kind: "device", Key: "desk-101", Fields: []string{"qualify_seconds", "secret"}, Before: json.RawMessage(devBefore), After: json.RawMessage(devAfter)},
		{Revision: created, Action: "create", Kind: "phone", Key: "001565aabbcc", After: json.RawMessage(phoneJSON)},
		{Revision: created, Action: "create", Kind: "device", Key: "desk-101", After: json.RawMessage(devBefore)},
	}
	got, err := db.Changes(t.Context(), ChangeFilter{Tenant: "default", Limit: 4})
	if err != nil || len(got) != 4 {
		t.Fatalf("%d changes, %v", len(got), err)
	}
	for i := range got {
		if got[i].At.IsZero() || got[i].Author != tester || got[i].Tenant != "default" || i > 0 && got[i].ID >= got[i-1].ID {
			t.Errorf("change %d: %+v", i, got[i])
		}
		want[i].ID, want[i].At, want[i].Author, want[i].Tenant = got[i].ID, got[i].At, tester, "default"
		if len(got[i].Fields) == 0 {
			got[i].Fields = nil
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("want - got +\n%s", diff)
	}
}

func TestChangesFilter(t *testing.T) {
	db := openDB(t, Options{})
	fill(t, db) // 8 changes after that of the default tenant
	everything, err := db.Changes(t.Context(), ChangeFilter{})
	if err != nil || len(everything) != 9 {
		t.Fatalf("%d, %v", len(everything), err)
	}
	for name, c := range map[string]struct {
		filter ChangeFilter
		want   int
	}{
		"tenant": {ChangeFilter{Tenant: "acme"}, 1}, "kind": {ChangeFilter{Kind: "tenant"}, 2}, "key": {ChangeFilter{Key: "101"}, 2},
		"kind and key": {ChangeFilter{Kind: "mailbox", Key: "101"}, 1}, "limit": {ChangeFilter{Limit: 3}, 3},
		"before": {ChangeFilter{BeforeID: everything[4].ID}, 4}, "nothing": {ChangeFilter{Tenant: "nope"}, 0},
	} {
		if got, err := db.Changes(t.Context(), c.filter); err != nil || len(got) != c.want {
			t.Errorf("%s: %d, %v; want %d", name, len(got), err, c.want)
		}
	}
}

func TestAuditHoldsNoSecret(t *testing.T) {
	db := openDB(t, Options{})
	fill(t, db)
	secrets := []string{"tenantsecret1", "98761234", "devicesecret1234567", "urlsecret1234567"}
	replaced := []string{"tenantsecret2", "56781234", "devicesecret7654321", "urlsecret7654321"}
	update(t, db, func(ctx context.Context, tx *Tx) error {
		tn, m, d, p := sampleTenant(), sampleMailbox(), sampleDevice(), samplePhone()
		tn.PhonePassword, m.PIN, d.Secret, p.URLSecret = pbx.NewSecret(replaced[0]), pbx.NewSecret(replaced[1]), pbx.NewSecret(replaced[2]), pbx.NewSecret(replaced[3])
		return all(
			func() error { return tx.PutTenant(ctx, tn) },
			func() error { return tx.PutMailbox(ctx, m) },
			func() error { return tx.PutDevice(ctx, d) },
			func() error { return tx.PutPhone(ctx, p) })
	})
	update(t, db, func(ctx context.Context, tx *Tx) error {
		return all(
			func() error { return tx.DeletePhone(ctx, "default", "001565aabbcc") },
			func() error { return tx.DeleteDevice(ctx, "default", "desk-101") },
			func() error { return tx.DeleteExtension(ctx, "default", "101") },
			func() error { return tx.DeleteMailbox(ctx, "default", "101") },
			func() error { return tx.DeleteTenant(ctx, "acme") })
	})
	dump := dumpTables(t, db, "changes", "revisions")
	if n := strings.Count(dump, "****"); n < 16 {
		t.Errorf("%d masked secrets, want at least 16: does the search look at the audit rows?", n)
	}
	for _, s := range append(secrets, replaced...) {
		if strings.Contains(dump, s) {
			t.Errorf("the audit rows contain %s", s)
		}
	}
}
