package templates

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// siteLab is a folder of templates and the engine that reads it.
type siteLab struct {
	*Engine
	t     *testing.T
	dir   string
	tick  time.Time
	phone Place
}

func newSiteLab(t *testing.T) *siteLab {
	l := &siteLab{t: t, dir: t.TempDir(), tick: time.Unix(1e9, 0), phone: Place{Tenant: "acme", Vendor: "yealink", Model: "T46U", Phone: "001565aabbcc"}}
	l.Engine = MustNew().WithSite(filepath.Join(l.dir, "templates"))
	return l
}

// put writes a file, with a time of its own, and reads the folder.
func (l *siteLab) put(path, text string) {
	l.t.Helper()
	full := filepath.Join(l.dir, "templates", path)
	l.tick = l.tick.Add(time.Second)
	for _, err := range []error{os.MkdirAll(filepath.Dir(full), 0o700), os.WriteFile(full, []byte(text), 0o600), os.Chtimes(full, l.tick, l.tick)} {
		if err != nil {
			l.t.Fatal(err)
		}
	}
	l.scan(true)
}

func (l *siteLab) remove(path string) {
	l.t.Helper()
	if err := os.RemoveAll(filepath.Join(l.dir, "templates", path)); err != nil {
		l.t.Fatal(err)
	}
	l.scan(true)
}

func (l *siteLab) scan(want bool) {
	l.t.Helper()
	if changed, err := l.Rescan(); err != nil || changed != want {
		l.t.Fatalf("reading the folder: changed %v, %v", changed, err)
	}
}

// boot renders yealink/boot for a place.
func (l *siteLab) boot(p Place) string {
	l.t.Helper()
	b, err := l.For(p).Render("yealink/boot", struct{ File string }{"x.cfg"})
	if err != nil {
		l.t.Fatal(err)
	}
	return string(b)
}

// Each more specific level wins over those before it, and what goes gives way to
// them again.
func TestSiteLookup(t *testing.T) {
	l := newSiteLab(t)
	l.scan(false) // no folder yet
	shipped := l.boot(l.phone)
	levels := []string{"yealink", "yealink/t46u", "tenants/acme/yealink", "tenants/acme/yealink/T46U", "phones/001565aabbcc"}
	others := []Place{
		{Tenant: "acme", Vendor: "polycom", Model: "VVX450", Phone: "0004f2aabbcc"}, {Tenant: "acme", Vendor: "yealink", Model: "T48U", Phone: "001565000001"},
		{Tenant: "other", Vendor: "yealink", Model: "T46U", Phone: "001565000002"}, {Tenant: "other", Vendor: "yealink", Model: "T48U", Phone: "001565000003"},
	}
	touched := [][]int{{1, 2, 3}, {2}, {1}, {}, {}} // others whose files each level changes
	for i, level := range levels {
		var before []string
		for _, o := range others[1:] {
			before = append(before, l.boot(o))
		}
		print := l.SitePrint(l.phone)
		l.put(level+"/boot.tmpl", level)
		if got := l.boot(l.phone); got != level || l.SitePrint(l.phone) == print {
			t.Errorf("%s: %q, same print %v", level, got, l.SitePrint(l.phone) == print)
		}
		for n, o := range others[1:] {
			if got := l.boot(o); (got != before[n]) != slices.Contains(touched[i], n+1) {
				t.Errorf("%s: %+v gets %q, before %q", level, o, got, before[n])
			}
		}
		l.scan(false)
	}
	if l.SitePrint(others[0]) != [32]byte{} {
		t.Error("a Polycom depends on templates of Yealinks")
	}
	for i := len(levels) - 1; i > 0; i-- {
		if l.remove(levels[i]); l.boot(l.phone) != levels[i-1] {
			t.Errorf("without %s: %q", levels[i], l.boot(l.phone))
		}
	}
	if l.remove("yealink"); l.boot(l.phone) != shipped || l.SitePrint(l.phone) != [32]byte{} {
		t.Error("an empty folder leaves something behind")
	}
}

