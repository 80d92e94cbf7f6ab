package fleet

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// Only phones whose files changed get an order, each with the Event of its make.
func TestPhonesWhoseFilesChangedAreTold(t *testing.T) {
	l := newLab(t)
	for _, n := range []string{"101", "102", "103"} {
		l.extension(n, "Person "+n)
	}
	anna, bert := l.device("anna", "101"), l.device("bert", "102")
	l.device("carl", "103")
	l.phone("001565000001", pbx.Yealink, "T46U", "anna")
	l.phone("0004f2000002", pbx.Polycom, "VVX450", "bert")
	l.phone("001565000003", pbx.Yealink, "T46U")
	l.start()
	seen := 0
	change := func(name string, want []string, do func()) {
		t.Helper()
		do()
		var got []string
		for _, a := range l.told(seen) {
			got = append(got, a.Get("Endpoint")+" "+strings.Join(a.All("Variable"), ","))
		}
		seen += len(got)
		if !slices.Equal(sorted(got), sorted(want)) {
			t.Errorf("%s: told %q, want %q", name, got, want)
		}
	}
	yealink, polycom := anna+" Event=check-sync;reboot=false", bert+" Event=check-sync"
	change("a name on a Yealink", []string{yealink}, func() { l.extension("101", "Anne") })
	change("a name on a Polycom", []string{polycom}, func() { l.extension("102", "Berta") })
	change("a name on no phone", nil, func() { l.extension("103", "Carla") })
	change("nothing", nil, func() { l.extension("103", "Carla") })
	change("what no phone shows", nil, func() {
		put(l, (*db.Tx).PutExtension, &pbx.Extension{Tenant: pbx.DefaultTenant, Number: "101", Name: "Anne", RingSeconds: 33})
	})
	change("a new phone", nil, func() { l.phone("001565000004", pbx.Yealink, "T46U", "carl") })
	carl := l.current.Load().Device(pbx.DefaultTenant, "carl").Endpoint + " Event=check-sync;reboot=false"
	template := func(model string, b pbx.Button) {
		put(l, (*db.Tx).PutButtonTemplate, &pbx.ButtonTemplate{Tenant: pbx.DefaultTenant, Model: model, Buttons: []pbx.Button{b}})
	}
	change("a model's buttons", []string{polycom}, func() { template("VVX450", pbx.Button{Key: 5, Kind: pbx.BLFButton, Value: "103", Line: 1}) })
	change("the name of an extension that a button watches", []string{polycom, carl}, func() { l.extension("103", "Carlotta") })
	change("buttons that are covered", []string{yealink, carl}, func() { template(pbx.DefaultButtons, pbx.Button{Key: 5, Kind: pbx.ParkButton, Value: "70", Line: 1}) })
	change("buttons that go", []string{polycom}, func() {
		l.edit(func(ctx context.Context, tx *db.Tx) error {
			return tx.DeleteButtonTemplate(ctx, pbx.DefaultTenant, "VVX450")
		})
	})
	change("a number like others", nil, func() { l.extension("106", "Fay") })
	change("a number of a new length", []string{polycom}, func() { l.extension("2001", "Gus") })
	codes := func(change func(*pbx.FeatureCodes)) {
		c := pbx.DefaultFeatureCodes(pbx.DefaultTenant)
		change(c)
		put(l, (*db.Tx).PutFeatureCodes, c)
	}
	change("a code that no key has", []string{polycom}, func() { codes(func(c *pbx.FeatureCodes) { c.Codes[pbx.FeatureEcho] = "*44" }) })
	change("the code to take a call", []string{yealink, polycom, carl},
		func() { codes(func(c *pbx.FeatureCodes) { c.Codes[pbx.FeatureDirectedPickup] = "*6" }) })
	l.extension("104", "Dora")
	l.extension("105", "Ed")
	change("a speed dial", []string{polycom}, func() { template("VVX450", pbx.Button{Key: 5, Kind: pbx.SpeedDialButton, Value: "104", Line: 1}) })
	change("the person behind it leaves", []string{polycom}, func() {
		l.edit(func(ctx context.Context, tx *db.Tx) error { return tx.DeleteExtension(ctx, pbx.DefaultTenant, "104") })
	})
	user := func(timezone string) {
		put(l, (*db.Tx).PutUser, &pbx.User{Tenant: pbx.DefaultTenant, Username: "anna", FullName: "Anna", Extension: "101", Timezone: timezone, Role: pbx.RoleUser, SecondStep: pbx.SecondStepNone})
	}
	change("a user without a clock", nil, func() { user("") })
	change("the clock of a user", []string{yealink}, func() { user("Asia/Tokyo") })
	change("no clock any more", []string{yealink}, func() { user("") })
	change("a number that buttons watch", []string{polycom}, func() { template("VVX450", pbx.Button{Key: 5, Kind: pbx.BLFButton, Value: "105", Line: 1}) })
	change("its new number", []string{polycom}, func() {
		l.edit(func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.RenumberExtension(ctx, pbx.DefaultTenant, "105", "205")
			return err
		})
	})
	change("its end with all that refers to it", []string{polycom}, func() {
		l.edit(func(ctx context.Context, tx *db.Tx) error {
			return errors.Join(tx.ReleaseExtension(ctx, pbx.DefaultTenant, "205"), tx.DeleteExtension(ctx, pbx.DefaultTenant, "205"))
		})
	})
	change("settings", []string{yealink, polycom, carl}, func() {
		s := pbx.DefaultPhoneSettings(pbx.DefaultTenant)
		s.Language = "fr"
		put(l, (*db.Tx).PutPhoneSettings, s)
	})
	change("the tenant", []string{yealink, polycom, carl}, func() {
		put(l, (*db.Tx).PutTenant, &pbx.Tenant{Name: pbx.DefaultTenant, Timezone: "Europe/Berlin", PhonePassword: pbx.RandomSecret(10)})
	})
}
