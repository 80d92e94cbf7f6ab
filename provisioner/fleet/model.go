package fleet

import (
	"strings"

	"github.com/dialtone-pbx/dialtone/phoneconf"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// PhoneModel is a row of the tables of models.
type Model = phoneconf.Model

// PhoneModels returns the models of a vendor, or of all with "", whose name or
// other name contains a text in any spelling.
func Models(vendor pbx.Vendor, contains string) []Model {
	var out []Model
	for _, m := range phoneconf.Models() {
		if (vendor == "" || m.Vendor == vendor) && m.Named(contains) {
			out = append(out, m)
		}
	}
	return out
}

// TemplateName returns the key of a button template: a model's name as the
// tables spell it, or pbx.DefaultButtons.
func ButtonTemplateName(field, s string) (string, *pbx.Error) {
	if strings.EqualFold(s, pbx.DefaultButtons) {
		return pbx.DefaultButtons, nil
	}
	m, ok := phoneconf.LookupAny(s)
	if !ok {
		return "", phoneconf.UnknownModel(field, "", s)
	}
	return m.Name, nil
}
