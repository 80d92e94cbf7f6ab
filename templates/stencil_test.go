package templates

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"text/template"
	"text/template/parse"
)

// word is an opaque value, which escapes itself.
type word struct{ text string }

func (w word) String() string       { return strings.ReplaceAll(w.text, "&", "&amp;") }
func (w word) Any() bool            { return w.text != "" }
func (w word) Hole(mark string) any { return word{mark} }

// sheet has all that a view may have.
type sheet struct {
	Title word
	N     int
	On    bool
	Plain string
	Words []word
	Pairs [2]struct{ A, B word }
	More  *[]word
}

const sheetText = `{{ .Title }}{{ .N }}{{ .Plain }}{{ if .On }}on{{ end }}{{ range .Words }}{{ if .Any }}{{ . }}{{ else }}none{{ end }}{{ end }}` +
	`{{ range .Pairs }}{{ .B }}{{ .A }}{{ .B }}{{ end }}{{ if .More }}{{ range .More }}{{ shared "part" . }}{{ end }}{{ end }}.`

// parsed is an engine with two templates, by stencils or without.
func parsed(t *testing.T, main, part string, stencilled bool) *Engine {
	t.Helper()
	dir := "asterisk"
	if stencilled {
		dir = "yealink"
	}
	e := &Engine{byName: map[string]*template.Template{}, texts: map[string]string{}, stencils: map[string]*stencils{}}
	if err := e.parse(fstest.MapFS{dir + "/main.tmpl": {Data: []byte(main)}, dir + "/part.tmpl": {Data: []byte(part)}}, dir); err != nil {
		t.Fatal(err)
	}
	return e
}

func TestStencilIsWhatTheTemplatePrints(t *testing.T) {
	plain, cut := parsed(t, sheetText, `[{{ . }}]`, false), parsed(t, sheetText, `[{{ . }}]`, true)
	pair := struct{ A, B word }{word{"a"}, word{"b"}}
	views := []sheet{
		{}, {Title: word{"t"}}, {Title: word{"R&D"}}, {N: -7, On: true, Plain: "p"}, {N: 7}, {Plain: "pp"}, {Words: []word{{"x"}, {""}, {"y"}}}, {Words: []word{{""}, {"x"}, {"y"}}},
		{Words: []word{}}, {Pairs: [2]struct{ A, B word }{pair, {word{""}, word{"b"}}}}, {More: &[]word{}}, {More: &[]word{{"m"}, {""}}}, {More: &[]word{{"n"}, {""}}},
	}
	for range 2 {
		for _, v := range views {
			want, err := plain.Render("asterisk/main", v)
			got, cutErr := cut.Render("yealink/main", v)
			if err != nil || cutErr != nil || string(got) != string(want) {
				t.Errorf("%+v: %q (%v), not %q (%v)", v, got, cutErr, want, err)
			}
		}
	}
	if n := len(cut.stencils["yealink"].made); n != len(views)-3+2 { // three pairs are of one shape; the part makes two
		t.Errorf("%d stencils", n)
	}
}

// What is kept is bounded, and what is forgotten is made anew.
func TestStencilsAreBounded(t *testing.T) {
	e := parsed(t, `{{ .N }}{{ .Plain }}{{ .Title }}`, ``, true)
	big := strings.Repeat("x", stencilBytes/10)
	for i := range 30 {
		b, err := e.Render("yealink/main", sheet{N: i, Plain: big, Title: word{"t"}})
		if err != nil || string(b) != fmt.Sprintf("%d%st", i, big) {
			t.Fatalf("%d: %.20q, %v", i, b, err)
		}
		if s := e.stencils["yealink"]; s.used > stencilBytes || len(s.made) > 5 {
			t.Fatalf("%d stencils of %d bytes are kept", len(s.made), s.used)
		}
	}
}

