package phoneconf

import (
	"fmt"
	"slices"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// unfollowed collects sentences about what is configured for a phone and has no effect there.
type unfollowed struct{ said []string }

func (u *unfollowed) add(setting, why string, args ...any) {
	u.said = append(u.said, fmt.Sprintf("%s: %s", setting, fmt.Sprintf(why, args...)))
}

// Unfollowed has a sentence for each setting that the phone's model cannot follow, and for
// each key that does nothing.
func Unfollowed(s *pbx.Snapshot, p *pbx.Phone, site Site) []string {
	m, known := Lookup(p.Vendor, p.Model)
	if !known {
		return nil
	}
	in := gather(s, p, site)
	var u unfollowed
	u.settings(&in, m, s.SettingsOfPhone(p).ToneCountry)
	if site.Transport == "tls" && !m.SpeaksTLS() {
		u.add("transport", "the software of a %s knows no TLS 1.2: it talks SIP over UDP, in clear", m.Name)
	}
	u.keys(&in, s, p, m)
	return u.said
}

// settings names those of the phone that its files cannot say. tones are the country that the
// tenant asked for: where its numbers are, nobody asked for.
func (u *unfollowed) settings(in *input, m Model, tones string) {
	c := &in.settings
	if l := c.Language; l != "" && m.language(l) == "" {
		u.add("language", "no name of %s is known for a %s, which keeps its own", l, m.Name)
	}
	if tones != "" && m.Vendor == pbx.Polycom {
		u.add("tone_country", "a Polycom has no parameter for a country and keeps its tones")
	}
	if c.VLANPriority != 0 && m.Vendor == pbx.Polycom {
		u.add("vlan_priority", "a Polycom has no parameter for it")
	}
	if slices.Contains(c.Codecs, "opus") && !m.knowsOpus() {
		u.add("codecs", "a %s has no opus and talks in the next one", m.Name)
	}
	if c.Logo != "" && !m.showsLogo() {
		u.add("logo", "a %s shows none", m.Name)
	}
	if c.OutboundProxy != "" && m.Era == YealinkMulticell {
		u.add("outbound_proxy", "the template of servers of a %s has no parameter for it", m.Name)
	}
	if len(c.Paging) > 0 && !m.hasYealinkDesk() {
		u.add("paging", "a %s hears no pages by multicast", m.Name)
	}
	for _, kind := range c.Uploads {
		if !m.sends() && !slices.Contains(pbx.DefaultPhoneSettings("").Uploads, kind) {
			u.add("uploads", "a %s does not send its %s", m.Name, kind)
		}
	}
}

// hasYealinkDesk: a Yealink with a screen and keys of its own, not a base.
func (m Model) hasYealinkDesk() bool { return m.Era == YealinkV70 || m.Era == YealinkV80 }

// showsLogo reports whether the files of a model can name a picture.
func (m Model) showsLogo() bool {
	return m.hasYealinkDesk() || m.Vendor == pbx.Polycom && m.Era != PolycomSIP3 && !m.mono()
}

// sends reports whether a model sends what pbx.PhoneUploads names, if it is told to. A Polycom
// sends all of it always.
func (m Model) sends() bool { return m.Vendor == pbx.Polycom || m.Era == YealinkV80 }

// keys names those that somebody put on the phone, or on all of its model or tenant, and
// that do nothing. A key that the model has not is no fault of the tenant's template.
func (u *unfollowed) keys(in *input, s *pbx.Snapshot, p *pbx.Phone, m Model) {
	for _, b := range in.impossible(s, p, m) {
		u.add(b.Field(""), "a %s has no key of kind %s", m.Name, b.Kind)
	}
	for _, b := range in.layered(s, p, m) {
		if why := in.idle(s, p.Tenant, b); why != "" {
			u.add(b.Field(""), "%s", why)
		}
	}
}

// impossible lists buttons of the tenant's template on keys that the model has, of a kind
// that it has not.
func (in *input) impossible(s *pbx.Snapshot, p *pbx.Phone, m Model) (out []pbx.Button) {
	for _, b := range s.ButtonsOf(p.Tenant, pbx.DefaultButtons) {
		as := b
		as.Kind = pbx.LineButton
		if m.fits(as) && !m.can(b.Kind) {
			out = append(out, b)
		}
	}
	return out
}

// idle says why a key does nothing, "" if it does something.
func (in *input) idle(s *pbx.Snapshot, tenant string, b pbx.Button) string {
	l := in.line(b.Line)
	switch {
	case b.Kind == pbx.NoButton || l == nil:
		return ""
	case b.Kind == pbx.PagingButton && !slices.Contains(s.SettingsOf(tenant).Paging, b.Value):
		return "nobody listens at " + b.Value + ": it is not in paging of phone-settings"
	case b.Kind == pbx.LDAPButton && in.book.host == "":
		return "the phone is told no LDAP server: see --ldap-listen"
	case (b.Kind == pbx.ParkButton || b.Kind == pbx.ParkedButton) && !s.CodesOf(tenant).IsSlot(b.Value):
		return b.Value + " is no park slot of the tenant"
	case b.Kind == pbx.BLFButton:
		if e := s.Extension(tenant, b.Value); e != nil && !e.Presence {
			return "extension " + b.Value + " has presence off, so its lamp stays dark"
		}
		return ""
	case b.Kind == pbx.RecordButton && s.CodesOf(tenant).Codes[pbx.FeatureRecord] != "":
		if e := s.Extension(tenant, l.number); e == nil || !e.RecordOnDemand || e.Record {
			return fmt.Sprintf("line %d records nothing on demand: set record_on_demand of its extension", b.Line)
		}
		return ""
	case in.complete(s, tenant, b).Kind != pbx.NoButton:
		return ""
	case b.Kind.Lamp() && l.number == "":
		return fmt.Sprintf("the device on line %d belongs to no extension", b.Line)
	}
	return fmt.Sprintf("the tenant has no code %s that a key can dial", codesOf[b.Kind])
}

// codesOf are the feature codes without which a kind of button does nothing.
var codesOf = map[pbx.ButtonKind]pbx.Feature{
	pbx.VoicemailButton: pbx.FeatureVoicemail, pbx.IntercomButton: pbx.FeatureIntercom, pbx.RecordButton: pbx.FeatureRecord,
	pbx.DNDButton: pbx.FeatureDoNotDisturb, pbx.ForwardButton: pbx.FeatureForwardAll, pbx.PickupButton: "pickup or directed_pickup",
}
