package provisioner

import (
	"slices"
	"strings"
	"testing"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// Only phones whose files changed are told, each in the words of its make.
func TestPhonesWhoseFilesChangedAreTold(t *testing.T) {
	l := newLab(t)
	for _, n := range []string{"101", "102", "103"} {
		l.extension(n, "Person "+n)
	}
	anna, bert := l.device("anna", "101", 60), l.device("bert", "102", 60)
	l.device("carl", "103", 60)
	phone := func(mac pbx.MAC, vendor pbx.Vendor, model string, devices ...string) {
		p := &pbx.Phone{Tenant: pbx.DefaultTenant, MAC: mac, Vendor: vendor, Model: model, URLSecret: pbx.NewURLSecret()}
		for i, d := range devices {
			p.Lines = append(p.Lines, pbx.Line{Registration: i + 1, Device: d})
		}
		put(l, l.Phones, string(mac), p)
	}
	phone("001565000001", pbx.Yealink, "T46U", "anna")
	phone("0004f2000002", pbx.Polycom, "VVX450", "bert")
	phone("001565000003", pbx.Yealink, "T46U")
	l.fresh()
	l.start()
	l.applied()
	told := func() []string {
		var out []string
		for _, a := range l.asterisk.Actions("PJSIPNotify") {
			out = append(out, a.Get("Endpoint")+" "+strings.Join(a.All("Variable"), ","))
		}
		return out
	}
	// change makes one, waits for the pass and for a further, idle one.
	seen := 0
	change := func(name string, want []string, do func()) {
		t.Helper()
		do()
		l.applied()
		passes := l.passes()
		l.Apply.Nudge()
		l.until("for an idle pass", func() bool { return l.passes() > passes })
		all := told()
		got := slices.Clone(all[seen:])
		seen = len(all)
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%s: told %q, want %q", name, got, want)
		}
	}
	yealink, polycom := anna+" Event=check-sync;reboot=false", bert+" Event=check-sync"
	change("the start", nil, func() {})
	change("a name on a Yealink", []string{yealink}, func() { l.extension("101", "Anne") })
	change("a name on a Polycom", []string{polycom}, func() { l.extension("102", "Berta") })
	change("a name on no phone", nil, func() { l.extension("103", "Carla") })
	change("nothing", nil, func() { l.extension("103", "Carla") })
	change("what no phone shows", nil, func() {
		put(l, l.Extensions, "101", &pbx.Extension{Tenant: pbx.DefaultTenant, Number: "101", Name: "Anne", RingSeconds: 33})
	})
	change("a new phone", nil, func() { phone("001565000004", pbx.Yealink, "T46U", "carl") })
	carl := l.Snapshot().Device(pbx.DefaultTenant, "carl").Endpoint + " Event=check-sync;reboot=false"
	template := func(model string, b pbx.Button) {
		put(l, l.ButtonTemplates, model, &pbx.ButtonTemplate{Tenant: pbx.DefaultTenant, Model: model, Buttons: []pbx.Button{b}})
	}
	change("a model's buttons", []string{polycom}, func() { template("VVX450", pbx.Button{Key: 5, Kind: pbx.BLFButton, Value: "103", Line: 1}) })
	change("the name of who a button watches", []string{polycom, carl}, func() { l.extension("103", "Carlotta") })
	change("buttons that are covered", []string{yealink, carl}, func() { template(pbx.DefaultButtons, pbx.Button{Key: 5, Kind: pbx.ParkButton, Value: "70", Line: 1}) })
	change("buttons that go", []string{polycom}, func() {
		if _, err := l.ButtonTemplates.Delete(t.Context(), tester, pbx.DefaultTenant, "VVX450", Condition{}); err != nil {
			t.Fatal(err)
		}
	})
	l.extension("104", "Dora")
	l.extension("105", "Ed")
	change("a speed dial", []string{polycom}, func() { template("VVX450", pbx.Button{Key: 5, Kind: pbx.SpeedDialButton, Value: "104", Line: 1}) })
	change("the person behind it leaves", []string{polycom}, func() {
		if _, err := l.Extensions.Delete(t.Context(), tester, pbx.DefaultTenant, "104", Condition{}); err != nil {
			t.Fatal(err)
		}
	})
	user := func(timezone string) {
		put(l, l.Users, "anna", &pbx.User{Tenant: pbx.DefaultTenant, Username: "anna", FullName: "Anna", Extension: "101", Timezone: timezone, Role: pbx.RoleUser, SecondStep: pbx.SecondStepNone})
	}
	change("a user without a clock", nil, func() { user("") })
	change("the clock of a user", []string{yealink}, func() { user("Asia/Tokyo") })
	change("no clock any more", []string{yealink}, func() { user("") })
	change("a number that buttons watch", []string{polycom}, func() { template("VVX450", pbx.Button{Key: 5, Kind: pbx.BLFButton, Value: "105", Line: 1}) })
	change("its new number", []string{polycom}, func() {
		if _, err := l.RenumberExtension(t.Context(), tester, pbx.DefaultTenant, "105", "205", Condition{}); err != nil {
			t.Fatal(err)
		}
	})
	change("its end with all that refers to it", []string{polycom}, func() {
		if _, err := l.Extensions.DeleteReferred(t.Context(), tester, pbx.DefaultTenant, "205", Condition{}); err != nil {
			t.Fatal(err)
		}
	})
	change("settings", []string{yealink, polycom, carl}, func() {
		s := pbx.DefaultPhoneSettings(pbx.DefaultTenant)
		s.Language = "fr"
		put(l, l.PhoneSettings, "", s)
	})
	change("all phones of the tenant", nil, func() {}) // until here nothing waits
	put(l, l.Tenants, pbx.DefaultTenant, &pbx.Tenant{Name: pbx.DefaultTenant, Timezone: "Europe/Berlin", PhonePassword: pbx.RandomSecret(10)})
	l.applied()
	l.until("for all three with a line", func() bool { return len(told()) == seen+3 })
	l.stop()
	if n := len(told()); n != seen+3 {
		t.Errorf("%d were told, want 3", n-seen)
	}
}
