package asteriskconf_test

import (
	"encoding/xml"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/dialtone-pbx/dialtone/cmd/sandbox/box"
)

// documentation is the part of Asterisk's own core-en_US.xml that lists which
// options a section of a configuration file may have.
type documentation struct {
	Modules []struct {
		Name  string `xml:"name,attr"`
		Files []struct {
			Name    string `xml:"name,attr"`
			Objects []struct {
				Name    string `xml:"name,attr"`
				Options []struct {
					Name string `xml:"name,attr"`
				} `xml:"configOption"`
			} `xml:"configObject"`
		} `xml:"configFile"`
	} `xml:"configInfo"`
}

// pjsipOptions returns, by type of section, the options of pjsip.conf.
func pjsipOptions(t *testing.T, root string) map[string]map[string]bool {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "usr/share/asterisk/documentation/core-en_US.xml"))
	if err != nil {
		t.Fatal(err)
	}
	var d documentation
	dec := xml.NewDecoder(strings.NewReader(string(text)))
	dec.Strict = false
	if err := dec.Decode(&d); err != nil {
		t.Fatal(err)
	}
	out := map[string]map[string]bool{}
	for _, m := range d.Modules {
		for _, f := range m.Files {
			if f.Name != "pjsip.conf" {
				continue
			}
			for _, o := range f.Objects {
				if out[o.Name] == nil {
					out[o.Name] = map[string]bool{"type": true}
				}
				for _, opt := range o.Options {
					out[o.Name][opt.Name] = true
				}
			}
		}
	}
	return out
}

// What Asterisk documents is what it reads: a misspelt option would otherwise
// only be a line in its log. Both versions know every option that we render.
func TestRealAsteriskDocumentsEveryOption(t *testing.T) {
	for _, suite := range box.Suites() {
		t.Run(suite.Name, func(t *testing.T) {
			root, err := box.Prepare(t.Context(), suite, t.Output())
			if err != nil {
				t.Fatal(err)
			}
			known := pjsipOptions(t, root)
			if !known["endpoint"]["rewrite_contact"] || known["endpoint"]["rewrite_contacts"] {
				t.Fatal("the documentation is not read right")
			}
			goldens(t, func(t *testing.T, _ string, a *txtar.Archive, _ office) {
				for _, f := range a.Files {
					if f.Name == "dialtone/pjsip.conf" {
						checkOptions(t, known, string(f.Data))
					}
				}
			})
		})
	}
}

// checkOptions follows the templates: a section has the type of what it inherits.
func checkOptions(t *testing.T, known map[string]map[string]bool, text string) {
	t.Helper()
	types, kind, name := map[string]string{}, "", ""
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if heading, ok := strings.CutPrefix(line, "["); ok {
			var rest string
			name, rest, _ = strings.Cut(heading, "]")
			kind = ""
			for base := range strings.SplitSeq(strings.Trim(rest, "()"), ",") {
				if types[base] != "" {
					kind = types[base]
				}
			}
			types[name] = kind
			continue
		}
		option, value, ok := strings.Cut(line, " = ")
		if !ok || strings.HasPrefix(line, ";") {
			continue
		}
		if option == "type" {
			kind = value
			types[name] = kind
		}
		if !known[kind][option] {
			t.Errorf("Asterisk does not document option %s of type %q (section %s)", option, kind, name)
		}
	}
}
