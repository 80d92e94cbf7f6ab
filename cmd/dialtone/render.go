package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/dialtone-pbx/dialtone/phoneconf"
	"github.com/dialtone-pbx/dialtone/provisioner/asteriskconf"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
	"github.com/dialtone-pbx/dialtone/templates"
)

// renderCmd prints files without an Asterisk and without writing anything else.
type renderCmd struct {
	dbFlag
	siteFlags
	templateFlags
	etcFlags
	Shipped bool   `help:"Print the shipped templates of phones' files, which those of the site's folder can replace."`
	Phone   string `help:"Print the files of the phone with this MAC instead of Asterisk's." placeholder:"MAC"`
	Out     string `help:"Write the files into this folder instead of printing them." type:"path"`
}

// Run renders from the database as it is now.
func (r *renderCmd) Run(ctx context.Context) error {
	if r.Shipped {
		return r.shipped()
	}
	store, err := r.openExisting(ctx)
	if err != nil {
		return err
	}
	defer store.Close()
	snapshot, err := store.Snapshot(ctx)
	if err != nil {
		return err
	}
	engine, err := r.engine(r.DB)
	if err != nil {
		return err
	}
	if _, err := engine.Rescan(); err != nil {
		return err
	}
	if r.Phone != "" {
		return r.phone(engine, snapshot)
	}
	files, err := asteriskconf.Render(engine, snapshot, r.asterisk(nil))
	if err != nil {
		return err
	}
	for _, f := range files.List {
		if err := r.put(f.Name, f.Content); err != nil {
			return err
		}
	}
	return nil
}

// shipped prints the templates under the names by which a site replaces them.
func (r *renderCmd) shipped() error {
	engine, err := templates.New()
	if err != nil {
		return err
	}
	texts := engine.Texts()
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		if err := r.put(name+".tmpl", []byte(texts[name])); err != nil {
			return err
		}
	}
	return nil
}

func (r *renderCmd) phone(engine *templates.Engine, s *pbx.Snapshot) error {
	mac, perr := pbx.ParseMAC("phone", r.Phone)
	if perr != nil {
		return perr
	}
	p := s.Phone(mac)
	if p == nil {
		return pbx.NotFoundf("phone %s does not exist", mac.Colons())
	}
	site, err := r.site("8081", time.Now().UTC().Year())
	if err != nil {
		return err
	}
	if guessed := r.guessed(site); len(guessed) > 0 {
		fmt.Fprintf(os.Stderr, "guessed, for want of the flags that serve has: %s\n", strings.Join(guessed, ", "))
	}
	for _, name := range phoneconf.Files(s, p) {
		content, _, err := phoneconf.Render(engine, s, p, site, name)
		if err != nil {
			return err
		}
		if err := r.put(string(name), content); err != nil {
			return err
		}
	}
	return nil
}

// put prints a file under a heading, or writes it; both carry secrets, so files
// are for their owner only.
func (r *renderCmd) put(name string, content []byte) error {
	if r.Out == "" {
		_, err := fmt.Printf("==> %s <==\n%s\n", name, content)
		return err
	}
	path := filepath.Join(r.Out, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	return os.WriteFile(path, content, 0o600)
}
