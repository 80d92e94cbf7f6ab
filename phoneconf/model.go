package phoneconf

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// Model is what files depend on in a model of phone. Every model is one row of
// the table below; nothing else in the program knows a model's name.
type Model struct {
	Vendor   pbx.Vendor
	Name     string // as the vendor spells it without the make: T46U, VVX450
	Accounts int    // SIP registrations
	// LineKeys counts the keys that a line can be put on, over all pages and
	// without expansion modules.
	LineKeys int
	// FileCode is the number in the name of Yealink's common file
	// (y000000000108.cfg has 108); 0 for makes without one.
	FileCode int
	// Firmware is the newest branch whose parameter names were checked.
	Firmware string
}

// models is sorted by vendor and name.
var models = []Model{
	{Vendor: pbx.Polycom, Name: "VVX450", Accounts: 12, LineKeys: 12, Firmware: "6.4"},
	{Vendor: pbx.Yealink, Name: "T46U", Accounts: 16, LineKeys: 27, FileCode: 108, Firmware: "108.87"},
}

// Models returns the known models, sorted by vendor and name.
func Models() []Model { return slices.Clone(models) }

// Lookup returns the model of a vendor. Names are compared without regard to case.
func Lookup(vendor pbx.Vendor, name string) (Model, bool) {
	for _, m := range models {
		if m.Vendor == vendor && strings.EqualFold(m.Name, name) {
			return m, true
		}
	}
	return Model{}, false
}

// CheckPhone returns the rules that p breaks because of its model: an unknown
// model, or a line beyond the model's registrations. All others are
// pbx.Phone.Validate's; an unknown vendor is reported there alone.
func CheckPhone(p *pbx.Phone) error {
	if p.Vendor != pbx.Yealink && p.Vendor != pbx.Polycom {
		return nil
	}
	m, ok := Lookup(p.Vendor, p.Model)
	if !ok {
		return pbx.Errors{pbx.Invalidf("model", "%.30q is not a model of %s that is known here: use one of %s", p.Model, p.Vendor, strings.Join(namesOf(p.Vendor), ", "))}
	}
	var es pbx.Errors
	for i, l := range p.Lines {
		if l.Registration > m.Accounts {
			es.Add(pbx.Invalidf(fmt.Sprintf("lines[%d].registration", i), "is %d, a %s has registrations 1 to %d", l.Registration, m.Name, m.Accounts))
		}
	}
	return es.Err()
}

// namesOf returns the names of a vendor's models, sorted.
func namesOf(vendor pbx.Vendor) []string {
	var out []string
	for _, m := range models {
		if m.Vendor == vendor {
			out = append(out, m.Name)
		}
	}
	slices.SortFunc(out, cmp.Compare[string])
	return out
}
