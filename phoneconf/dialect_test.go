package phoneconf

import (
	"fmt"
	"testing"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

var hostile = []string{
	"", "Bob", "Bob\nstatic.auto_provision.server.url = http://evil/", "a\rb", "a\x00b", "a\u0085b", "a\u2028b", "*98\" sec.x=\"1", "<a/>", "]]>", "<!--", "--", "&amp;", "&#10;",
	"'", "#1", " x", "x ", "\t", "%NULL%", "%null%", "%EMPTY%", "50% = x # y", "Ünï©ode ☎ 電話", "\ufeffx", "\ufffe", "\xff", "${IFS}", "{{ .Password }}", "a\tb",
}

// What the constructor lets through comes back as it was and adds no parameter.
func FuzzYealinkValue(f *testing.F) {
	for _, s := range hostile {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		v, err := newYealinkValue(s)
		if err != nil {
			return
		}
		got, err := readYealink(fmt.Appendf(nil, "#!version:1.0.0.1\na = 1\nb = %s\nc = 2\n", v))
		if err != nil {
			t.Fatalf("%q: %v", s, err)
		}
		if len(got) != 3 || got["a"] != "1" || got["b"] != s || got["c"] != "2" {
			t.Fatalf("%q came back as %q in %q", s, got["b"], got)
		}
	})
}

func FuzzXMLAttr(f *testing.F) {
	for _, s := range hostile {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		v, err := newXMLAttr(s)
		if err != nil {
			return
		}
		root, got, err := readPolycom(fmt.Appendf(nil, "<x a=\"1\" b=\"%s\" c=\"2\"/>", v))
		if err != nil {
			t.Fatalf("%q: %v", s, err)
		}
		if root != "x" || len(got) != 3 || got["a"] != "1" || got["b"] != s || got["c"] != "2" {
			t.Fatalf("%q came back as %q in %q", s, got["b"], got)
		}
	})
}

// Whatever a name is, the phone gets a file, and one with the same parameters.
func FuzzNamesKeepTheFileWhole(f *testing.F) {
	for _, s := range hostile {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, name string) {
		for _, m := range onePerEra(t) {
			plain, odd := renderNamed(t, m, "Alice"), renderNamed(t, m, name)
			if len(plain) != len(odd) {
				t.Fatalf("%s: %q changes the number of parameters from %d to %d", m.Name, name, len(plain), len(odd))
			}
			for k := range plain {
				if _, ok := odd[k]; !ok {
					t.Fatalf("%s: %q removes %s", m.Name, name, k)
				}
			}
		}
	})
}

var smallModels = []string{"T23G", "T28P", "W52P", "W75B", "VVX250", "SPIP335", "SPIP301"}

// onePerEra returns a small model of each era.
func onePerEra(t testing.TB) []Model {
	t.Helper()
	var out []Model
	for _, name := range smallModels {
		m, ok := LookupAny(name)
		if !ok {
			t.Fatalf("there is no %s", name)
		}
		out = append(out, m)
	}
	return out
}

// renderNamed renders all files of a phone whose extension, tenant, device and
// buttons carry name, and returns their parameters by file and name. The texts of
// directories count by their place.
func renderNamed(t *testing.T, m Model, name string) map[string]string {
	phone := &pbx.Phone{Tenant: "default", MAC: "001565000001", Vendor: m.Vendor, Model: m.Name, URLSecret: pbx.NewSecret("abc"), Lines: []pbx.Line{{Registration: 1, Device: "x"}}}
	for _, b := range []pbx.Button{{Key: 1, Kind: pbx.SpeedDialButton, Value: "103", Line: 1, Label: name}, {Key: 2, Kind: pbx.BLFButton, Value: "101", Line: 1}} {
		if m.fits(b) {
			phone.Buttons = append(phone.Buttons, b)
		}
	}
	s := pbx.NewSnapshot(1, pbx.Rows{
		Tenants:    []*pbx.Tenant{{Name: "default", Title: name, Timezone: "UTC", PhonePassword: pbx.NewSecret("Phone4Password")}},
		Extensions: []*pbx.Extension{{Tenant: "default", Number: "101", Name: name, Mailbox: "101"}},
		Devices:    []*pbx.Device{{Tenant: "default", Name: "x", Extension: "101", Endpoint: "dx", Secret: pbx.NewSecret("secret")}},
		Phones:     []*pbx.Phone{phone},
	})
	out := map[string]string{}
	for _, f := range Files(s, phone) {
		b, _, err := Render(engine, s, phone, testSite, f)
		if err != nil {
			t.Fatalf("%s: %q: %v", f, name, err)
		}
		got, err := readFile(f, b)
		if err != nil {
			t.Fatalf("%s: %q: %v", f, name, err)
		}
		for k, v := range got {
			out[string(f)+" "+k] = v
		}
	}
	return out
}

func TestConstructorsRefuse(t *testing.T) {
	for _, s := range []string{"a\nb", "a\rb", "a\x00b", "a\tb", "\x7f", "\u0085", "\u2028", "\xff", " x", "x ", "#1", "%NULL%", "%null%", "%EMPTY%", "\ufeffx"} {
		if v, err := newYealinkValue(s); err == nil {
			t.Errorf("yealinkValue carries %q as %q", s, v)
		}
	}
	for _, s := range []string{"a\x00b", "\x1b", "\xff", "\ufffe", "\uffff"} {
		if v, err := newXMLAttr(s); err == nil {
			t.Errorf("xmlAttr carries %q as %q", s, v)
		}
	}
	for _, s := range []string{"", "x#y", "a = b", "50%", "R&D \"lab\" <x>"} {
		if _, err := newYealinkValue(s); err != nil {
			t.Errorf("yealinkValue refuses %q: %v", s, err)
		}
	}
}

func TestReadable(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"Alice", "Alice"}, {"", "101"}, {"#", "101"}, {"# 1 Desk", "1 Desk"}, {"%NULL%", "101"}, {"a\nb", "ab"}, {"Zoë Müller", "Zoë M"}, {"a\ufffeb", "ab"},
	} {
		if got := readable(c.in, "101", 7); got != c.want {
			t.Errorf("readable(%q) = %q, want %q", c.in, got, c.want)
		}
	}
}