// A view that has no shape is rendered all the same, and so is one with more values
// than are worth it.
func TestViewsWithoutShape(t *testing.T) {
	e := parsed(t, `{{ range . }}{{ . }},{{ end }}`, `{{ . }}`, true)
	for _, v := range []any{map[string]int{"a": 1, "b": 2}, []any{1, 2}, []float64{1, 2}} {
		if b, err := e.Render("yealink/main", v); err != nil || string(b) != "1,2," {
			t.Errorf("%v: %q, %v", v, b, err)
		}
	}
	many := slices.Repeat([]word{{"w"}}, stencilHoles+1)
	if b, err := e.Render("yealink/main", many); err != nil || len(b) != 2*len(many) || len(e.stencils["yealink"].made) != 0 {
		t.Errorf("%d bytes, %v", len(b), err)
	}
}

// A template that does more with a value than to print it fails where it would give one
// phone what belongs to another.
func TestStencilRefusesChangedValues(t *testing.T) {
	for _, text := range []string{`{{ printf "%.2s" .Title }}`, `{{ slice (print .Title) 0 2 }}`, "\x00"} {
		if b, err := parsed(t, text, ``, true).Render("yealink/main", sheet{Title: word{"title"}}); err == nil || !strings.Contains(err.Error(), "changes a value") {
			t.Errorf("%s: %q, %v", text, b, err)
		}
	}
}

// What stencils rest on: templates of phones' files, and the parts of Asterisk's that
// are shared, do nothing with a value but print it or ask whether it is there, for they
// call no function that could.
func TestStencilledTemplatesOnlyPrintValues(t *testing.T) {
	parts := map[string]*template.Template{}
	for name, tmpl := range MustNew().byName {
		if !strings.HasPrefix(name, "asterisk/") {
			parts[name] = tmpl
			continue
		}
		for _, part := range regexp.MustCompile(sharedWord+` "([^"]+)"`).FindAllStringSubmatch(tmpl.Root.String(), -1) {
			addParts(parts, tmpl, part[1])
		}
	}
	if parts["pjsip-device"] == nil || parts["nameless"] == nil {
		t.Error("no part of Asterisk's files was looked at")
	}
	for name, tmpl := range parts {
		eachFunction(tmpl.Root, func(function string) {
			if !slices.Contains([]string{sharedWord, "add1", "not"}, function) {
				t.Errorf("%s calls %s", name, function)
			}
		})
	}
	calls := 0
	eachFunction(template.Must(template.New("").Funcs(Funcs()).Parse(`{{ if eq .A 1 }}{{ with lower .B }}{{ . | printf "%s" }}{{ end }}{{ end }}`)).Root, func(string) { calls++ })
	if calls != 3 {
		t.Errorf("%d functions were seen", calls)
	}
}

// addParts adds the template of that name beside t, and those that it prints.
func addParts(parts map[string]*template.Template, t *template.Template, name string) {
	if parts[name] != nil {
		return
	}
	parts[name] = t.Lookup(name)
	walk(parts[name].Root, func(n parse.Node) {
		if n, is := n.(*parse.TemplateNode); is {
			addParts(parts, t, n.Name)
		}
	})
}

// eachFunction tells of every call of a function.
func eachFunction(root *parse.ListNode, see func(string)) {
	var pipe func(*parse.PipeNode)
	pipe = func(p *parse.PipeNode) {
		if p == nil {
			return
		}
		for _, c := range p.Cmds {
			for _, a := range c.Args {
				switch a := a.(type) {
				case *parse.IdentifierNode:
					see(a.Ident)
				case *parse.PipeNode:
					pipe(a)
				}
			}
		}
	}
	walk(root, func(n parse.Node) {
		switch n := n.(type) {
		case *parse.ActionNode:
			pipe(n.Pipe)
		case *parse.IfNode:
			pipe(n.Pipe)
		case *parse.WithNode:
			pipe(n.Pipe)
		case *parse.RangeNode:
			pipe(n.Pipe)
		case *parse.TemplateNode:
			pipe(n.Pipe)
		}
	})
}
