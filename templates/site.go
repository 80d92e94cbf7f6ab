package templates

import (
	"cmp"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"text/template/parse"
	"time"
)

// Bounds of a site's folder. What is beyond them is reported and not used.
const (
	siteFiles     = 2000
	siteFileBytes = 64 << 10
	siteEntries   = 20_000 // files of any name that are looked at
)

// vendors are the folders of phones' templates.
var vendors = []string{"yealink", "polycom"}

// site is a folder of templates that replace shipped ones. It is only read.
type site struct {
	dir   string
	limit time.Duration                     // of one run, siteTime but in tests
	plain map[string]map[string]*parse.Tree // vendor → name → the shipped one, see unshare; for all sets
	scans sync.Mutex                        // one at a time
	state atomic.Pointer[siteState]
}

// siteState is what one scan found. It is never changed, but for its cache.
type siteState struct {
	files map[string]*siteFile            // by path
	dirs  map[string]map[string]*siteFile // folder in lower case → name of the template → file
	sets  sync.Map                        // vendor and folders → *siteSet
}

// siteFile is one template of a site.
type siteFile struct {
	path     string // inside the folder, with slashes
	name     string // of the template it replaces, without the vendor
	size     int64
	modified time.Time
	sum      [sha256.Size]byte // of the text as it is now
	err      *SiteError        // what is wrong with that
	tree     *parse.Tree       // of the last good text; nil when there is none in memory
	good     [sha256.Size]byte // hash of that
}

// SiteTemplate is a template of the site's folder, for people.
type SiteTemplate struct {
	Path     string
	SHA256   [sha256.Size]byte
	Size     int64
	Modified time.Time
	Err      *SiteError // nil while it can be read
	LastGood bool       // the last good text is used in its place
}

// WithSite returns an engine that looks into a folder for templates that replace
// shipped ones, see For. Rescan reads it; until then it is empty.
func (e *Engine) WithSite(dir string) *Engine {
	out := *e
	out.site = &site{dir: dir, limit: siteTime, plain: map[string]map[string]*parse.Tree{}}
	for full, t := range e.byName {
		if vendor, name, _ := strings.Cut(full, "/"); slices.Contains(vendors, vendor) {
			if out.site.plain[vendor] == nil {
				out.site.plain[vendor] = map[string]*parse.Tree{}
			}
			tree := t.Tree.Copy()
			unshare(tree.Root)
			out.site.plain[vendor][name] = tree
		}
	}
	out.site.state.Store(&siteState{})
	return &out
}

// Shipped returns the engine without the site's folder.
func (e *Engine) Shipped() *Engine {
	return &Engine{byName: e.byName, texts: e.texts, stencils: e.stencils}
}

// Texts returns the shipped templates for phones, by name.
func (e *Engine) Texts() map[string]string {
	out := maps.Clone(e.texts)
	maps.DeleteFunc(out, func(name, _ string) bool { return strings.HasPrefix(name, "asterisk/") })
	return out
}

// Rescan reads what is new in the site's folder, by size and time, and reports
// whether anything is. An error leaves everything as it was.
func (e *Engine) Rescan() (changed bool, err error) {
	if e == nil || e.site == nil {
		return false, nil
	}
	s := e.site
	s.scans.Lock()
	defer s.scans.Unlock()
	old := s.state.Load()
	files, err := s.read(e, old.files)
	if err != nil {
		return false, fmt.Errorf("reading the folder of templates: %w", err)
	}
	if maps.Equal(files, old.files) {
		return false, nil
	}
	next := &siteState{files: files, dirs: map[string]map[string]*siteFile{}}
	for _, path := range slices.Sorted(maps.Keys(files)) {
		f := files[path]
		if f.name == "" {
			continue // replaces nothing
		}
		dir := strings.ToLower(filepath.ToSlash(filepath.Dir(path)))
		if next.dirs[dir] == nil {
			next.dirs[dir] = map[string]*siteFile{}
		}
		if next.dirs[dir][f.name] == nil { // t46u/ beside T46U/: the first counts
			next.dirs[dir][f.name] = f
		}
	}
	s.state.Store(next)
	return true, nil
}

