// Package templates owns the text of every rendered file and the engine that
// renders it: asterisk/ for Asterisk's configuration, yealink/ and polycom/ for
// phones. It knows no domain type: views come from provisioner/asteriskconf and
// phoneconf, whose dialect types escape themselves. It imports no package of ours.
//
// A site may replace a shipped template of phones' files by one of its own of the
// same name, in a folder that is only read. Of several that replace the same one
// the first of these counts:
//
//	phones/001565aabbcc/more.tmpl            the phone's own
//	tenants/acme/yealink/T46U/more.tmpl      its tenant's for the model
//	tenants/acme/yealink/more.tmpl           its tenant's for the make
//	yealink/T46U/more.tmpl                   the model's
//	yealink/more.tmpl                        the make's
//
// It sees what the shipped one sees, {{ template "shipped" . }} prints that, and
// more.tmpl (Polycom: more-reg.tmpl, more-site.tmpl) is shipped empty for those who
// only add to the end of a file. It may call what a shipped one may (see allowed),
// within bounds of output, steps and time; what it makes must have the form of
// its kind of file. A text that cannot be read leaves the last good one in force.
package templates

import (
	"bytes"
	"embed"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"text/template"

	"github.com/Masterminds/sprig/v3"
)

//go:embed asterisk/*.tmpl yealink/*.tmpl polycom/*.tmpl
var shipped embed.FS

// Engine holds the parsed templates. It is safe for concurrent use.
type Engine struct {
	byName   map[string]*template.Template
	texts    map[string]string    // the shipped ones, by name
	stencils map[string]*stencils // of phones' files, by folder
	site     *site                // a folder that replaces some; nil for none
	own      *siteSet             // of the one phone that this engine is for; nil for none
}

// New parses the shipped templates. Every template of one folder sees the
// others of that folder by file name, so that a model's file can reuse its
// vendor's base.
func New() (*Engine, error) {
	e := &Engine{byName: map[string]*template.Template{}, texts: map[string]string{}, stencils: map[string]*stencils{}}
	for _, dir := range []string{"asterisk", "yealink", "polycom"} {
		if err := e.parse(shipped, dir); err != nil {
			return nil, err
		}
	}
	return e, nil
}

// MustNew is New for tests and for main, where a shipped template that does not
// parse is a programming error.
func MustNew() *Engine {
	e, err := New()
	if err != nil {
		panic(err)
	}
	return e
}

func (e *Engine) parse(files fs.FS, dir string) error {
	root := template.New(dir).Funcs(Funcs()).Option("missingkey=error")
	cut := &stencils{root: root}
	if slices.Contains(vendors, dir) {
		e.stencils[dir] = cut
	}
	root.Funcs(template.FuncMap{sharedWord: cut.shared})
	names, err := fs.Glob(files, dir+"/*.tmpl")
	if err != nil {
		return fmt.Errorf("listing templates of %s: %w", dir, err)
	}
	for _, name := range names {
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return fmt.Errorf("reading template %s: %w", name, err)
		}
		short := strings.TrimSuffix(path.Base(name), ".tmpl")
		t, err := root.New(short).Parse(string(text))
		if err != nil {
			return fmt.Errorf("parsing template %s: %w", name, err)
		}
		e.byName[dir+"/"+short], e.texts[dir+"/"+short] = t, string(text)
	}
	return nil
}

// Render executes the template name ("asterisk/pjsip.conf") into memory: an
// error leaves nothing half-written.
func (e *Engine) Render(name string, view any) ([]byte, error) {
	t, ok := e.byName[name]
	if !ok {
		return nil, fmt.Errorf("rendering %s: no such template", name)
	}
	if e.own.touches(name) {
		return e.own.render(name, view)
	}
	made, err := e.execute(name, t, view)
	if err != nil {
		return nil, fmt.Errorf("rendering %s: %w", name, err)
	}
	return made, nil
}

func (e *Engine) execute(name string, t *template.Template, view any) ([]byte, error) {
	if dir, short, _ := strings.Cut(name, "/"); e.stencils[dir] != nil {
		return e.stencils[dir].render(short, view)
	}
	var b bytes.Buffer
	err := t.Execute(&b, view)
	return b.Bytes(), err
}

// allowed are the sprig functions a template may call: pure, deterministic and
// without access to the machine. sprig also has env, random, clock and
// map-order functions; a file that never renders the same twice would reload
// Asterisk for ever. A test pins this list.
var allowed = []string{
	"add", "add1", "sub", "mul", "div", "mod", "max", "min",
	"lower", "upper", "trim", "trimPrefix", "trimSuffix", "hasPrefix", "hasSuffix", "contains", "replace", "repeat",
	"join", "list", "until", "untilStep", "seq", "ternary", "quote",
}

// Funcs returns the functions that templates may call, beside text/template's own.
func Funcs() template.FuncMap {
	all := sprig.HermeticTxtFuncMap()
	out := template.FuncMap{}
	for _, name := range allowed {
		out[name] = all[name]
	}
	return out
}
