package fleet

import (
	"strings"

	"github.com/dialtone-pbx/dialtone/phoneconf"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// Model is a row of the tables of models.
type Model = phoneconf.Model

// Models returns the models of a vendor, or of all vendors with "", that match a text. It
// matches a part of the name or of another name, whatever the spelling.
func Models(vendor pbx.Vendor, contains string) []Model {
	var out []Model
	for _, m := range phoneconf.Models() {
		if (vendor == "" || m.Vendor == vendor) && m.Named(contains) {
			out = append(out, m)
		}
	}
	return out
}

// ButtonTemplateName returns the key of a button template: a model's name as the tables
// spell it, or pbx.DefaultButtons. Errors are about field.
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
