package phoneconf

import (
	"maps"
	"slices"
	"testing"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// office is a snapshot of one phone of a model, with one line.
func office(m Model, settings *pbx.PhoneSettings, buttons ...pbx.Button) (*pbx.Snapshot, *pbx.Phone) {
	p := &pbx.Phone{Tenant: "default", MAC: "001565000001", Vendor: m.Vendor, Model: m.Name, URLSecret: pbx.NewSecret("abc"), Lines: []pbx.Line{{Registration: 1, Device: "x"}}, Buttons: buttons}
	s := pbx.NewSnapshot(1, pbx.Rows{
		Tenants:    []*pbx.Tenant{{Name: "default", Title: "T", Timezone: "UTC", PhonePassword: pbx.NewSecret("Phone4Password")}},
		Extensions: []*pbx.Extension{{Tenant: "default", Number: "101", Name: "Anna", Mailbox: "101"}},
		Devices:    []*pbx.Device{{Tenant: "default", Name: "x", Extension: "101", Endpoint: "dx", Secret: pbx.NewSecret("secret")}},
		Phones:     []*pbx.Phone{p},
	})
	if settings != nil {
		s = with(s, func(r *pbx.Rows) { r.PhoneSettings = []*pbx.PhoneSettings{settings} })
	}
	return s, p
}

// allValues reads all files of a phone.
func allValues(t *testing.T, s *pbx.Snapshot, p *pbx.Phone) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, f := range Files(s, p) {
		b, _, err := Render(engine, s, p, testSite, f)
		if err != nil {
			t.Fatalf("%s of a %s: %v", f, p.Model, err)
		}
		got, err := readFile(f, b)
		if err != nil {
			t.Fatalf("%s of a %s: %v\n%s", f, p.Model, err, b)
		}
		for k, v := range got {
			out[string(f)+" "+k] = v
		}
	}
	return out
}

// sameNames fails when two sets of files do not hold the same parameters.
func sameNames(t *testing.T, model string, plain, odd map[string]string) {
	t.Helper()
	a, b := slices.Sorted(maps.Keys(plain)), slices.Sorted(maps.Keys(odd))
	if !slices.Equal(a, b) {
		t.Fatalf("%s: the parameters are\n%q\nand not\n%q", model, b, a)
	}
}

// Whatever value and label pbx lets through, the files keep their parameters, and
// the value arrives as it is.
func FuzzButtonsKeepTheFileWhole(f *testing.F) {
	for i := range pbx.ButtonKinds {
		for _, s := range append(hostile, "102", "*8101", "http://h/x?a=b&c=d", "224.0.1.75:10000", "http://h/\"><x/>", "1\nlinekey.1.type = 0") {
			f.Add(byte(i), s, s)
		}
	}
	plain := map[pbx.ButtonKind]string{pbx.URLButton: "http://h/x", pbx.LineButton: "", pbx.NoButton: "", pbx.PagingButton: "224.0.1.75:10000", pbx.HoldButton: "",
		pbx.ConferenceButton: "", pbx.RecordButton: "", pbx.RedialButton: "", pbx.DirectoryButton: "", pbx.LDAPButton: "",
		pbx.HistoryButton: "", pbx.TransferButton: ""}
	f.Fuzz(func(t *testing.T, k byte, value, label string) {
		kind := pbx.ButtonKinds[int(k)%len(pbx.ButtonKinds)]
		b := pbx.Button{Key: 2, Kind: kind, Value: value, Label: label, Line: 1}
		if (&pbx.ButtonTemplate{Model: pbx.DefaultButtons, Buttons: []pbx.Button{b}}).Validate() != nil || value == "101" {
			return // 101 stands in the directory already
		}
		safe, ok := plain[kind]
		if !ok {
			safe = "103"
		}
		for _, m := range onePerEra(t) {
			if !m.fits(b) {
				continue
			}
			s, p := office(m, nil, b)
			odd := allValues(t, s, p)
			s, p = office(m, nil, pbx.Button{Key: 2, Kind: kind, Value: safe, Label: "Key", Line: 1})
			sameNames(t, m.Name, allValues(t, s, p), odd)
			if m.Vendor == pbx.Yealink && kind != pbx.NoButton && kind != pbx.ForwardButton && value != "" && odd["001565000001.cfg linekey.2.value"] != value {
				t.Fatalf("%q arrives as %q", value, odd["001565000001.cfg linekey.2.value"])
			}
		}
	})
}

