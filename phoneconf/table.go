package phoneconf

import (
	"bytes"
	"cmp"
	"embed"
	"encoding/csv"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

//go:embed models/*.csv
var tables embed.FS

// modelKey is a name of a model as plainName makes it.
type modelKey struct {
	vendor pbx.Vendor
	name   string
}

// models holds both tables, sorted by vendor and name; byName finds a model by
// any of its names as plainName makes it, and by its own as it stands. A table that cannot be read is a programming
// error.
var models, byName = mustLoad()

func mustLoad() ([]Model, map[modelKey]Model) {
	var all []Model
	for _, v := range []pbx.Vendor{pbx.Polycom, pbx.Yealink} {
		text, err := tables.ReadFile("models/" + string(v) + ".csv")
		if err != nil {
			panic(err)
		}
		ms, err := readModels(v, text)
		if err != nil {
			panic(err)
		}
		all = append(all, ms...)
	}
	index, err := indexModels(all)
	if err != nil {
		panic(err)
	}
	return all, index
}

// indexModels refuses two models of a vendor that share a name.
func indexModels(ms []Model) (map[modelKey]Model, error) {
	index := map[modelKey]Model{}
	for _, m := range ms {
		for _, name := range append([]string{m.Name}, m.Also...) {
			k := modelKey{m.Vendor, plainName(name)}
			if _, twice := index[k]; twice {
				return nil, fmt.Errorf("two models of %s are called %s", m.Vendor, name)
			}
			index[k] = m
		}
		index[modelKey{m.Vendor, m.Name}] = m
	}
	return index, nil
}

// readModels reads a table: the first row names the columns, whatever their
// order, and each other row is a model.
func readModels(vendor pbx.Vendor, text []byte) ([]Model, error) {
	rows, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("reading the models of %s: %w", vendor, err)
	}
	if len(rows) == 0 {
		return nil, fmt.Errorf("reading the models of %s: the table is empty", vendor)
	}
	var out []Model
	for n, cells := range rows[1:] {
		r := row{names: rows[0], cells: cells}
		m := r.model(vendor)
		if err := errors.Join(r.err, m.check()); err != nil {
			return nil, fmt.Errorf("reading line %d of the models of %s: %w", n+2, vendor, err)
		}
		out = append(out, m)
	}
	slices.SortFunc(out, func(a, b Model) int { return cmp.Compare(a.Name, b.Name) })
	return out, nil
}

// row reads cells by the name of their column and keeps the first error.
type row struct {
	names, cells []string
	err          error
}

func (r *row) text(column string) string {
	i := slices.Index(r.names, column)
	if i < 0 {
		r.err = cmp.Or(r.err, fmt.Errorf("there is no column %s", column))
		return ""
	}
	return r.cells[i]
}

func (r *row) number(column string) int {
	n, err := strconv.Atoi(r.text(column))
	if err != nil && r.err == nil {
		r.err = fmt.Errorf("column %s: %w", column, err)
	}
	return n
}

func (r *row) model(vendor pbx.Vendor) Model {
	m := Model{Vendor: vendor, Name: r.text("model"), Also: strings.Fields(r.text("also")), Kind: r.text("kind"),
		Accounts: r.number("accounts"), LineKeys: r.number("line_keys"), Pages: r.number("pages"),
		Module: r.text("module"), ModuleKeys: r.number("module_keys"), Modules: r.number("modules"),
		Screen: r.text("screen"), FileCode: r.text("file_code"), Firmware: r.text("firmware"), Era: Era(r.text("era")),
		Sources: strings.Fields(r.text("sources")), Uncertain: r.text("uncertain")}
	for _, q := range strings.Fields(r.text("quirks")) {
		m.Quirks = append(m.Quirks, Quirk(q))
	}
	return m
}

// check refuses a row that files could not be made from.
func (m Model) check() error {
	eras := map[pbx.Vendor][]Era{pbx.Yealink: {YealinkV70, YealinkV80, YealinkDECT, YealinkMulticell},
		pbx.Polycom: {PolycomSIP3, PolycomUCS4, PolycomUCS}}
	switch {
	case pbx.CheckText("model", m.Name, 1, 20, 0) != nil || !isPlain(m.Name):
		return fmt.Errorf("%q is no name of a model", m.Name)
	case !slices.Contains([]string{"desk", "video", "conference", "handset", "dect"}, m.Kind):
		return fmt.Errorf("%s is of kind %q", m.Name, m.Kind)
	case m.Accounts < 1 || m.Accounts > pbx.MaxLines || m.LineKeys < 0 || m.LineKeys > pbx.MaxKeys:
		return fmt.Errorf("%s has %d accounts and %d keys", m.Name, m.Accounts, m.LineKeys)
	case (m.Module == "") != (m.Modules == 0) || (m.Modules == 0) != (m.ModuleKeys == 0) || m.Modules > pbx.MaxModules ||
		m.ModuleKeys > pbx.MaxKeys:
		return fmt.Errorf("%s has %d modules %q of %d keys", m.Name, m.Modules, m.Module, m.ModuleKeys)
	case !slices.Contains(eras[m.Vendor], m.Era):
		return fmt.Errorf("%s is of era %q", m.Name, m.Era)
	case m.FileCode != "" && (len(m.FileCode) != 3 || strings.Trim(m.FileCode, "0123456789") != ""):
		return fmt.Errorf("%s has file code %q", m.Name, m.FileCode)
	case len(m.Sources) == 0:
		return fmt.Errorf("%s names no source", m.Name)
	}
	return nil
}