func TestSiteExtendsTheShipped(t *testing.T) {
	l := newSiteLab(t)
	shipped := l.boot(l.phone)
	l.put("yealink/boot.tmpl", "{{ template \"shipped\" . }}one\n")
	l.put("phones/001565aabbcc/boot.tmpl", "{{ template \"shipped\" . }}two\n")
	l.put("yealink/syslog-mode.tmpl", "<{{ . }}>")
	l.put("yealink/server.tmpl", "{{ range until 3 }}{{ if . }}{{ shared \"syslog-mode\" . }}{{ else }}{{ shared \"syslog-mode\" \"none\" }}{{ end }}{{ end }}")
	if b, err := l.For(l.phone).Render("yealink/server", nil); err != nil || string(b) != "<none><1><2>" {
		t.Errorf("%q, %v", b, err)
	}
	l.put("yealink/syslog.tmpl", "# {{ range until 3 }}{{ . }}{{ end }}\n")
	if got := l.boot(l.phone); got != shipped+"two\n" {
		t.Errorf("%q", got)
	}
	if got := l.boot(Place{Vendor: "yealink", Model: "T1"}); got != shipped+"one\n" {
		t.Errorf("%q", got)
	}
	b, err := l.For(l.phone).Render("yealink/syslog", nil)
	if err != nil || string(b) != "# 012\n" {
		t.Errorf("%q, %v", b, err)
	}
	if used := l.SiteUsed(l.phone); len(used) != 4 || used[0] != "phones/001565aabbcc/boot.tmpl" {
		t.Errorf("%q", used)
	}
}

// A text that cannot be read keeps the last good one and says where it is wrong;
// without one, whoever needs it is told.
func TestSiteBrokenText(t *testing.T) {
	for _, c := range []struct{ text, reason string }{
		{"fine\n{{ if }}", "line 2: missing value for if"},
		{"\n\n{{ env \"HOME\" }}", "line 3: function \"env\" not defined"},
		{"{{ now }}", "line 1: function \"now\" not defined"},
		{"{{ define \"x\" }}{{ end }}", "has a define"},
		{strings.Repeat("x", siteFileBytes+1), "more than 65536 bytes"},
	} {
		l := newSiteLab(t)
		const path = "yealink/boot.tmpl"
		l.put(path, c.text)
		_, err := l.For(l.phone).Render("yealink/boot", nil)
		bad, ok := err.(*SiteError)
		if !ok || bad.Path != path || !strings.Contains(bad.Error(), c.reason) {
			t.Fatalf("%.20q: %v", c.text, err)
		}
		l.put(path, "good")
		print := l.SitePrint(l.phone)
		l.put(path, c.text)
		list := l.SiteTemplates()
		if l.boot(l.phone) != "good" || l.SitePrint(l.phone) != print || len(list) != 1 || !list[0].LastGood || *list[0].Err != *bad {
			t.Errorf("%.20q: %q, %+v", c.text, l.boot(l.phone), list)
		}
		if l.put(path, "better"); l.boot(l.phone) != "better" || l.SiteTemplates()[0].Err != nil {
			t.Errorf("%.20q: mended: %q", c.text, l.boot(l.phone))
		}
	}
}

// What fails while it runs names the file and the line, and costs little.
func TestSiteFailingRuns(t *testing.T) {
	loop := "{{ range until 1000 }}"
	view := struct {
		A     string
		Inner struct{ B fmt.Stringer }
	}{A: "x"}
	for _, c := range []struct{ text, reason string }{
		{"\n{{ .Nothing }}", "line 2: executing"},
		{"{{ template \"nothing\" . }}", "line 1: calls \"nothing\""},
		{"{{ template \"boot\" . }}", "calls itself"},
		{"{{ template \"server\" . }}", "calls itself"}, // by way of server.tmpl
		{"{{ template \"device\" . }}", "in the shipped part device, line 2"},
		{loop + loop + loop + loop + "{{ end }}{{ end }}{{ end }}{{ end }}", "takes more than 1000000 steps"},
		{"{{ range 1000000000 }}{{ end }}", "takes more than 1000000 steps"},
		{loop + loop + "0123456789{{ end }}{{ end }}", "makes more than 1048576 bytes"},
		{"{{ until 1000000000 }}", "a list of more than 1000"}, {"{{ untilStep 0 1000000000 3 }}", "a list of more than 1000"}, {"{{ seq 1000000000 }}", "a list of more than 1000"},
		{"{{ repeat 1000000000 \"ab\" }}", "a text of more than"}, {"{{ printf \"%1000000d\" 1 }}", "more than three digits"}, {"{{ printf \"%*d\" 100000 1 }}", "more than three digits"},
		{"{{ $x := \"aa\" }}{{ range until 60 }}{{ $x = replace \"a\" \"aa\" $x }}{{ end }}", "a text of more than"},
		{"{{ $x := \"aa\" }}{{ range until 60 }}{{ $x = print $x $x }}{{ end }}", "a text of more than"},
		{"{{ $x := \"aa\" }}{{ range until 60 }}{{ $x = join $x (list $x $x $x) }}{{ end }}", "a text of more than"},
		{"{{ $x := repeat 60000 \"<\" }}{{ html $x $x }}", "a text of more than"},
		{"{{ printf \"%d\" .Inner }}", "single values"}, {"{{ div 1 0 }}", "divide by zero"}, {"{{ index .A 7 }}", "out of range"},
	} {
		l := newSiteLab(t)
		l.site.limit = time.Hour // these are counted, however slow the machine is
		l.put("yealink/server.tmpl", "{{ template \"boot\" . }}")
		l.put("yealink/boot.tmpl", c.text)
		b, err := l.For(l.phone).Render("yealink/boot", view)
		bad, ok := err.(*SiteError)
		if !ok || bad.Path != "yealink/boot.tmpl" || !strings.Contains(bad.Error(), c.reason) || b != nil {
			t.Errorf("%q: %v", c.text, err)
		}
	}
}

