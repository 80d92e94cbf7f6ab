package phoneconf

import (
	"slices"
	"strings"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// languageOf is the language of the menus of an extension's phone: its user's, where phones
// have that, and otherwise the one of the tenant's phones. Users name theirs as Asterisk names
// prompts, pt_BR.
func languageOf(s *pbx.Snapshot, e *pbx.Extension, settings string) string {
	u := s.UserOf(e.Tenant, e.Number)
	if u == nil || u.Language == "" {
		return settings
	}
	whole := strings.ReplaceAll(u.Language, "_", "-")
	plain, _, _ := strings.Cut(whole, "-")
	for _, name := range []string{whole, plain} {
		if slices.Contains(pbx.PhoneLanguages, name) {
			return name
		}
	}
	return settings
}

// language is the model's name of a language of pbx.PhoneLanguages, "" for none.
func (m Model) language(l string) string {
	switch {
	case m.Vendor == pbx.Polycom:
		return languageNames[l].polycom
	case m.Era == YealinkDECT || m.Era == YealinkMulticell:
		return handsetLanguages[l] // what people look at
	}
	return languageNames[l].yealink
}

// knowsOpus: software that has codecs by other names ended before Opus.
func (m Model) knowsOpus() bool { return m.Era != YealinkV70 && m.Era != PolycomSIP3 }
