package phoneconf

import (
	"fmt"
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

// Unfollowed has a sentence for each setting that the phone's model cannot follow: it keeps
// its own way there.
func Unfollowed(s *pbx.Snapshot, p *pbx.Phone, site Site) []string {
	m, known := Lookup(p.Vendor, p.Model)
	if !known {
		return nil
	}
	in := input{settings: *s.SettingsOf(p.Tenant)}
	asked := in.settings.ToneCountry // by the tenant, not only where its numbers are
	in.belongTo(firstExtension(s, p), s)
	var out []string
	add := func(setting, why string, args ...any) {
		out = append(out, fmt.Sprintf("%s: %s", setting, fmt.Sprintf(why, args...)))
	}
	if l := in.settings.Language; l != "" && m.language(l) == "" {
		add("language", "no name of %s is known for a %s, which keeps its own", l, m.Name)
	}
	if asked != "" && m.Vendor == pbx.Polycom {
		add("tone_country", "a Polycom has no parameter for a country and keeps its tones")
	}
	if slices.Contains(in.settings.Codecs, "opus") && !m.knowsOpus() {
		add("codecs", "a %s has no opus and talks in the next one", m.Name)
	}
	if in.settings.Logo != "" && m.Vendor == pbx.Polycom && m.mono() {
		add("logo", "a %s shows none", m.Name)
	}
	if site.Transport == "tls" && !m.SpeaksTLS() {
		add("transport", "the software of a %s knows no TLS 1.2: it talks SIP over UDP, in clear", m.Name)
	}
	return out
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
