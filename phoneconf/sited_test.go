package phoneconf

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
	"github.com/dialtone-pbx/dialtone/templates"
)

func TestCheckMade(t *testing.T) {
	const head = "#!version:1.0.0.1\n"
	for _, c := range []struct {
		template, made string
		line           int
		why            string
	}{
		{"yealink/phone.cfg", head + "a.b = 1\n\n# a comment\nc=\nstatic.x.1 = = x\n", 0, ""}, {"yealink/boot", head + "include:config \"x.cfg\"\n[T46U]include:config <a.cfg>\noverwrite_mode = 1\n", 0, ""},
		{"yealink/phone.cfg", "", 1, "empty"}, {"yealink/phone.cfg", "a = 1\n", 1, "#!version"}, {"yealink/phone.cfg", head + "a = 1\nb\n", 3, "no parameter"}, {"yealink/phone.cfg", head + "= 1\n", 2, "no parameter"},
		{"yealink/phone.cfg", head + "a b = 1\n", 2, "no parameter"}, {"yealink/phone.cfg", head + "a = \xff\n", 2, "character"}, {"yealink/phone.cfg", head + "\x00", 2, "character"}, {"yealink/phone.cfg", head + "a = \u2028b\n", 2, "character"},
		{"yealink/phonebook.xml", "<a><b/></a>\n", 0, ""}, {"yealink/phonebook.xml", "a = 1\n", 2, "no element"}, {"polycom/site.cfg", "<?xml version=\"1.0\"?>\n<a b=\"1\"\nc=\"2\"/>\n", 0, ""},
		{"polycom/site.cfg", "\n<?xml version=\"1.0\"?>\n<a/>\n", 1, "before"}, {"polycom/site.cfg", "<a>\n<b></a>", 2, "well-formed"}, {"polycom/site.cfg", "<a\nb=\"1\"\nb=\"2\"/>", 3, "two attributes b"}, {"polycom/site.cfg", "<a/><b/>", 1, "more than one"},
		{"polycom/site.cfg", "<a\nb=\"\"c=\"\"/>", 2, "without a blank"}, {"polycom/site.cfg", "<a b=\"<\"/>", 1, "well-formed"}, {"polycom/site.cfg", "<a b=\"&x\"/>", 1, "well-formed"}, {"polycom/site.cfg", "<a>", 1, "well-formed"}, {"polycom/site.cfg", "", 1, "no element"},
	} {
		line, why := checkMade(c.template, []byte(c.made))
		if line != c.line || (why == "") != (c.why == "") || !strings.Contains(why, c.why) {
			t.Errorf("%s %q: line %d %s", c.template, c.made, line, why)
		}
	}
}

// Every shipped file passes the check that a site's must pass.
func TestShippedFilesPassTheCheck(t *testing.T) {
	for _, m := range Models() {
		in, s := fullInput(m)
		p := &pbx.Phone{Tenant: "default", MAC: in.mac, Vendor: m.Vendor, Model: m.Name, URLSecret: pbx.NewSecret("abc")}
		for _, name := range Files(s, p) {
			b, err := in.render(engine, s, "default", name)
			if err != nil {
				t.Fatal(m.Name, err)
			}
			template := "yealink/" + strings.TrimPrefix(string(name), string(p.MAC))
			if m.Vendor == pbx.Polycom {
				template = "polycom/site.cfg"
			}
			if line, why := checkMade(template, b); why != "" {
				t.Errorf("%s %s: line %d %s", m.Name, name, line, why)
			}
		}
	}
}

// However a site's template prints a value, it stays inside of its quotes, or the
// file is refused as a whole.
func FuzzSiteTemplatesEscapeValues(f *testing.F) {
	dir := f.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "polycom"), 0o700); err != nil {
		f.Fatal(err)
	}
	var text strings.Builder
	for i, way := range []string{`.Label`, `print .Label`, `printf "%s" .Label`, `printf "%d" .Label`, `printf "%#v" .Label`, `printf "%x" .Label`, `html .Label`, `urlquery .Label`, `join "" (list .Label)`, `ternary .Label 1 true`, `upper (print .Label)`, `.`, `print .`, `list .Label`, `printf "%q" .Label`, `quote .Label`} {
		text.WriteString("{{ with index .Lines 0 }}x" + string(rune('a'+i)) + "=\"{{ " + way + " }}\"\n{{ end }}")
	}
	if err := os.WriteFile(filepath.Join(dir, "polycom", "more-reg.tmpl"), []byte(text.String()), 0o600); err != nil {
		f.Fatal(err)
	}
	sited := templates.MustNew().WithSite(dir)
	if _, err := sited.Rescan(); err != nil {
		f.Fatal(err)
	}
	m, _ := LookupAny("VVX250")
	for _, s := range append(hostile, `x" reg.1.auth.password="y`) {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		in, s := fullInput(m)
		in.lines[0].number = text
		p := &pbx.Phone{Tenant: "default", MAC: in.mac, Vendor: m.Vendor, Model: m.Name}
		b, err := in.render(sited.For(PlaceOf(p)), s, "default", FileName(in.mac)+polycomReg)
		if err != nil {
			return
		}
		_, got, err := readPolycom(b)
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		extra := 0
		for name := range got {
			if len(name) == 2 && name[0] == 'x' {
				extra++
			}
		}
		if extra != 16 || got["xa"] != got["reg.1.label"] || got["xb"] != got["xa"] || got["xc"] != got["xa"] || got["xd"] != got["reg.1.label"] && !strings.HasPrefix(got["xd"], "%!d(string=") {
			t.Fatalf("%q: %d of the site's attributes, %q %q", text, extra, got["xa"], got["reg.1.label"])
		}
	})
}
