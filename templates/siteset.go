package templates

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/template"
	"text/template/parse"
	"time"
)

// Bounds of one run of a site's template: what it writes, how often it writes
// (each round of a loop counts), and how long it takes.
const (
	siteOutput = 1 << 20
	siteSteps  = 1_000_000
	siteTime   = 2 * time.Second
)

// shippedWord is what a site's template calls the one it replaces.
const shippedWord = "shipped"

// sharedWord is a function of shipped templates, see unshare.
const sharedWord = "shared"

// Place says for which phone a file is rendered.
type Place struct {
	Tenant, Vendor, Model string
	Phone                 string // its MAC, 12 digits in lower case
	// Check says what is wrong with the bytes that a site's template made, and in
	// which line of them.
	Check func(template string, made []byte) (line int, why string)
	// Settle returns those bytes with what they say twice said once; nil leaves them.
	Settle func(template string, made []byte) []byte
}

// siteSet is the templates of a vendor as some phones see them.
type siteSet struct {
	root    *template.Template
	vendor  string
	limit   time.Duration        // of one run
	files   map[string]*siteFile // in force, by the name they replace
	touched map[string][]string  // template → names of those replaced that it uses
	broken  map[string]*SiteError
	print   [sha256.Size]byte
	check   func(string, []byte) (int, string)
	settle  func(string, []byte) []byte
}

// For returns the engine as one phone sees it. Of the site's files that replace
// the same template the first of these counts: the phone's own, its tenant's for
// the model, its tenant's for the vendor, the model's, the vendor's.
func (e *Engine) For(p Place) *Engine {
	if e.site == nil {
		return e
	}
	set := e.site.state.Load().setFor(e, p)
	if set == nil {
		return e
	}
	mine := *set
	mine.check, mine.settle = p.Check, p.Settle
	return &Engine{byName: e.byName, texts: e.texts, stencils: e.stencils, own: &mine}
}

// SitePrint identifies the site's templates that a phone's files are made with; it
// is zero when there are none.
func (e *Engine) SitePrint(p Place) [sha256.Size]byte {
	if e.site == nil {
		return [sha256.Size]byte{}
	}
	if set := e.site.state.Load().setFor(e, p); set != nil {
		return set.print
	}
	return [sha256.Size]byte{}
}

// SiteUsed lists the site's templates that a phone's files are made with, by path.
func (e *Engine) SiteUsed(p Place) []string {
	if e.site == nil {
		return nil
	}
	set := e.site.state.Load().setFor(e, p)
	if set == nil {
		return nil
	}
	var out []string
	for _, f := range set.files {
		out = append(out, f.path)
	}
	slices.Sort(out)
	return out
}

// setFor finds the folders that a phone looks into, and what they make together.
func (s *siteState) setFor(e *Engine, p Place) *siteSet {
	if len(s.dirs) == 0 {
		return nil
	}
	model := strings.ToLower(p.Model)
	dirs := slices.DeleteFunc([]string{"phones/" + p.Phone, "tenants/" + p.Tenant + "/" + p.Vendor + "/" + model,
		"tenants/" + p.Tenant + "/" + p.Vendor, p.Vendor + "/" + model, p.Vendor},
		func(dir string) bool { return s.dirs[dir] == nil })
	if len(dirs) == 0 {
		return nil
	}
	key := p.Vendor + ":" + strings.Join(dirs, ":")
	if set, ok := s.sets.Load(key); ok {
		return set.(*siteSet)
	}
	set, _ := s.sets.LoadOrStore(key, s.compile(e, p.Vendor, dirs))
	return set.(*siteSet)
}

// compile makes a set; nil when no file of the folders is for the vendor.
func (s *siteState) compile(e *Engine, vendor string, dirs []string) *siteSet {
	set := &siteSet{vendor: vendor, limit: e.site.limit, files: map[string]*siteFile{}, touched: map[string][]string{},
		broken: map[string]*SiteError{}}
	for _, dir := range dirs {
		for name, f := range s.dirs[dir] {
			if _, ok := e.texts[vendor+"/"+name]; ok && set.files[name] == nil {
				set.files[name] = f
			}
		}
	}
	if len(set.files) == 0 {
		return nil
	}
	names := slices.Sorted(maps.Keys(set.files))
	h := sha256.New()
	for _, name := range names {
		f := set.files[name]
		fmt.Fprintf(h, "%s %x %t\n", f.path, f.good, f.tree != nil)
		if f.tree == nil {
			fmt.Fprintf(h, "%x\n", f.sum)
		}
	}
	h.Sum(set.print[:0])
	set.build(e, names)
	return set
}

