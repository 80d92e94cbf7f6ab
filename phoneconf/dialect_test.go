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
		for _, m := range Models() {
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

// renderNamed renders a phone whose extension, tenant and device carry name.
func renderNamed(t *testing.T, m Model, name string) map[string]string {
	in := input{mac: "001565000001", vendor: m.Vendor, model: m.Name, urlSecret: "abc", title: name, zone: "UTC", password: "Phone4Password", site: testSite,
		lines: []lineInput{{1, "dx", "secret", "101", name, true}, {2, "dy", "secret", "", name, true}}}
	if m.Vendor == pbx.Yealink {
		b, err := in.render(engine, "001565000001.cfg")
		if err != nil {
			t.Fatalf("%q: %v", name, err)
		}
		got, err := readYealink(b)
		if err != nil {
			t.Fatalf("%q: %v", name, err)
		}
		return got
	}
	b, err := in.render(engine, "001565000001"+polycomParameters)
	if err != nil {
		t.Fatalf("%q: %v", name, err)
	}
	_, got, err := readPolycom(b)
	if err != nil {
		t.Fatalf("%q: %v", name, err)
	}
	return got
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