// What is within the bounds of steps and output still ends when its time is over.
func TestSiteTimeIsBounded(t *testing.T) {
	l := newSiteLab(t)
	if l.site.limit != siteTime {
		t.Errorf("a run may take %v", l.site.limit)
	}
	l.site.limit = time.Nanosecond
	l.put("yealink/boot.tmpl", "{{ range until 900 }}x{{ end }}")
	_, err := l.For(l.phone).Render("yealink/boot", nil)
	if bad, ok := err.(*SiteError); !ok || !strings.Contains(bad.Error(), "takes more than 1ns") {
		t.Errorf("over its time: %v", err)
	}
}

// Of the folder's files those that can replace nothing say so, and nothing else is
// read.
func TestSitePaths(t *testing.T) {
	l := newSiteLab(t)
	for path, reason := range map[string]string{
		"yealink/phon.cfg.tmpl": "no shipped template", "asterisk/pjsip.conf.tmpl": "no folder that is looked at", "boot.tmpl": "no folder", "phones/boot.tmpl": "no folder", "tenants/x/boot.tmpl": "no folder",
		"yealink/T46U/more/boot.tmpl": "no folder", "phones/001565aabbcc/nothing.tmpl": "no shipped template", "tenants/acme/yealink/T46U/boot.tmpl": "", "phones/001565aabbcc/reg.cfg.tmpl": "",
	} {
		l.put(path, "x")
		list := l.SiteTemplates()
		if len(list) != 1 || list[0].Path != path || (list[0].Err == nil) != (reason == "") || reason != "" && !strings.Contains(list[0].Err.Reason, reason) {
			t.Errorf("%s: %+v", path, list)
		}
		l.remove(path)
	}
	if err := os.MkdirAll(filepath.Join(l.dir, "templates", ".git", "yealink"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{".git/yealink/boot.tmpl", "README", "boot.tmpl~"} {
		if err := os.WriteFile(filepath.Join(l.dir, "templates", path), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	l.scan(false)
	if err := os.Symlink("/etc/hostname", filepath.Join(l.dir, "templates", "yealink", "boot.tmpl")); err != nil {
		t.Fatal(err)
	}
	if l.scan(true); l.SiteTemplates()[0].Err == nil {
		t.Error("a link to a file elsewhere is followed")
	}
}

// A site's template may call what a shipped one may, and no more.
func TestSiteFuncsAreTheAllowedOnes(t *testing.T) {
	builtins := []string{sharedWord, "print", "println", "printf", "html", "js", "urlquery"}
	for name := range siteFuncs() {
		if !slices.Contains(allowed, name) && !slices.Contains(builtins, name) {
			t.Errorf("a site's template may call %s", name)
		}
	}
	if len(siteFuncs()) != len(allowed)+len(builtins) {
		t.Errorf("%d functions", len(siteFuncs()))
	}
	for _, c := range []struct{ call, want string }{
		{`{{ seq 3 }}`, "1 2 3"}, {`{{ seq 3 1 }}`, "3 2 1"}, {`{{ seq 1 2 5 }}`, "1 3 5"}, {`{{ until 3 }}`, "[0 1 2]"}, {`{{ untilStep 5 0 -2 }}`, "[5 3 1]"}, {`{{ repeat 3 "ab" }}`, "ababab"},
		{`{{ replace "a" "b" "aXa" }}`, "bXb"}, {`{{ join "-" (list 1 "b" 3) }}`, "1-b-3"}, {`{{ add 1 2 3 }}{{ upper "x" }}{{ ternary 1 2 true }}`, "6X1"}, {`{{ printf "%03d %s" 7 "x" }}`, "007 x"}, {`{{ quote "a" }}`, `"a"`},
	} {
		l := newSiteLab(t)
		l.put("yealink/boot.tmpl", c.call)
		if got := l.boot(l.phone); got != c.want {
			t.Errorf("%s is %q", c.call, got)
		}
		plain := MustNew().byName["yealink/boot"].New("x")
		if _, err := plain.Parse(c.call); err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		if err := plain.Execute(&b, nil); err != nil || b.String() != c.want {
			t.Errorf("%s of a shipped template is %q, %v", c.call, &b, err)
		}
	}
}