// build adds the site's trees to a copy of the shipped set and looks at what calls
// what.
func (set *siteSet) build(e *Engine, names []string) {
	trees := maps.Clone(e.site.plain[set.vendor])
	for _, name := range names {
		trees[shippedWord+" "+name] = trees[name]
		if f := set.files[name]; f.tree != nil {
			trees[name] = f.tree
		} else {
			set.broken[name] = f.err
		}
	}
	set.root = template.New(set.vendor).Funcs(oneSiteFuncs()).Option("missingkey=error")
	for name, tree := range trees {
		if _, err := set.root.AddParseTree(name, tree); err != nil { // no tree is refused that was parsed
			set.broken[name] = &SiteError{Path: name, Reason: err.Error()}
		}
	}
	calls := map[string]map[string]bool{}
	for name, tree := range trees {
		calls[name] = map[string]bool{}
		eachCall(tree.Root, func(n *parse.TemplateNode) {
			calls[name][n.Name] = true
			if f := set.files[name]; trees[n.Name] == nil && f != nil && set.broken[name] == nil {
				set.broken[name] = &SiteError{Path: f.path, Line: n.Line,
					Reason: fmt.Sprintf("calls %q, which is no template of %s", n.Name, set.vendor)}
			}
		})
	}
	for name := range trees {
		set.follow(calls, name)
	}
}

// follow collects what a template uses, and marks one of the site's that would
// never end.
func (set *siteSet) follow(calls map[string]map[string]bool, from string) {
	used := map[string]bool{}
	for next := slices.Collect(maps.Keys(calls[from])); len(next) > 0; next = next[1:] {
		if !used[next[0]] {
			used[next[0]] = true
			next = append(next, slices.Collect(maps.Keys(calls[next[0]]))...)
		}
	}
	if f := set.files[from]; f != nil {
		if used[from] && set.broken[from] == nil {
			set.broken[from] = &SiteError{Path: f.path, Reason: "calls itself"}
		}
		set.touched[from] = append(set.touched[from], from) // it is in charge
	}
	for _, name := range slices.Sorted(maps.Keys(used)) {
		if set.files[name] != nil && name != from {
			set.touched[from] = append(set.touched[from], name)
		}
	}
}

// touches reports whether a template of the phone's has anything of the site's in
// it.
func (set *siteSet) touches(name string) bool {
	return set != nil && len(set.touched[strings.TrimPrefix(name, set.vendor+"/")]) > 0
}

// render is Engine.Render with the site's templates and their bounds.
func (set *siteSet) render(full string, view any) ([]byte, error) {
	name := strings.TrimPrefix(full, set.vendor+"/")
	for _, used := range set.touched[name] {
		if bad := set.broken[used]; bad != nil {
			return nil, bad
		}
	}
	charge := set.files[set.touched[name][0]].path
	w := &siteWriter{limit: set.limit, end: time.Now().Add(set.limit)}
	if err := set.root.Lookup(name).Execute(w, view); err != nil {
		return nil, blame(err, charge, func(path string) bool {
			return slices.ContainsFunc(slices.Collect(maps.Values(set.files)), func(f *siteFile) bool { return f.path == path })
		})
	}
	made := w.made.Bytes()
	if set.settle != nil {
		made = set.settle(full, made)
	}
	if set.check != nil {
		if line, why := set.check(full, made); why != "" {
			return nil, &SiteError{Path: charge, Reason: fmt.Sprintf("line %d of what it makes %s", line, why)}
		}
	}
	return made, nil
}

// siteWriter takes what a template writes, within bounds.
type siteWriter struct {
	made  bytes.Buffer
	steps int
	limit time.Duration
	end   time.Time
}