// SiteTemplates lists the files of the site's folder, by path.
func (e *Engine) SiteTemplates() []SiteTemplate {
	if e.site == nil {
		return nil
	}
	var out []SiteTemplate
	for _, f := range e.site.state.Load().files {
		out = append(out, SiteTemplate{f.path, f.sum, f.size, f.modified, f.err, f.err != nil && f.tree != nil})
	}
	slices.SortFunc(out, func(a, b SiteTemplate) int { return cmp.Compare(a.Path, b.Path) })
	return out
}

// read returns the files as they are; unchanged ones are the same values as
// before.
func (s *site) read(e *Engine, before map[string]*siteFile) (map[string]*siteFile, error) {
	out := map[string]*siteFile{}
	seen := 0
	err := filepath.WalkDir(s.dir, func(full string, d fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil // none yet, or gone meanwhile
		case err != nil:
			return err
		}
		if seen++; seen > siteEntries {
			return fmt.Errorf("there are more than %d files", siteEntries)
		}
		rel, err := filepath.Rel(s.dir, full)
		if err != nil || strings.HasPrefix(d.Name(), ".") && rel != "." {
			if d.IsDir() {
				return fs.SkipDir
			}
			return err
		}
		if d.IsDir() || !strings.HasSuffix(rel, ".tmpl") {
			return nil
		}
		f, err := readSiteFile(e, full, filepath.ToSlash(rel), d, before[filepath.ToSlash(rel)])
		if err == nil && f != nil {
			if len(out) == siteFiles {
				return fmt.Errorf("there are more than %d templates", siteFiles)
			}
			out[f.path] = f
		}
		return err
	})
	return out, err
}

// readSiteFile returns a file, old when it did not change. One that cannot be used
// keeps what old had.
func readSiteFile(e *Engine, full, path string, d fs.DirEntry, old *siteFile) (*siteFile, error) {
	info, err := d.Info()
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if old != nil && old.size == info.Size() && old.modified.Equal(info.ModTime()) {
		return old, nil
	}
	f := &siteFile{path: path, size: info.Size(), modified: info.ModTime()}
	if old != nil {
		f.tree, f.good = old.tree, old.good
	}
	var text []byte
	switch {
	case !info.Mode().IsRegular():
		f.err = &SiteError{Path: path, Reason: "is not a file of its own"}
	case info.Size() > siteFileBytes:
		f.err = &SiteError{Path: path, Reason: fmt.Sprintf("has more than %d bytes", siteFileBytes)}
	default:
		if text, err = os.ReadFile(full); err != nil {
			f.err = &SiteError{Path: path, Reason: "cannot be read"}
		}
	}
	f.sum = sha256.Sum256(text)
	name, why := e.replaces(path)
	f.name = name
	if f.err == nil && why != "" {
		f.err = &SiteError{Path: path, Reason: why}
	}
	if f.err == nil {
		if tree, bad := parseSite(path, name, string(text)); bad != nil {
			f.err = bad
		} else {
			f.tree, f.good = tree, f.sum
		}
	}
	return f, nil
}

// replaces returns the name of the shipped template that a path replaces, or why
// it replaces none.
func (e *Engine) replaces(path string) (name, why string) {
	parts := strings.Split(path, "/")
	name = strings.TrimSuffix(parts[len(parts)-1], ".tmpl")
	dirs := parts[:len(parts)-1]
	var of []string // vendors
	switch {
	case len(dirs) == 2 && dirs[0] == "phones":
		of = vendors
	case len(dirs) >= 3 && len(dirs) <= 4 && dirs[0] == "tenants":
		of = dirs[2:3]
	case len(dirs) == 1 || len(dirs) == 2:
		of = dirs[:1]
	}
	if len(of) == 0 || len(of) == 1 && !slices.Contains(vendors, of[0]) {
		return "",
			"is in no folder that is looked at: yealink/, yealink/MODEL/, polycom/, polycom/MODEL/, the same below tenants/TENANT/, or phones/MAC/"
	}
	for _, vendor := range of {
		if _, ok := e.texts[vendor+"/"+name]; ok {
			return name, ""
		}
	}
	return "", "there is no shipped template of that name to replace"
}
