package phonehttp

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dialtone-pbx/dialtone/templates"
)

// sited is a site whose engine reads a folder of templates of its own.
type sited struct {
	*site
	t    *testing.T
	dir  string
	tick time.Time
}

func newSited(t *testing.T, phones int) *sited {
	s := &sited{site: newSite(t, phones, nil), t: t, dir: t.TempDir(), tick: noon}
	s.o.Engine = templates.MustNew().WithSite(s.dir)
	return s
}

// put writes a template and has the folder read.
func (s *sited) put(path, text string) {
	s.t.Helper()
	full := filepath.Join(s.dir, path)
	s.tick = s.tick.Add(time.Second)
	for _, err := range []error{os.MkdirAll(filepath.Dir(full), 0o700), os.WriteFile(full, []byte(text), 0o600), os.Chtimes(full, s.tick, s.tick)} {
		if err != nil {
			s.t.Fatal(err)
		}
	}
	if changed, err := s.o.Engine.Rescan(); !changed || err != nil {
		s.t.Fatal(changed, err)
	}
}

// serves fetches a file and checks that it is served.
func (s *sited) serves(path string) string {
	s.t.Helper()
	w := s.get(path)
	if w.Code != 200 {
		s.t.Fatalf("%s: %d", path, w.Code)
	}
	return w.Body.String()
}

// Whatever is wrong with a template, a phone that had a good file keeps it, one
// that had none gets the shipped one with its present data, and both get the
// template as soon as it is mended.
func TestBrokenTemplateKeepsTheLastGoodFile(t *testing.T) {
	const fine = `{{ template "shipped" . }}site.parameter = 1` + "\n"
	for _, c := range []struct{ name, text string }{
		{"cannot be parsed", "{{ if }}"},
		{"fails", `{{ template "shipped" . }}{{ .Nothing }}`},
		{"no parameter", `{{ template "shipped" . }}secret of nobody` + "\n"},
		{"no header", "site.parameter = 1\n"},
		{"empty", ""},
		{"odd character", `{{ template "shipped" . }}a = ` + "\x01\n"},
		{"endless", `{{ range 2000000000 }}{{ end }}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSited(t, 4)
			shipped := s.serves(own(0))
			s.put("yealink/phone.cfg.tmpl", fine)
			good := s.serves(own(0))
			if good != shipped+"site.parameter = 1\n" {
				t.Fatalf("%q", good[len(good)-100:])
			}
			s.put("yealink/phone.cfg.tmpl", c.text)
			for range 3 {
				if got := s.serves(own(0)); got != good {
					t.Fatalf("a phone with a good file gets %.200q", got)
				}
			}
			other := s.serves(own(2))
			if withSite := strings.Contains(other, "site.parameter"); withSite != (c.name == "cannot be parsed") || !strings.Contains(other, "account.1.enable = 1") {
				t.Errorf("a phone without one has the site's line: %v", withSite)
			}
			s.swap(4, func(r *rows) { r.extensions[2].Name = "Somebody New" })
			if got := s.serves(own(2)); !strings.Contains(got, "Somebody New") {
				t.Error("the shipped file does not follow its data")
			}
			if n := strings.Count(s.log.String(), "mac="+string(macOf(0))); n != 1 && c.name != "cannot be parsed" {
				t.Errorf("logged %d times for a phone: %s", n, &s.log)
			}
			if strings.Contains(s.log.String(), "secret of") || strings.Contains(s.log.String(), "urlsecret") {
				t.Errorf("the log shows what a file holds: %s", &s.log)
			}
			s.swap(4, nil)
			s.put("yealink/phone.cfg.tmpl", fine)
			if got := s.serves(own(0)); got != good {
				t.Error("mended, and not as it was")
			}
			if got := s.serves(own(2)); !strings.HasSuffix(got, "site.parameter = 1\n") {
				t.Error("mended, and the other phone does not have it")
			}
		})
	}
}

func TestBrokenPolycomTemplate(t *testing.T) {
	reg := func() string { return own(1) }
	for _, c := range []struct{ name, path, text string }{
		{"a second root", "polycom/reg.cfg.tmpl", `{{ template "shipped" . }}<x/>`},
		{"not closed", "polycom/reg.cfg.tmpl", `<x a="1"`},
		{"text before the declaration", "polycom/reg.cfg.tmpl", " " + `{{ template "shipped" . }}`},
		{"an attribute twice in a line", "polycom/more-reg.tmpl", `x.y="x" x.y="y"` + "\n"},
		{"a cut entity", "polycom/more-reg.tmpl", `x="{{ slice (html "&") 0 3 }}"`},
	} {
		s := newSited(t, 2)
		shipped := s.serves(reg())
		s.put(c.path, c.text)
		if got := s.serves(reg()); got != shipped || !strings.Contains(s.log.String(), c.path) {
			t.Errorf("%s: %.200q; log %s", c.name, got, &s.log)
		}
	}
	s := newSited(t, 2)
	s.put("polycom/more-reg.tmpl", "x.y=\"{{ (index .Lines 0).Label }}\"\n")
	if got := s.serves(reg()); !strings.HasSuffix(got, "x.y=\"1001\"\n/>\n") {
		t.Errorf("%s", got)
	}
	s.put("polycom/more-reg.tmpl", "x.y=\"1\"\nreg.1.label=\"mine\"\n")
	if got := s.serves(reg()); !strings.HasSuffix(got, "x.y=\"1\"\nreg.1.label=\"mine\"\n/>\n") || strings.Count(got, "reg.1.label=") != 1 {
		t.Errorf("a shipped attribute is not replaced: %s", got)
	}
	if got := s.serves("/" + string(macOf(1)) + ".cfg"); strings.Contains(got, "x.y") { // the generic URL
		t.Errorf("%s", got)
	}
}

// Every level is seen through the listener, and nobody's file changes but theirs.
func TestTemplateLevelsThroughTheListener(t *testing.T) {
	s := newSited(t, 4)
	more := func(level string) string { return "level = " + level + "\n" }
	for _, level := range []string{"yealink", "yealink/T46U", "tenants/default/yealink", "tenants/default/yealink/t46u", "phones/" + string(macOf(0))} {
		n := s.Renders()
		polycom, other := s.serves(own(1)), s.serves(own(2))
		s.put(level+"/more.tmpl", more(level))
		tag := s.get(own(0)).Header().Get("ETag")
		if got := s.serves(own(0)); !strings.HasSuffix(got, more(level)) || s.get(own(0)).Header().Get("ETag") != tag {
			t.Errorf("%s: %q", level, got[len(got)-60:])
		}
		if s.serves(own(1)) != polycom || (s.serves(own(2)) == other) != strings.HasPrefix(level, "phones/") {
			t.Errorf("%s changes another phone's file, or too few", level)
		}
		s.serves("/" + string(macOf(2)) + ".cfg")
		if again := s.Renders(); s.serves(own(0)) == "" || s.Renders() != again || again == n {
			t.Errorf("%s: the cache does not hold it", level)
		}
	}
}