// The same for the texts of the tenant's settings.
func FuzzSettingsKeepTheFileWhole(f *testing.F) {
	for _, s := range append(hostile, "ntp.example.com", "2001:db8::1", "http://h/logo.dob", "http://h/a%0ab.png", "http://h/a&b=\"c.png") {
		f.Add(s, s, s)
	}
	f.Fuzz(func(t *testing.T, ntp, syslog, logo string) {
		odd := pbx.DefaultPhoneSettings("default")
		odd.NTPServer, odd.SyslogServer, odd.Logo = ntp, syslog, logo
		if odd.Validate() != nil {
			return
		}
		plain := pbx.DefaultPhoneSettings("default")
		plain.NTPServer, plain.SyslogServer = "a", "b"
		if logo != "" {
			plain.Logo = "http://h/x.png"
		}
		for _, m := range onePerEra(t) {
			s, p := office(m, plain)
			want := allValues(t, s, p)
			s, p = office(m, odd)
			sameNames(t, m.Name, want, allValues(t, s, p))
		}
	})
}

// A key shows the first of: the phone's own button, its model's, the tenant's,
// the line of its number.
func TestButtonsCoverEachOther(t *testing.T) {
	m, _ := LookupAny("T23G")
	dial := func(key int, number string) pbx.Button {
		return pbx.Button{Key: key, Kind: pbx.SpeedDialButton, Value: number, Line: 1}
	}
	s, p := office(m, nil, dial(3, "3"))
	s = with(s, func(r *pbx.Rows) {
		r.ButtonTemplates = []*pbx.ButtonTemplate{
			{Tenant: "default", Model: pbx.DefaultButtons, Buttons: []pbx.Button{dial(1, "7"), dial(2, "8"), dial(3, "9"), dial(4, "10"), {Module: 1, Key: 1, Kind: pbx.SpeedDialButton, Value: "11", Line: 1}, {Key: 2, Kind: pbx.LineButton, Line: 2}}},
			{Tenant: "default", Model: "T23G", Buttons: []pbx.Button{{Key: 1, Kind: pbx.NoButton, Line: 1}, dial(3, "5")}},
			{Tenant: "other", Model: "T23G", Buttons: []pbx.Button{dial(2, "6")}},
		}
	})
	got := allValues(t, s, p)
	want(t, got, map[string]string{"001565000001.cfg linekey.1.type": "0", "001565000001.cfg linekey.2.value": "8", "001565000001.cfg linekey.3.value": "3"})
}

// Each kind has its number on a Yealink; T32G counts the account of a lamp from
// zero.
func TestYealinkKinds(t *testing.T) {
	for _, k := range pbx.ButtonKinds {
		none := k == pbx.NoButton || k == pbx.RedialButton || k == pbx.HistoryButton // a line key has none
		if _, ok := yealinkTypes[k]; ok == none {
			t.Errorf("kind %s has a number: %v", k, ok)
		}
	}
	for model, line := range map[string]string{"T32G": "0", "T23G": "1"} {
		m, _ := LookupAny(model)
		s, p := office(m, nil, pbx.Button{Key: 2, Kind: pbx.BLFButton, Value: "101", Line: 1})
		want(t, allValues(t, s, p), map[string]string{"001565000001.cfg linekey.2.line": line, "001565000001.cfg linekey.2.type": "16", "001565000001.cfg linekey.1.line": "1"})
	}
}