func (w *siteWriter) Write(p []byte) (int, error) {
	w.steps++
	switch {
	case w.made.Len()+len(p) > siteOutput:
		return 0, fmt.Errorf("makes more than %d bytes", siteOutput)
	case w.steps > siteSteps:
		return 0, fmt.Errorf("takes more than %d steps", siteSteps)
	case w.steps%16 == 0 && time.Now().After(w.end):
		return 0, fmt.Errorf("takes more than %v", w.limit)
	}
	return w.made.Write(p)
}

// parseSite parses a site's template: "shipped" becomes the one it replaces, and
// each call of it and each round of a loop becomes a step that is counted.
func parseSite(path, name, text string) (*parse.Tree, *SiteError) {
	t, err := template.New(path).Funcs(oneSiteFuncs()).Parse(text)
	if err != nil {
		return nil, blame(err, path, func(p string) bool { return p == path })
	}
	if len(t.Templates()) > 1 || t.Tree == nil {
		return nil, &SiteError{Path: path, Reason: "has a define or block; parts are files of their own"}
	}
	unshare(t.Root)
	eachCall(t.Root, func(n *parse.TemplateNode) {
		if n.Name == shippedWord {
			n.Name += " " + name
		}
	})
	walk(t.Root, func(n parse.Node) {
		if r, ok := n.(*parse.RangeNode); ok {
			countSteps(r.List)
		}
	})
	countSteps(t.Root)
	return t.Tree, nil
}

// unshare makes {{ template "x" . }} of each {{ shared "x" . }}, by which shipped
// templates keep a text that many phones have in common: it prints the same, and
// here the part may be the site's.
func unshare(l *parse.ListNode) {
	swap := func(l *parse.ListNode) {
		for i, n := range l.Nodes {
			a, ok := n.(*parse.ActionNode)
			if !ok || len(a.Pipe.Cmds) != 1 || len(a.Pipe.Decl) > 0 || len(a.Pipe.Cmds[0].Args) != 3 {
				continue
			}
			args := a.Pipe.Cmds[0].Args
			word, isWord := args[0].(*parse.IdentifierNode)
			name, isName := args[1].(*parse.StringNode)
			if !isWord || !isName || word.Ident != sharedWord {
				continue
			}
			cmd := &parse.CommandNode{NodeType: parse.NodeCommand, Pos: a.Pos, Args: args[2:]}
			pipe := &parse.PipeNode{NodeType: parse.NodePipe, Pos: a.Pos, Line: a.Line, Cmds: []*parse.CommandNode{cmd}}
			l.Nodes[i] = &parse.TemplateNode{NodeType: parse.NodeTemplate, Pos: a.Pos, Line: a.Line, Name: name.Text, Pipe: pipe}
		}
	}
	swap(l)
	walk(l, func(n parse.Node) {
		if l, ok := n.(*parse.ListNode); ok {
			swap(l)
		}
	})
}

// walk visits the nodes below n.
func walk(n parse.Node, visit func(parse.Node)) {
	branch := func(b *parse.BranchNode) {
		for _, l := range []*parse.ListNode{b.List, b.ElseList} {
			if l != nil {
				visit(l)
				walk(l, visit)
			}
		}
	}
	switch n := n.(type) {
	case *parse.ListNode:
		if n != nil {
			for _, c := range n.Nodes {
				visit(c)
				walk(c, visit)
			}
		}
	case *parse.IfNode:
		branch(&n.BranchNode)
	case *parse.WithNode:
		branch(&n.BranchNode)
	case *parse.RangeNode:
		branch(&n.BranchNode)
	}
}

func eachCall(root parse.Node, do func(*parse.TemplateNode)) {
	walk(root, func(n parse.Node) {
		if c, ok := n.(*parse.TemplateNode); ok {
			do(c)
		}
	})
}

// countSteps lets a list begin with a write of nothing, which siteWriter counts.
func countSteps(l *parse.ListNode) {
	l.Nodes = append([]parse.Node{&parse.TextNode{NodeType: parse.NodeText, Pos: l.Pos}}, l.Nodes...)
}
